#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_half_open_reconnect = {
	.id = "half-open-reconnect",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_HEALING,
	.parent = CAUSE_NONE,
	.harm = HARM_NONE,
	.title = N_("a new connection swept away the peer's stale one (healing)"),
	.headline = N_("{sender} started anew where {receiver} still held an old connection; the RST clears the "
	               "old one away"),
	.what = N_("One side had lost a connection, for example by a reboot, and connected again from the same "
	           "port. The other side still had the old connection and answered the SYN with a challenge ACK. "
	           "The RST says that nobody holds the old one; the SYN is then sent again and the new connection "
	           "opens."),
	.who = N_("the kernel of the connecting side, from its new socket in SYN_SENT"),
	.sender_sees = N_("connect() succeeds, a little later than usual: the SYN goes out again after some 10 ms"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("harmless: it ends a connection that was dead already, and the new one succeeds"),
	.advice = N_("nothing to mend: TCP has repaired itself\n"
	             "if the lost connection puzzles you, ask why the connecting side forgot it: `last -x "
	             "reboot`, container restarts\n"
	             "let the side that holds on find out by itself: SO_KEEPALIVE with a short TCP_KEEPIDLE"),
	.decide = N_("the SYN, an ACK that fits the old connection, this RST, and the same SYN again on the same "
	             "ports"),
	.references = N_("RFC 5961 section 4.2; RFC 9293 sections 3.5.1 and 3.10.7.3; "
	                 "tcp_rcv_synsent_state_process(), reason TCP_INVALID_ACK_SEQUENCE; "
	                 "tcp_send_challenge_ack()"),
	.reproduce = N_("Kill a client without letting FIN or RST out (a firewall rule), then bind() the same port "
	                "and connect again."),
	.scenarios = scenarios_half_open_reconnect,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	/* The kernel of the old connection answered a SYN, and does not remember it. */
	if (yes(e, FACT_KERNEL_RECEIVER_ALONE) && met_stranger(e) && yes(e, FACT_SENDER_IS_INITIATOR)) {
		o = opinion_possible(22);
		BECAUSE(&o, e, FACT_SENDER_IS_INITIATOR, FACT_SHAPE_PASSIVE);
		return o;
	}
	if (!connect_met_old_state(e) || yes(e, FACT_OLD_TIME_WAIT))
		return opinion_excluded();
	if (yes(e, FACT_OLD_CONNECTION))
		o = opinion_established();
	else
		o = opinion_possible(yes(e, FACT_SYN_AGAIN_ACCEPTED) ? 65 : 50);
	BECAUSE(&o, e, FACT_OLD_CONNECTION, FACT_ANSWERS_CHALLENGE, FACT_SHAPE_PASSIVE, FACT_SYN_AGAIN,
	        FACT_SYN_AGAIN_ACCEPTED);
	return o;
}
