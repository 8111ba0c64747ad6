#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_failover = {
	.id = "failover",
	.family = FAMILY_FORGOTTEN,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_half_open,
	.harm = HARM_DATA_LOST,
	.title = N_("another machine took over the address, without the state"),
	.headline = N_("another machine has taken over the address of {sender} and knows nothing of this connection"),
	.what = N_("A virtual address moved to a standby, or a load balancer chose another server for a connection "
	           "that was already running. The new machine has no such connection and answers the next segment "
	           "with a RST. The old one may still hold it."),
	.who = N_("the kernel of the machine that has the address now"),
	.sender_sees = N_("nothing on the new machine; on the old one, if it lives, the socket stays ESTABLISHED "
	                  "until its own time limits"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("the connection is lost, and nobody can say what the old machine had processed before"),
	.advice = N_("was there a failover at that time? The logs of keepalived, Pacemaker or the load balancer; "
	             "`ip neigh` for the MAC\n"
	             "a planned one: drain the connections first, then move the address\n"
	             "frequent ones: two machines may both claim the address; from a third host `arping -I eth0 "
	             "ADDRESS` shows it\n"
	             "behind a load balancer use consistent hashing, or synchronise its connection table "
	             "(conntrackd, IPVS sync)\n"
	             "let clients reconnect by themselves, and repeat what may be repeated"),
	.decide = N_("another source MAC address or another number of hops than the sender's earlier segments had"),
	.references = N_("RFC 9293 section 3.5.1; tcp_v4_rcv(), reason NO_SOCKET, or tcp_rcv_state_process() in "
	                 "LISTEN, reason TCP_FLAGS"),
	.reproduce = N_("Move the server's address to another host while a client is connected, then let the "
	                "client write."),
	.scenarios = scenarios_failover,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_VANISHED) || yes(e, FACT_UNTRANSLATED))
		return opinion_excluded();
	/* Where it went elsewhere, a machine that is nearer is rather a box in the path. */
	if (yes(e, FACT_NOT_SENT) &&
	    (!yes(e, FACT_TRIGGER_STOPPED) || (yes(e, FACT_HOPS_DIFFER) && yes(e, FACT_HOPS_NEARER))))
		return opinion_excluded();
	/* To the kernel that took over, the connection never was. */
	if (yes(e, FACT_KERNEL_SENT) && came_from_nowhere(e)) {
		o = opinion_possible(14);
		BECAUSE(&o, e, FACT_ANSWERS_FIRST_SEGMENT, FACT_ANSWERS_DATA, FACT_SHAPE_PASSIVE);
		return o;
	}
	/* The old machine may go on where a capture beside it shows that another one answered. */
	if (!met_stranger(e) || box_expired(e) ||
	    (!answered_on_the_way(e) && (yes(e, FACT_SENDER_WENT_ON) || yes(e, FACT_SENDER_UNAWARE))))
		return opinion_excluded();
	if (yes(e, FACT_MAC_DIFFERS))
		o = opinion_possible(80);
	else
		o = opinion_possible(yes(e, FACT_HOPS_DIFFER) ? 40 : 16);
	BECAUSE(&o, e, FACT_MAC_DIFFERS, FACT_HOPS_DIFFER, FACT_ANSWERS_DATA, FACT_ANSWERS_KEEPALIVE, FACT_SHAPE_PASSIVE);
	return o;
}
