#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_accept_queue_overflow = {
	.id = "accept-queue-overflow",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_KERNEL,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_backend_refused,
	.harm = HARM_RETRY,
	.title = N_("the accept queue was full, and the server is set to reset"),
	.headline = N_("the accept queue of {sender} was full, and it is set to reset instead of waiting"),
	.what = N_("The last segment of a handshake arrived while as many connections as the listener's backlog "
	           "allows were waiting for accept(). Linux would normally ignore that segment and hope; with "
	           "`tcp_abort_on_overflow` set it answers with a RST."),
	.who = N_("the server's kernel, in the name of the listener, since net.ipv4.tcp_abort_on_overflow is 1"),
	.sender_sees = N_("nothing: accept() never returns this connection; the kernel counts "
	                  "TcpExtListenOverflows and TcpExtEmbryonicRsts"),
	.receiver_sees = N_("connect() succeeds; then read() or write(), whichever comes first, gets ECONNRESET; "
	                    "after that read() gets end of file and write() EPIPE with SIGPIPE; where the RST is "
	                    "quick, a blocking connect() itself fails with ECONNRESET"),
	.bsd = NULL,
	.windows = N_("a full backlog refuses at the SYN: the client gets WSAECONNREFUSED (10061)"),
	.harm_text = N_("one attempt failed; the server read nothing of it, so it may be repeated"),
	.advice = N_("confirm it: `nstat -az TcpExtListenOverflows`, and Recv-Q above Send-Q in `ss -ltn`\n"
	             "make the program call accept() faster: a blocked event loop or exhausted worker pool is "
	             "the usual reason\n"
	             "raise the backlog given to listen(), and its limit: `sysctl net.core.somaxconn`\n"
	             "let clients wait instead: `sysctl -w net.ipv4.tcp_abort_on_overflow=0`"),
	.decide = N_("TcpExtListenOverflows at the sender rises with each such RST, and `sysctl "
	             "net.ipv4.tcp_abort_on_overflow` is 1"),
	.references = N_("tcp_check_req(), reason INVALID_SYN although nothing is wrong with the SYN; "
	                 "tcp_v4_syn_recv_sock()"),
	.reproduce = N_("Set tcp_abort_on_overflow to 1; listen() with TCP_DEFER_ACCEPT and a backlog of 1, and "
	                "never accept(). One client connects and writes, two more connect, then write: the last "
	                "one is reset."),
	.scenarios = scenarios_accept_queue_overflow,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_QUEUE_OVERFLOW)) {
		o = opinion_established();
		opinion_because(&o, FACT_KERNEL_QUEUE_OVERFLOW);
		return o;
	}
	if (no(e, FACT_KERNEL_QUEUE_OVERFLOW) || !met_nobody_behind_handshake(e))
		return opinion_excluded();
	o = opinion_possible(yes(e, FACT_ANSWERS_HANDSHAKE_ACK) ? 50 : 35);
	BECAUSE(&o, e, FACT_ANSWERS_HANDSHAKE_ACK, FACT_ANSWERS_DATA, FACT_RECEIVER_DATA_NEVER_ACKED, FACT_SHAPE_PASSIVE);
	return o;
}
