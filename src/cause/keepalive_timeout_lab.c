#include "cause/step.h"

static const struct step probes_lost[] = {
	CONNECTED,
	EXCHANGE,
	SET(CLIENT, KEEPALIVE, 2),
	SAY(N_("the path from the server to the client breaks: the probes arrive, the answers do not")),
	LOSE_ALL(SERVER, 0),
	READ(CLIENT, PENDING),
	RESULT(CLIENT, FAILS(ETIMEDOUT)),
	WAIT_STATE(SERVER, GONE),
	READ(SERVER, FAILS(ECONNRESET)),
	END
};

static const struct step peer_gone[] = {
	CONNECTED,
	EXCHANGE,
	SET(CLIENT, KEEPALIVE, 2),
	READ(CLIENT, PENDING),
	POWER_OFF(SERVER),
	SAY(N_("nobody answers the probes, and nobody gets the RST that says so")),
	RESULT(CLIENT, FAILS(ETIMEDOUT)),
	WAIT_SENT(CLIENT, LAB_RST),
	READ(CLIENT, AT_END),
	END
};

const struct scenario scenarios_keepalive_timeout[] = {
	{
		.title = N_("the answers to keepalive probes are lost"),
		.story = N_("An idle connection with SO_KEEPALIVE. The client's probes are not answered; after the last one its "
		            "kernel gives up, tells its program ETIMEDOUT and, in case somebody is there after all, sends a RST."),
		.steps = probes_lost,
	},
	{
		.face = "peer-gone",
		.title = N_("the server is gone, and nobody answers the probes"),
		.story = N_("The server loses its power and does not come back. The client, which only waits, would wait for ever; "
		            "its kernel's probes find out, and its program gets ETIMEDOUT."),
		.steps = peer_gone,
		.kernel_also = (const uint8_t[]){ CAUSE_socket_destroyed, CAUSES },
		.told = { [PARTY_SERVER] = NOTHING },
	},
	{ 0 }
};
