#include "cause/step.h"

/* A request and its answer. */
#define REBOOT POWER_OFF(SERVER), POWER_ON(SERVER)

static const struct step by_data[] = {
	CONNECTED,
	EXCHANGE,
	REBOOT,
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

static const struct step listening_again[] = {
	CONNECTED,
	EXCHANGE,
	REBOOT,
	LISTEN(SERVER),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

static const struct step by_keepalive[] = {
	CONNECTED,
	EXCHANGE,
	SET(CLIENT, KEEPALIVE, 3),
	READ(CLIENT, PENDING),
	REBOOT,
	SAY(N_("nobody writes; a second later the client's kernel asks whether the server is still there")),
	RESULT(CLIENT, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_half_open[] = {
	{
		.title = N_("the server loses its power; the client's data finds out"),
		.story = N_("The server's power fails: no FIN, no RST, nothing. It comes back without any memory of the connection, "
		            "and the client, who knows of nothing, writes."),
		.steps = by_data,
	},
	{
		.face = "listening-again",
		.title = N_("the same, with the server listening again"),
		.story = N_("After the reboot the server listens again. A segment of the old connection meets the listener, which "
		            "knows nothing of it either; only the kernel's reason differs."),
		.steps = listening_again,
	},
	{
		.face = "keepalive",
		.title = N_("the same, found out by a keepalive probe"),
		.story = N_("The client only reads. Without keepalive it would wait for ever; with it, a probe draws the RST."),
		.steps = by_keepalive,
	},
	{ 0 }
};
