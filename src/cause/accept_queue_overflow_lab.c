#include "cause/step.h"

/* A backlog of 2 takes three; the fourth, whose SYN came while there was room, finds the queue full. */
static const struct step overflow[] = {
	SYSCTL(SERVER, "net.ipv4.tcp_abort_on_overflow", "1"),
	LISTEN_BACKLOG(SERVER, 2),
	CONNECT(NEIGHBOUR, ON(2)),
	CONNECT(NEIGHBOUR, ON(3)),
	SAY(N_("two wait for accept(), and two more shake hands at the same time")),
	HOLD(SERVER),
	CONNECT(NEIGHBOUR, PENDING),
	CONNECT(CLIENT, PENDING),
	HOLD(CLIENT),
	RELEASE(SERVER),
	RESULT(NEIGHBOUR),
	RESULT(CLIENT),
	SAY(N_("the neighbour was faster, and the queue is full now")),
	RELEASE(CLIENT),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	READ(CLIENT, AT_END),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	END
};

/* The same with handshakes that count as finished only when data comes. */
static const struct step deferred[] = {
	SYSCTL(SERVER, "net.ipv4.tcp_abort_on_overflow", "1"),
	LISTEN_BACKLOG(SERVER, 2),
	SET(SERVER, DEFER_ACCEPT, 30, ON(LAB_LISTENER)),
	CONNECT(NEIGHBOUR, ON(2)),
	WRITE(NEIGHBOUR, 5, ON(2)),
	CONNECT(NEIGHBOUR, ON(3)),
	WRITE(NEIGHBOUR, 5, ON(3)),
	CONNECT(NEIGHBOUR),
	CONNECT(CLIENT),
	SAY(N_("connected, as they believe; the server waits for their data")),
	WRITE(NEIGHBOUR, 5),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_accept_queue_overflow[] = {
	{
		.title = N_("the accept queue is full, and the server resets"),
		.story = N_("The server does not accept() fast enough. tcp_abort_on_overflow is set: whose handshake finishes when "
		            "the queue is full gets a RST. connect() had succeeded."),
		.steps = overflow,
		.kernel_also = (const uint8_t[]){ CAUSE_listener_closed, CAUSES },
	},
	{
		.face = "deferred",
		.title = N_("the same with TCP_DEFER_ACCEPT: the request is reset"),
		.story = N_("With TCP_DEFER_ACCEPT, as Apache and nginx can have it, a connection comes into the queue only when its "
		            "first data is there. Then it is the request that meets a full queue."),
		.steps = deferred,
		.kernel_also = (const uint8_t[]){ CAUSE_listener_closed, CAUSES },
	},
	{ 0 }
};
