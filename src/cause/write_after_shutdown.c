#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_write_after_shutdown = {
	.id = "write-after-shutdown",
	.family = FAMILY_CLOSED,
	.told_by = TOLD_BY_KERNEL,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_write_after_close,
	.harm = HARM_DATA_LOST,
	.title = N_("wrote to a peer that had shut down both directions"),
	.headline = N_("{receiver} wrote to {sender}, which had shut down both directions and still holds its "
	               "socket"),
	.what = N_("One side called shutdown(SHUT_RDWR): a FIN went out, and its kernel accepts no more data, "
	           "though the program keeps the socket open. Data that arrives then is answered with a RST and "
	           "ends the connection on both sides. On the wire it looks like a close()."),
	.who = N_("the kernel of the side that called shutdown()"),
	.sender_sees = N_("its own socket fails too, though it received no RST: the first read(), write() or "
	                  "SO_ERROR gets ECONNRESET, then read() gets end of file and write() EPIPE with SIGPIPE"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("what was written after the shutdown is lost, although write() reported success"),
	.advice = N_("to say \"I have sent everything\" use shutdown(SHUT_WR), then read() until it returns 0, "
	             "then close()\n"
	             "at the writing side stop when read() returns 0; ignore SIGPIPE or send with MSG_NOSIGNAL\n"
	             "ECONNRESET after one's own SHUT_RDWR is the echo of that call: close() and go on"),
	.decide = N_("a kernel trace at the sender: reason TCP_ABORT_ON_DATA on a socket that a program still holds"),
	.references = N_("RFC 1122 section 4.2.2.13; tcp_rcv_state_process() in FIN_WAIT1 and FIN_WAIT2, reason "
	                 "TCP_ABORT_ON_DATA; tcp_reset() is called locally, so tcp_receive_reset fires without a "
	                 "RST"),
	.reproduce = N_("At the server shutdown(SHUT_RDWR) and keep the socket open; the client then writes."),
	.scenarios = scenarios_write_after_shutdown,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_SHUTDOWN)) {
		o = opinion_established();
		opinion_because(&o, FACT_KERNEL_SHUTDOWN);
		return o;
	}
	if (no(e, FACT_KERNEL_SHUTDOWN) || !sender_closed(e) || !yes(e, FACT_ANSWERS_DATA) ||
	    !yes(e, FACT_ANSWERS_AFTER_ACK_OF_FIN) || yes(e, FACT_SHAPE_ACTIVE) || reset_before(e))
		return opinion_excluded();
	return opinion_possible(15);
}
