#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_peer_timed_out = {
	.id = "peer-timed-out",
	.family = FAMILY_FORGOTTEN,
	.told_by = TOLD_BY_TWO,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_half_open,
	.harm = HARM_DATA_LOST,
	.title = N_("the peer had given up earlier, silently"),
	.headline = N_("{sender} had given up on the connection earlier, and {receiver} did not know"),
	.what = N_("One side sent data that was never acknowledged, repeated it until its time limit ran out and "
	           "dropped the connection. Linux says nothing on the wire when it gives up. The other side, which "
	           "had heard nothing of all this, keeps the connection; its next segment meets no socket and "
	           "draws a RST."),
	.who = N_("the kernel of the side that had given up"),
	.sender_sees = N_("ETIMEDOUT, once, when it gave up, by tcp_retries2 or TCP_USER_TIMEOUT; nothing now"),
	.receiver_sees = NULL,
	.bsd = N_("a BSD or macOS peer sends a RST when it gives up; the later one shows that the first was lost, "
	          "like the data before it"),
	.windows = NULL,
	.harm_text = N_("what that side could not deliver is lost, and so is what the other has written since"),
	.advice = N_("segments got lost in one direction for a long time: find where; capture on both sides\n"
	             "confirm it at the sender: `nstat -az TcpExtTCPAbortOnTimeout`, and ETIMEDOUT in the "
	             "program's log\n"
	             "how long it holds out: `sysctl net.ipv4.tcp_retries2` (15: about 15 minutes), or "
	             "TCP_USER_TIMEOUT of the program\n"
	             "let the other side probe too: SO_KEEPALIVE with a short TCP_KEEPIDLE"),
	.decide = N_("a capture or log at the sender: its data repeated without an answer, then ETIMEDOUT"),
	.references = N_("RFC 9293 sections 3.5.1 and 3.8.3; tcp_write_timeout() and tcp_write_err(); "
	                 "tcp_v4_rcv(), reason NO_SOCKET"),
	.reproduce = N_("Drop the segments towards the client, let the server write with TCP_USER_TIMEOUT at two "
	                "seconds, remove the rule and let the client write."),
	.scenarios = scenarios_peer_timed_out,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (!met_stranger(e) || yes(e, FACT_HOPS_DIFFER) || box_expired(e))
		return opinion_excluded();
	if (yes(e, FACT_KERNEL_GAVE_UP)) {
		o = opinion_established();
		opinion_because(&o, FACT_KERNEL_GAVE_UP);
		return o;
	}
	if (no(e, FACT_KERNEL_GAVE_UP))
		return opinion_excluded();
	if (number(e, FACT_SENDER_UNHEARD) >= DEAD_RETRANSMITS)
		o = opinion_possible(88);
	else
		o = opinion_possible(number(e, FACT_SENDER_RETRANSMITS) > 2 || number(e, FACT_SENDER_PROBES) > 2 ? 62 : 18);
	BECAUSE(&o, e, FACT_SENDER_UNHEARD, FACT_SENT_BY_HOST);
	BECAUSE(&o, e, FACT_SENDER_RETRANSMITS, FACT_SENDER_PROBES);
	return o;
}
