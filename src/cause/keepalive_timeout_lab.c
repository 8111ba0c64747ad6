#include "cause/step.h"

static const struct step probes_lost[] = {
	CONNECTED,
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	WRITE(SERVER, 5),
	READ(CLIENT, RETURNS(5)),
	SET(CLIENT, KEEPALIVE, 2),
	SAY(N_("the path from the server to the client breaks: the probes arrive, the answers do not")),
	LOSE_ALL(SERVER, 0),
	READ(CLIENT, PENDING),
	RESULT(CLIENT, FAILS(ETIMEDOUT)),
	WAIT_STATE(SERVER, GONE),
	READ(SERVER, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_keepalive_timeout[] = {
	{
		.title = N_("the answers to keepalive probes are lost"),
		.story = N_("An idle connection with SO_KEEPALIVE. The client's probes are not answered; after the last one its "
		            "kernel gives up, tells its program ETIMEDOUT and, in case somebody is there after all, sends a RST."),
		.steps = probes_lost,
	},
	{ 0 }
};
