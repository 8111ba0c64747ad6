#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_bad_handshake = {
	.id = "bad-handshake",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("a handshake segment that fits no handshake"),
	.headline = N_("{receiver} sent a handshake segment that did not fit what {sender} expected"),
	.what = N_("During the handshake a segment came whose acknowledgement, timestamp or SYN cookie was wrong, "
	           "or a second SYN with another sequence number. The kernel answers with a RST because the "
	           "segment cannot belong to this attempt. Two hosts behind one address and port, or a box that "
	           "rewrites segments, do this; so do forged packets."),
	.who = N_("the kernel of the side that is in the middle of a handshake, or of a listener that got a wrong "
	          "cookie"),
	.sender_sees = N_("nothing as a rule: its connect() goes on waiting, or accept() never returns this "
	                  "connection"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("one attempt was disturbed and may be repeated; a client that had finished its side finds "
	                "out at its first read or write"),
	.advice = N_("is one address and port used by two clients, or by one behind a NAT that reuses ports too "
	             "soon?\n"
	             "does a SYN proxy, load balancer or firewall between them rewrite sequence numbers or "
	             "timestamps? Capture on both sides\n"
	             "a wrong cookie: `nstat -az TcpExtSyncookiesSent TcpExtSyncookiesFailed`; a flood, a cookie "
	             "older than two minutes, or one made by another server\n"
	             "rare single ones are late duplicates or scans: nothing to mend"),
	.decide = N_("the handshake itself: which number of the segment does not match the SYN or SYN-ACK before it"),
	.references = N_("RFC 9293 sections 3.5.2, 3.10.7.3 and 3.10.7.4; tcp_rcv_synsent_state_process(), "
	                 "tcp_check_req() and cookie_v4_check(); reasons TCP_INVALID_ACK_SEQUENCE, "
	                 "TCP_RFC7323_PAWS, INVALID_SYN and TCP_FLAGS"),
	.reproduce = N_("Answer a SYN-ACK from a raw socket with an ACK whose number is 500 too high."),
	.scenarios = scenarios_bad_handshake,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_ANSWERS_SYN) && yes(e, FACT_OLD_HANDSHAKE_OPEN)) {
		o = opinion_established();
	} else if (yes(e, FACT_KERNEL_TO_LISTENER) && yes(e, FACT_ANSWERS_FIRST_SEGMENT) && yes(e, FACT_ANSWERS_ACK)) {
		/* The kernel keeps no record of a handshake that it refused. */
		o = opinion_possible(40);
	} else if (!yes(e, FACT_HANDSHAKE_OPEN) || !yes(e, FACT_RST_BARE) || !yes(e, FACT_SHAPE_PASSIVE) || reset_before(e)) {
		return opinion_excluded();
	} else if (yes(e, FACT_ANSWERS_CHALLENGE)) {
		/* Old state at the peer is by far the usual reason for such an ACK. */
		if (yes(e, FACT_FAKE_SEGMENT) || yes(e, FACT_OLD_CONNECTION) || yes(e, FACT_OLD_TIME_WAIT) ||
		    yes(e, FACT_SYN_AGAIN_ACCEPTED))
			return opinion_excluded();
		o = opinion_possible(40);
	} else if (yes(e, FACT_ANSWERS_WRONG_ACK) || (yes(e, FACT_SENDER_IS_INITIATOR) && !yes(e, FACT_ANSWERS_SYN_ACK))) {
		o = opinion_established();
	} else {
		return opinion_excluded();
	}
	BECAUSE(&o, e, FACT_OLD_HANDSHAKE_OPEN, FACT_HANDSHAKE_OPEN, FACT_ANSWERS_SYN, FACT_ANSWERS_CHALLENGE,
	        FACT_ANSWERS_FIN, FACT_ANSWERS_WRONG_ACK, FACT_SHAPE_PASSIVE);
	return o;
}
