#include "cause/step.h"

/* The kernel waits 1 s before it repeats a SYN-ACK, and twice as long each time after: reqsk_timer_handler(). */
#define FORGOTTEN_MS 2100

/* A backlog of 2 takes three; the fourth, whose SYN came while there was room, finds the queue full. */
static const struct step ghost[] = {
	HASTEN(SERVER, "net.ipv4.tcp_synack_retries", "1"),
	LISTEN_BACKLOG(SERVER, 2),
	CONNECT(NEIGHBOUR, ON(2)),
	CONNECT(NEIGHBOUR, ON(3)),
	SAY(N_("two wait for accept(), and two more shake hands at the same time")),
	HOLD(SERVER),
	CONNECT(NEIGHBOUR, PENDING),
	CONNECT(CLIENT, PENDING),
	RELEASE(SERVER),
	RESULT(NEIGHBOUR),
	RESULT(CLIENT),
	SAY(N_("the queue is full, and the server's kernel has ignored the client's ACK: it sends its SYN-ACK again")),
	WAIT_ARRIVED(CLIENT, LAB_SYN | LAB_ACK),
	WAIT_ARRIVED(CLIENT, LAB_SYN | LAB_ACK),
	WAIT_STATE(CLIENT, ESTABLISHED),
	WAIT_MS(FORGOTTEN_MS),
	SAY(N_("by now it has forgotten the attempt")),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_accept_queue_ghost[] = {
	{
		.title = N_("the accept queue was full; the client thinks it is in"),
		.story = N_("The server does not accept() fast enough, and its kernel ignores the last segment of a handshake for "
		            "which the queue has no room. It repeats the SYN-ACK for a while, and forgets the attempt. The client "
		            "has been connected all the time, in its own view; what it writes meets the listener, and a RST."),
		.steps = ghost,
		/* That the client thought it was in, the server can only guess. */
		.kernel_at = { [PARTY_SERVER] = AMONG(half_open) },
		.kernel_also = (const uint8_t[]){ CAUSE_listener_closed, CAUSES },
	},
	{ 0 }
};
