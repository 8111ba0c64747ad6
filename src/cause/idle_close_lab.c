#include "cause/step.h"

static const struct step idle[] = {
	CONNECTED,
	EXCHANGE,
	READ(CLIENT, PENDING),
	IDLE(75),
	SAY(N_("the server's limit for idle connections is reached, and it aborts in place of closing")),
	SET(SERVER, LINGER, 0),
	CLOSE(SERVER),
	RESULT(CLIENT, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_idle_close[] = {
	{
		.title = N_("the server aborts a connection that has been idle for 75 s"),
		.story = N_("A pooled connection, a request and an answer, then silence. After 75 s the server cleans up, with a "
		            "RST, as `reset_timedout_connection` in nginx makes it do."),
		.steps = idle,
		.kernel = AS(linger_zero),
	},
	{ 0 }
};
