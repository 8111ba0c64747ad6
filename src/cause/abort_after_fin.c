#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_abort_after_fin = {
	.id = "abort-after-fin",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_ACTION,
	.parent = CAUSE_abort,
	.harm = HARM_NONE,
	.title = N_("the peer had closed properly; RST instead of FIN came back"),
	.headline = N_("{receiver} had closed properly with a FIN, and {sender} ended its side with a RST instead "
	               "of a FIN"),
	.what = N_("One side had finished: it sent its FIN and needed nothing more. The other side then ended the "
	           "connection with a RST where a FIN was due, most often because it closed with SO_LINGER 0 or "
	           "with bytes unread. The connection was over anyway; the RST saves a TIME_WAIT."),
	.who = N_("the kernel of the side that closed second, on behalf of its program"),
	.sender_sees = N_("nothing: close() returns 0"),
	.receiver_sees = N_("nothing if its program had called close(); if it had only called shutdown(SHUT_WR), "
	                    "read() gives ECONNRESET once where it waited for end of file"),
	.bsd = N_("a BSD or macOS sender closes with FIN where bytes are unread, so there it is SO_LINGER 0"),
	.windows = NULL,
	.harm_text = N_("usually harmless: the closing side had done its work; what it still waited to read after "
	                "a half close is lost"),
	.advice = N_("nothing, if the closing side had called close(): do not count these resets in an alarm\n"
	             "if the closing side uses shutdown(SHUT_WR) and waits for an answer: let the other side read "
	             "to the end, write, and close without SO_LINGER 0"),
	.decide = N_("a FIN from the receiver before the RST, and a RST with the ACK flag at the sender's next "
	             "sequence number"),
	.references = N_("RFC 9293 sections 3.6 and 3.10.5; RFC 1122 section 4.2.2.13; __tcp_close() and "
	                 "tcp_disconnect() in CLOSE_WAIT"),
	.reproduce = N_("The client closes; the server, in CLOSE_WAIT, sets SO_LINGER on with 0 seconds and "
	                "closes."),
	.scenarios = scenarios_abort_after_fin,
	.weigh = weigh,
};

/* A kernel tells of an end that comes whatever the peer has done: the death of a process, a destroyed socket … */
static bool ends_otherwise(const struct evidence *e)
{
	return (yes(e, FACT_KERNEL_EXIT) && yes(e, FACT_KERNEL_UNREAD)) || yes(e, FACT_KERNEL_DESTROYED) ||
	       yes(e, FACT_KERNEL_LISTENER_CLOSED);
}

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (!aborted(e) || !yes(e, FACT_RECEIVER_FIN) || sender_closed(e) || ends_otherwise(e))
		return opinion_excluded();
	/* A RST that left before the FIN came is an abort like any other. */
	if (may_be_late_answer(e) || yes(e, FACT_MPTCP_IN_USE))
		o = opinion_possible(50);
	else
		o = yes(e, FACT_RST_ACKS_FIN) || yes(e, FACT_RECEIVER_FIN_ACKED) ? opinion_established() : opinion_possible(35);
	BECAUSE(&o, e, FACT_RECEIVER_FIN, FACT_RECEIVER_FIN_ACKED, FACT_RST_ACKS_FIN, FACT_SHAPE_ACTIVE,
	        FACT_WINDOW_NEVER_RECOVERED);
	return o;
}
