#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_unread_data = {
	.id = "unread-data",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_KERNEL,
	.rank = RANK_MECHANISM,
	.parent = CAUSE_abort,
	.harm = HARM_DATA_LOST,
	.title = N_("closed with received data unread"),
	.headline = N_("{sender} closed its socket while bytes from {receiver} lay unread in it"),
	.what = N_("A program closed its socket with received bytes still in the receive buffer. The kernel tells "
	           "the other side with a RST instead of a FIN, so that nobody believes that these bytes were "
	           "read. It also throws away everything that it had queued to send: an answer written just before "
	           "close() may never arrive."),
	.who = N_("the kernel of the closing side, inside close() or at the exit of the process"),
	.sender_sees = N_("nothing: close() returns 0, even where it throws an unsent answer away"),
	.receiver_sees = NULL,
	.bsd = N_("there close() with unread data sends FIN; a RST follows only if more data arrives later"),
	.windows = NULL,
	.harm_text = N_("the unread bytes were never seen by the program, and the end of its answer may be lost "
	                "too"),
	.advice = N_("read until read() returns 0 before close(); if the peer sends too much, do `shutdown(fd, "
	             "SHUT_WR)`, read and discard with a time limit, then close()\n"
	             "where an answer was cut off (413, an early error, a failed login): that is what the line "
	             "above cures\n"
	             "to see unread bytes before the close look at Recv-Q in `ss -tnp`; to count these resets "
	             "`nstat -az TcpExtTCPAbortOnClose`\n"
	             "note that bytes only looked at with MSG_PEEK, a partly read message and unread urgent data "
	             "count as unread"),
	.decide = N_("the kernel of the sender: reason TCP_ABORT_ON_CLOSE, or TcpExtTCPAbortOnClose counting up"),
	.references = N_("RFC 1122 section 4.2.2.13; RFC 2525 section 2.17; RFC 9293 section 3.6.1; __tcp_close() "
	                 "with SK_RST_REASON_TCP_ABORT_ON_CLOSE"),
	.reproduce = N_("The client sends a line; the server accepts, waits until the line has arrived, and calls "
	                "close() without reading it."),
	.scenarios = scenarios_unread_data,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_UNREAD)) {
		o = opinion_established();
		opinion_because(&o, FACT_KERNEL_UNREAD);
		return o;
	}
	/* Without a byte received there is none to leave unread. */
	if (no(e, FACT_KERNEL_UNREAD) || !aborted(e) || no(e, FACT_RECEIVER_DATA))
		return opinion_excluded();
	if (yes(e, FACT_WINDOW_NEVER_RECOVERED))
		o = opinion_possible(idle_for(e, IDLE_PROGRAM_NS) ? 50 : 65);
	else
		o = opinion_possible(yes(e, FACT_WINDOW_RECOVERED) ? 15 : 40);
	BECAUSE(&o, e, FACT_WINDOW_NEVER_RECOVERED, FACT_RECEIVER_DATA);
	return o;
}
