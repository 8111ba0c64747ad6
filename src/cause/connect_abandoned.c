#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_connect_abandoned = {
	.id = "connect-abandoned",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("the client had given up before the handshake finished"),
	.headline = N_("{sender} had given up connecting when the SYN-ACK of {receiver} arrived"),
	.what = N_("The connecting program closed its socket, was killed or ran into its own time limit while the "
	           "SYN-ACK was still on its way. When the SYN-ACK came, its kernel had no socket for it, and "
	           "answered with a RST."),
	.who = N_("the kernel of the side that had wanted to connect"),
	.sender_sees = N_("its connect attempt had ended before: the program's own time limit, a close(), or "
	                  "ETIMEDOUT"),
	.receiver_sees = N_("nothing: accept() never returns this connection; its kernel counts TcpAttemptFails "
	                    "and TcpExtEmbryonicRsts"),
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("one attempt failed; nothing was sent yet, and it may be repeated"),
	.advice = N_("compare how late the SYN-ACK was with the client's connect time limit, and raise the limit "
	             "if it is too tight\n"
	             "find out why it was late: loss shows as a SYN or SYN-ACK sent twice, `nstat -az "
	             "TcpRetransSegs`\n"
	             "a busy server drops SYNs: `nstat -az TcpExtListenDrops TcpExtTCPReqQFullDrop` there\n"
	             "health checks, and browsers that race several addresses, do this all day: nothing to mend"),
	.decide = N_("the client's log or trace: its socket was closed before the SYN-ACK arrived"),
	.references = N_("RFC 9293 section 3.10.7.1; tcp_v4_rcv(), reason NO_SOCKET; tcp_check_req() at the server"),
	.reproduce = N_("Delay the SYN-ACK by two seconds (`tc qdisc add dev eth0 root netem delay 2s`), then "
	                "`curl --connect-timeout 1`."),
	.scenarios = scenarios_connect_abandoned,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	/* The kernel that had sent the SYN-ACK; it is asked for proof, and may not be the sender's alone. */
	if (yes(e, FACT_KERNEL_RECEIVER_ALONE) && yes(e, FACT_HANDSHAKE_OPEN) && yes(e, FACT_RECEIVER_CHALLENGED)) {
		o = opinion_possible(24);
		BECAUSE(&o, e, FACT_RECEIVER_CHALLENGED);
		return o;
	}
	if (!yes(e, FACT_ANSWERS_SYN_ACK) || !yes(e, FACT_RST_BARE) || yes(e, FACT_HANDSHAKE_SEEN) || reset_before(e) ||
	    yes(e, FACT_ANSWERS_WRONG_ACK) || yes(e, FACT_SYN_HOPS_DIFFER))
		return opinion_excluded();
	if (!yes(e, FACT_SYN_SEEN))
		o = opinion_possible(35);
	else if (yes(e, FACT_SYN_SCANTY))
		o = number(e, FACT_SCANNED_PORTS) >= SCAN_ENDS ? opinion_excluded() : opinion_possible(55);
	else
		o = opinion_established();
	BECAUSE(&o, e, FACT_ANSWERS_SYN_ACK, FACT_RST_BARE, FACT_SHAPE_PASSIVE, FACT_AGE);
	return o;
}
