#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_late_segment = {
	.id = "late-segment",
	.family = FAMILY_CLOSED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_ECHO,
	.parent = CAUSE_NONE,
	.harm = HARM_NONE,
	.title = N_("an echo: the connection had ended already"),
	.headline = N_("one more segment of {receiver} met the connection that {sender} had ended already"),
	.what = N_("The connection had ended before: by a RST, a close or a time limit. Segments that were still "
	           "in flight, or that were sent again because the first RST was lost, then find no socket. Each "
	           "draws a RST of its own, so one abort of a busy connection leaves a burst of them."),
	.who = N_("the kernel of the side that ended the connection; no program takes part"),
	.sender_sees = N_("nothing: its socket was gone"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("harmless in itself: what hurt is the earlier end of this connection"),
	.advice = N_("look at the first RST or FIN of this connection: that one has the reason\n"
	             "do not count these: one cause can leave a hundred of them\n"
	             "if the same segment draws them again and again, the RSTs are lost on the way: look for a "
	             "filter that drops RST or calls it invalid, `conntrack -S`"),
	.decide = N_("an earlier RST or close by the sender on the same connection"),
	.references = N_("RFC 9293 section 3.10.7.1; tcp_v4_rcv(), reason NO_SOCKET"),
	.reproduce = N_("Send a burst of segments to a server that closes with unread data: the first RST counts, "
	                "the rest are echoes."),
	.scenarios = scenarios_late_segment,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;
	bool answers = yes(e, FACT_ANSWERS_DATA) || yes(e, FACT_ANSWERS_ACK) || yes(e, FACT_ANSWERS_FIN) ||
	               yes(e, FACT_ANSWERS_KEEPALIVE) || yes(e, FACT_ANSWERS_HANDSHAKE_ACK) || yes(e, FACT_ANSWERS_SYN_ACK);

	if (yes(e, FACT_ANSWERS_SYN) || (yes(e, FACT_RECEIVER_TIME_WAIT) && !reset_before(e)) || time_wait_outlived(e))
		return opinion_excluded();
	/* An ACK may have been sent before that RST came. */
	if (yes(e, FACT_RECEIVER_TIME_WAIT) && yes(e, FACT_ANSWERS_ACK))
		o = opinion_possible(50);
	else if (reset_before(e))
		o = (answers || yes(e, FACT_RST_SEQ_OLD_ACK)) && !yes(e, FACT_SHAPE_ACTIVE) ? opinion_established()
		                                                                        : opinion_possible(70);
	else if (sender_closed(e) && yes(e, FACT_EARLIER_RST_DROPPED) && yes(e, FACT_RST_OUT_OF_WINDOW) && answers &&
	         !yes(e, FACT_ANSWERS_DATA) && !yes(e, FACT_SHAPE_ACTIVE))
		o = opinion_established();
	else if (sender_closed(e) && yes(e, FACT_ANSWERS_FIN) && !yes(e, FACT_ANSWERS_DATA) && !yes(e, FACT_SHAPE_ACTIVE))
		/* With data missing or not acknowledged, it may be that which was answered. */
		o = no(e, FACT_RECEIVER_UNACKED) && no(e, FACT_BYTES_MISSING) && yes(e, FACT_HANDSHAKE_SEEN)
		    ? opinion_established() : opinion_possible(60);
	else if (yes(e, FACT_BOTH_CLOSED) && answers && !yes(e, FACT_ANSWERS_DATA))
		o = opinion_possible(60);
	else
		return opinion_excluded();
	BECAUSE(&o, e, FACT_EARLIER_RST_BY_SENDER, FACT_EARLIER_RST_BY_RECEIVER, FACT_SENDER_FIN, FACT_ANSWERS_DATA,
	        FACT_ANSWERS_ACK, FACT_ANSWERS_FIN, FACT_ANSWERS_SYN_ACK, FACT_SHAPE_PASSIVE);
	return o;
}
