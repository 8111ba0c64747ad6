#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_time_wait_reuse = {
	.id = "time-wait-reuse",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_HEALING,
	.parent = CAUSE_NONE,
	.harm = HARM_NONE,
	.title = N_("a new connection swept away a TIME_WAIT (healing)"),
	.headline = N_("{sender} reused the ports of a connection that {receiver} kept in TIME_WAIT; the RST "
	               "clears it away"),
	.what = N_("The old connection had closed properly and the side that closed first kept it in TIME_WAIT. A "
	           "new SYN on the same ports looked older than that connection, so it was answered with an ACK of "
	           "the old one. The RST ends the TIME_WAIT, the SYN is sent again and the new connection opens."),
	.who = N_("the kernel of the connecting side, from its new socket in SYN_SENT"),
	.sender_sees = N_("connect() succeeds, a little later than usual: the SYN goes out again after some 10 ms"),
	.receiver_sees = N_("nothing: a connection in TIME_WAIT belongs to no program"),
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("harmless: the old connection had ended properly, and the new one succeeds"),
	.advice = N_("nothing to mend\n"
	             "with TCP timestamps a SYN is recognised as new at once: keep `sysctl "
	             "net.ipv4.tcp_timestamps` at 1 or above\n"
	             "if connections are slow to open here, `sysctl net.ipv4.tcp_rfc1337` must be 0 at the side in "
	             "TIME_WAIT: with 1 it ignores this RST"),
	.decide = N_("a complete close on the same ports shortly before, then SYN, ACK, this RST and the same SYN "
	             "again"),
	.references = N_("RFC 9293 sections 3.6.1 and 3.10.7.3; RFC 6191; tcp_timewait_state_process(); "
	                 "tcp_rcv_synsent_state_process(), reason TCP_INVALID_ACK_SEQUENCE"),
	.reproduce = N_("Let the server close first with timestamps off, then connect at once from the same port "
	                "with a lower first sequence number."),
	.scenarios = scenarios_time_wait_reuse,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (!connect_met_old_state(e) || yes(e, FACT_OLD_CONNECTION))
		return opinion_excluded();
	/* A SYN that is not sent again may be an old one that came late: see time-wait-assassination. */
	if (yes(e, FACT_OLD_TIME_WAIT) && yes(e, FACT_SYN_AGAIN))
		o = opinion_established();
	else
		/* Its own end of the old connection was over in order: what is left is the other's TIME_WAIT. */
		o = opinion_possible(yes(e, FACT_KERNEL_SENT) && yes(e, FACT_BOTH_CLOSED) ? 60 :
		                     yes(e, FACT_SYN_AGAIN_ACCEPTED) || yes(e, FACT_OLD_TIME_WAIT) ? 55 : 45);
	BECAUSE(&o, e, FACT_OLD_TIME_WAIT, FACT_ANSWERS_CHALLENGE, FACT_SHAPE_PASSIVE, FACT_SYN_AGAIN,
	        FACT_SYN_AGAIN_ACCEPTED);
	return o;
}
