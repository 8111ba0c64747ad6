#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_write_after_close = {
	.id = "write-after-close",
	.family = FAMILY_CLOSED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_DATA_LOST,
	.title = N_("wrote to a connection that the peer had closed (broken pipe)"),
	.headline = N_("{receiver} wrote to a connection that {sender} had closed"),
	.what = N_("One side closed its socket: its kernel sent FIN and nobody reads there any more. The other "
	           "side acknowledged the FIN, and its program wrote all the same. The closed side has no reader "
	           "for these bytes, so its kernel answers each segment with a RST."),
	.who = N_("the kernel of the side that had closed, once for every segment that still arrives"),
	.sender_sees = N_("nothing: its socket was gone"),
	.receiver_sees = N_("the write() that drew the RST succeeds; the next write() gets EPIPE and SIGPIPE; "
	                    "read() gets end of file, never ECONNRESET"),
	.bsd = N_("read() and SO_ERROR give ECONNRESET after the RST; the next write() gets EPIPE and SIGPIPE"),
	.windows = N_("send() and recv() give WSAECONNRESET (10054) or WSAECONNABORTED (10053); there is no SIGPIPE"),
	.harm_text = N_("what was written after the FIN is lost, although write() reported success"),
	.advice = N_("stop writing once read() returns 0, and close\n"
	             "ignore SIGPIPE or send with MSG_NOSIGNAL, and treat EPIPE as the end of the connection\n"
	             "before reusing an idle connection from a pool, look whether it has ended: poll() for "
	             "POLLRDHUP\n"
	             "send again on a new connection if the request may be repeated"),
	.decide = N_("a FIN from the sender, acknowledged by the receiver before it wrote"),
	.references = N_("RFC 1122 section 4.2.2.13; RFC 9293 section 3.6.1; tcp_timewait_state_process(), reason "
	                 "TCP_TIMEWAIT_SOCKET; tcp_rcv_state_process(), reason TCP_ABORT_ON_DATA; tcp_v4_rcv(), "
	                 "reason NO_SOCKET"),
	.reproduce = N_("Accept and close() at the server; the client reads nothing, waits for the FIN, and writes "
	                "twice."),
	.scenarios = scenarios_write_after_close,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	/* See close-race. */
	if (yes(e, FACT_KERNEL_RECEIVER_ALONE) && sender_closed(e) && yes(e, FACT_ANSWERS_DATA) &&
	    !yes(e, FACT_ANSWERS_AFTER_ACK_OF_FIN) && !yes(e, FACT_SHAPE_ACTIVE) && !reset_before(e)) {
		o = opinion_possible(30);
		BECAUSE(&o, e, FACT_SENDER_FIN, FACT_ANSWERS_DATA, FACT_SHAPE_PASSIVE);
		return o;
	}
	if (!sender_closed(e) || !yes(e, FACT_ANSWERS_AFTER_ACK_OF_FIN) || yes(e, FACT_SHAPE_ACTIVE) || reset_before(e))
		return opinion_excluded();
	if (yes(e, FACT_ANSWERS_DATA))
		o = opinion_established();
	else if (yes(e, FACT_ANSWERS_KEEPALIVE))
		o = opinion_possible(60);
	else
		return opinion_excluded();
	BECAUSE(&o, e, FACT_SENDER_FIN, FACT_SENDER_FIN_IMPLIED, FACT_SENDER_FIN_ACKED, FACT_ANSWERS_DATA,
	        FACT_ANSWERS_KEEPALIVE, FACT_SHAPE_PASSIVE);
	return o;
}
