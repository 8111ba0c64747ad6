#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

/* Its kernel says that it has no such connection, remembers no end of it, and the other side was in it. */
static bool forgot(const struct evidence *e)
{
	return yes(e, FACT_KERNEL_NO_SOCKET) && yes(e, FACT_KERNEL_VANISHED);
}

static struct opinion weigh(const struct evidence *e);

const struct cause cause_half_open = {
	.id = "half-open",
	.family = FAMILY_FORGOTTEN,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_DATA_LOST,
	.title = N_("the peer lost the connection: reboot, power loss, recreated"),
	.headline = N_("{sender} knows nothing of the connection that {receiver} still holds"),
	.what = N_("One side lost its state without a word: power loss, a crash of the whole machine, a container "
	           "or network namespace recreated under the same address. Nothing was sent then, so the other "
	           "side noticed nothing. Its next segment, data or a keepalive probe, meets a kernel that has no "
	           "such connection and answers with a RST."),
	.who = N_("the kernel of the host that lost the connection; if the service listens again, its listening "
	          "socket"),
	.sender_sees = N_("nothing: the program that had the connection is gone"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("the connection is lost, and nobody can say what the other program had processed before"),
	.advice = N_("did that host or container restart? `uptime -s`, `last -x reboot`, `journalctl "
	             "--list-boots`, restart counts in `kubectl get pods`\n"
	             "if it did not, suspect what lies between: see `tcpwhy causes idle-expired`, nat-expired "
	             "and failover\n"
	             "learn of it sooner: SO_KEEPALIVE with TCP_KEEPIDLE, and TCP_USER_TIMEOUT for "
	             "unacknowledged data\n"
	             "reconnect, and repeat what may be repeated"),
	.decide = N_("a restart of the sender between its last segment and the RST: its uptime, or timestamps and "
	             "IP IDs that begin anew"),
	.references = N_("RFC 9293 section 3.5.1; tcp_v4_rcv(), reason NO_SOCKET, or tcp_rcv_state_process() in "
	                 "LISTEN, reason TCP_FLAGS"),
	.reproduce = N_("Drop all output of the server with nft, destroy the connection there with `ss -K`, remove "
	                "the rule, and write at the client."),
	.scenarios = scenarios_half_open,
	.weigh = weigh,
};

/*
 * A kernel without a socket made the RST, and its host had known the connection. Away from that host, a FIN or RST of
 * it may have been lost on the way to the capture, and then this one is only its echo; the more so where the answered
 * segment was sent again. After a long silence a box may have forgotten instead.
 */
static bool knew_and_forgot(const struct evidence *e)
{
	return made_by_kernel(e) && yes(e, FACT_SENDER_KNEW) && yes(e, FACT_SYN_SEEN) && yes(e, FACT_BESIDE_SENDER) &&
	       !number(e, FACT_RECEIVER_RETRANSMITS) && !yes(e, FACT_MAC_DIFFERS) && !idle_for(e, IDLE_BOX_NS);
}

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;
	bool first = came_from_nowhere(e);

	if ((!met_stranger(e) && !first) || box_expired(e))
		return opinion_excluded();
	if (first)
		o = number(e, FACT_PROBED_PORTS) >= SCAN_ENDS ? opinion_excluded()
		                                             : opinion_possible(yes(e, FACT_ANSWERS_DATA) ? 55 : 30);
	else if ((only_shook_hands(e) || yes(e, FACT_RECEIVER_DATA_NEVER_ACKED)) && no(e, FACT_SENDER_DATA) &&
	         younger_than(e, REFUSED_AGE_NS))
		o = opinion_possible(35);
	else if (yes(e, FACT_HOPS_DIFFER) || yes(e, FACT_SENDER_WENT_ON))
		o = opinion_possible(20);
	else if (knew_and_forgot(e) || forgot(e))
		o = opinion_established();
	else
		o = opinion_possible(idle_for(e, IDLE_BOX_NS) ? 50 : 60);
	BECAUSE(&o, e, FACT_KERNEL_VANISHED, FACT_IDLE_BEFORE, FACT_RECEIVER_RETRANSMITS, FACT_ANSWERS_DATA,
	        FACT_ANSWERS_KEEPALIVE, FACT_ANSWERS_ACK, FACT_ANSWERS_FIN, FACT_SHAPE_PASSIVE);
	BECAUSE(&o, e, FACT_SENDER_SEEN);
	return o;
}
