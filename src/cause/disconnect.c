#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_disconnect = {
	.id = "disconnect",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_KERNEL,
	.rank = RANK_MECHANISM,
	.parent = CAUSE_abort,
	.harm = HARM_RETRY,
	.title = N_("disconnected with connect(AF_UNSPEC)"),
	.headline = N_("the program at {sender} dissolved the connection with connect(AF_UNSPEC)"),
	.what = N_("A program called connect() with the address family AF_UNSPEC on a connected TCP socket. Linux "
	           "dissolves the connection on the spot: it throws away what is queued, sends a RST and makes the "
	           "socket free for another connect()."),
	.who = N_("the kernel of the side that called connect(), inside that call"),
	.sender_sees = N_("connect() returns 0; after that read() or write() gives ECONNRESET once although no RST "
	                  "came in, then read() gives ENOTCONN, and write() EPIPE and SIGPIPE"),
	.receiver_sees = NULL,
	.bsd = N_("connect(AF_UNSPEC) does not do this to a TCP socket"),
	.windows = NULL,
	.harm_text = N_("data not yet sent or not yet read is thrown away on both sides"),
	.advice = N_("close() the socket and make a new one instead of disconnecting it; use shutdown(SHUT_WR) "
	             "first if the peer shall get everything\n"
	             "find the call: `strace -f -e trace=connect -p PID` shows sa_family=AF_UNSPEC\n"
	             "rarely intended: look for code meant for UDP sockets, and for a sockaddr that is all zero"),
	.decide = N_("the kernel of the sender: the RST came from connect(), by way of __inet_stream_connect() and "
	             "tcp_disconnect()"),
	.references = N_("connect(2); RFC 9293 section 3.10.5; __inet_stream_connect() and tcp_disconnect() with "
	                 "SK_RST_REASON_TCP_STATE"),
	.reproduce = N_("Connect, exchange a line, then call connect() on the same socket with a sockaddr whose "
	                "sa_family is AF_UNSPEC."),
	.scenarios = scenarios_disconnect,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_DISCONNECT)) {
		o = opinion_established();
		opinion_because(&o, FACT_KERNEL_DISCONNECT);
		return o;
	}
	return no(e, FACT_KERNEL_DISCONNECT) || !aborted(e) ? opinion_excluded() : opinion_possible(8);
}
