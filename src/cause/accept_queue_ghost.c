#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_accept_queue_ghost = {
	.id = "accept-queue-ghost",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("the accept queue was full, the client believed it was in"),
	.headline = N_("{receiver} thinks it is connected, but the accept queue of {sender} was full and the "
	               "server never was"),
	.what = N_("The accept queue was full when the last segment of the handshake came, so the server's kernel "
	           "ignored it. The client is connected in its own view; its data is never acknowledged, and the "
	           "server repeats its SYN-ACK until it forgets the attempt, after a minute or so. The next "
	           "segment of the client then meets only the listener, which answers with a RST."),
	.who = N_("the server's kernel: the listening socket, which knows nothing of this connection any more"),
	.sender_sees = N_("nothing: accept() never returns this connection; the kernel counts "
	                  "TcpExtListenOverflows and TcpExtListenDrops"),
	.receiver_sees = N_("connect() succeeds, the first write() too, and read() waits; after the RST the first "
	                    "call gets ECONNRESET, then read() gets end of file and write() EPIPE with SIGPIPE"),
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("what the client wrote was never received, although write() reported success; it may all "
	                "be repeated"),
	.advice = N_("confirm it: `nstat -az TcpExtListenOverflows`, and Recv-Q above Send-Q in `ss -ltn` while "
	             "it happens\n"
	             "make the program call accept() faster: a blocked event loop or exhausted worker pool is "
	             "the usual reason\n"
	             "raise the backlog given to listen(), and its limit: `sysctl net.core.somaxconn`\n"
	             "in the client, limit the time that it waits for the first answer"),
	.decide = N_("SYN-ACKs sent again after the client's ACK, and no byte of the client ever acknowledged"),
	.references = N_("tcp_check_req(); reqsk_timer_handler() and net.ipv4.tcp_synack_retries; "
	                 "tcp_rcv_state_process() in LISTEN, reason TCP_FLAGS"),
	.reproduce = N_("Set tcp_synack_retries to 1; listen() with TCP_DEFER_ACCEPT and a backlog of 1, and never "
	                "accept(). One client connects and writes, two more connect, then write: the last one is "
	                "reset after half a minute."),
	.scenarios = scenarios_accept_queue_ghost,
	.weigh = weigh,
};

/* The kernel of the server, which had sent its SYN-ACK again and again, and knows no such connection. */
static bool met_listener_that_repeated(const struct evidence *e)
{
	return came_from_nowhere(e) && yes(e, FACT_KERNEL_TO_LISTENER) && yes(e, FACT_SYN_ACK_REPEATS);
}

/* The kernel of the client does not count SYN-ACKs. */
static bool may_be_behind_handshake(const struct evidence *e)
{
	return yes(e, FACT_KERNEL_RECEIVER_ALONE) && met_nobody_behind_handshake(e);
}

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (met_listener_that_repeated(e) || may_be_behind_handshake(e)) {
		o = opinion_possible(met_listener_that_repeated(e) ? 60 : 24);
		BECAUSE(&o, e, FACT_SYN_ACK_REPEATS, FACT_KERNEL_TO_LISTENER, FACT_RECEIVER_DATA_NEVER_ACKED, FACT_ANSWERS_DATA);
		return o;
	}
	if (!yes(e, FACT_SYN_ACK_REPEATS) || !yes(e, FACT_RECEIVER_DATA_NEVER_ACKED) || !yes(e, FACT_SHAPE_PASSIVE) ||
	    !yes(e, FACT_RST_BARE) || reset_before(e))
		return opinion_excluded();
	o = opinion_established();
	BECAUSE(&o, e, FACT_HANDSHAKE_SEEN, FACT_SYN_ACK_REPEATS, FACT_RECEIVER_DATA_NEVER_ACKED, FACT_ANSWERS_DATA,
	        FACT_SHAPE_PASSIVE);
	return o;
}
