#include "cause/step.h"

#define SHUT_DOWN CONNECTED, SHUTDOWN(SERVER, SHUT_RDWR), WAIT_CLOSED(CLIENT), WRITE(CLIENT, 5)

static const struct step reads[] = {
	SHUT_DOWN,
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, AT_END),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	SAY(N_("the server's own socket was reset as well, by its own kernel")),
	READ(SERVER, FAILS(ECONNRESET)),
	READ(SERVER, AT_END),
	WRITE(SERVER, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	END
};

const struct scenario scenarios_write_after_shutdown[] = {
	{
		.title = N_("the server shuts down both ways, the client writes"),
		.story = N_("The server calls shutdown(SHUT_RDWR) and keeps its socket open. The client's data meets a socket that "
		            "takes nothing any more: a RST goes out, and the server's own next read() says ECONNRESET though no RST "
		            "came in."),
		.steps = reads,
	},
	{ 0 }
};
