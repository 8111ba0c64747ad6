#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_time_wait_assassination = {
	.id = "time-wait-assassination",
	.family = FAMILY_OTHER,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_NONE,
	.title = N_("a stray segment ended a TIME_WAIT early"),
	.headline = N_("{sender} reset a connection that only lived on in the TIME_WAIT of {receiver}"),
	.what = N_("The connection was closed from both sides, and one kernel kept it in TIME_WAIT to catch "
	           "stragglers. A late or stray segment arrived there and was answered with an ACK, as it must be. "
	           "The other host had forgotten the connection and answered this ACK with a RST, which ended the "
	           "TIME_WAIT before its time."),
	.who = N_("the kernel of the side that had no state left, in answer to an ACK from TIME_WAIT"),
	.sender_sees = N_("nothing: its connection was over"),
	.receiver_sees = N_("nothing: no program holds a socket in TIME_WAIT"),
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("harmless, unless yet another old segment meets a new connection on the same ports"),
	.advice = N_("nothing: no program was harmed\n"
	             "if it shall not happen: `sysctl net.ipv4.tcp_rfc1337=1` makes TIME_WAIT ignore such a RST\n"
	             "if there are many, find who sends segments so late: a retransmitting box or a path with "
	             "copies"),
	.decide = N_("FINs from both sides, acknowledged, before the stray segment, the ACK to it and the RST"),
	.references = N_("RFC 1337; RFC 9293 section 3.10.7.4; tcp_timewait_state_process(); tcp(7) tcp_rfc1337"),
	.reproduce = N_("Close a connection from both sides, then send one old data segment to the side in "
	                "TIME_WAIT."),
	.scenarios = scenarios_time_wait_assassination,
	.weigh = weigh,
};

/* An old SYN draws the same ACK as a new one that reuses the ports, but nobody sends it again. */
static struct opinion weigh_old_syn(const struct evidence *e)
{
	struct opinion o = opinion_possible(50);

	BECAUSE(&o, e, FACT_OLD_TIME_WAIT, FACT_ANSWERS_CHALLENGE, FACT_SHAPE_PASSIVE);
	return o;
}

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (connect_met_old_state(e) && yes(e, FACT_OLD_TIME_WAIT) && !yes(e, FACT_SYN_AGAIN))
		return weigh_old_syn(e);
	/* Its own end was over in order; whether the other waits still, the kernel there would know. */
	if (yes(e, FACT_KERNEL_SENT) && yes(e, FACT_BOTH_CLOSED) && yes(e, FACT_ANSWERS_ACK) && yes(e, FACT_RST_BARE) &&
	    !yes(e, FACT_ANSWERS_CHALLENGE) && !yes(e, FACT_RECEIVER_TIME_WAIT) && !reset_before(e)) {
		o = opinion_possible(62);
		BECAUSE(&o, e, FACT_BOTH_CLOSED, FACT_ANSWERS_ACK, FACT_SHAPE_PASSIVE);
		return o;
	}
	if (!yes(e, FACT_RECEIVER_TIME_WAIT) || !yes(e, FACT_ANSWERS_ACK) || !yes(e, FACT_RST_BARE))
		return opinion_excluded();
	if (reset_before(e) && !yes(e, FACT_EARLIER_RST_BY_SENDER))
		return opinion_excluded();
	o = reset_before(e) && !time_wait_outlived(e) ? opinion_possible(60) : opinion_established();
	BECAUSE(&o, e, FACT_BOTH_CLOSED, FACT_RECEIVER_TIME_WAIT, FACT_ANSWERS_ACK, FACT_SHAPE_PASSIVE);
	return o;
}
