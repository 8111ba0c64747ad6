#include "cause/step.h"

static const struct step destroyed[] = {
	CONNECTED,
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	READ(SERVER, PENDING),
	DESTROY(SERVER),
	RESULT(SERVER, FAILS(ECONNABORTED)),
	WRITE(SERVER, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_socket_destroyed[] = {
	{
		.title = N_("somebody destroys the server's socket (ss -K)"),
		.story = N_("The server waits for the next request. An administrator, or a connection killer, destroys its socket: "
		            "the server's read() fails with ECONNABORTED, and the client gets a RST."),
		.steps = destroyed,
	},
	{ 0 }
};
