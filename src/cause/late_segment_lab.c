#include "cause/step.h"

static const struct step burst[] = {
	CONNECTED,
	SET(CLIENT, NODELAY, 1),
	WRITE(CLIENT, 5),
	WAIT_UNREAD(SERVER, 5),
	SAY(N_("two more segments are on their way when the server aborts")),
	HOLD(CLIENT),
	WRITE(CLIENT, 5),
	WRITE(CLIENT, 5),
	CLOSE(SERVER),
	WAIT_STATE(CLIENT, GONE),
	RELEASE(CLIENT),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_late_segment[] = {
	{
		.title = N_("segments in flight meet a connection that was just reset"),
		.story = N_("The server closes with data unread while two more segments are on their way. The first RST ends the "
		            "connection, the others are echoes: one for each segment that finds no socket."),
		.steps = burst,
		/* It takes the first RST, and no other. */
		.kernel_at = { [PARTY_CLIENT] = AS(abort) },
		.also = (const uint8_t[]){ CAUSE_unread_data, CAUSE_abort, CAUSES },
	},
	{ 0 }
};
