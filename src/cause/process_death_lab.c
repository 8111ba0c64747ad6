#include "cause/step.h"

/* A request that nobody reads. */
#define UNREAD_REQUEST CONNECTED, WRITE(CLIENT, 100), WAIT_UNREAD(SERVER, 100)
#define RESET_BY_PEER WAIT_STATE(CLIENT, GONE), READ(CLIENT, FAILS(ECONNRESET))

static const struct step exits[] = {
	UNREAD_REQUEST,
	EXIT(SERVER),
	RESET_BY_PEER,
	END
};

static const struct step killed[] = {
	UNREAD_REQUEST,
	KILL(SERVER, SIGKILL),
	RESET_BY_PEER,
	END
};

static const struct step crashes[] = {
	UNREAD_REQUEST,
	CRASH(SERVER),
	RESET_BY_PEER,
	END
};

const struct scenario scenarios_process_death[] = {
	{
		.face = "sigkill",
		.title = N_("the server is killed with a request unread"),
		.story = N_("The server gets SIGKILL (kill -9, the out-of-memory killer, a container's end) while a request waits "
		            "in its socket. The kernel closes the socket for it, and what is unread makes that a RST."),
		.steps = killed,
	},
	{
		.face = "exit",
		.title = N_("the server exits with a request unread"),
		.story = N_("The server simply ends. Nobody called close(); the kernel does it for every socket of a process."),
		.steps = exits,
	},
	{
		.face = "crash",
		.title = N_("the server crashes with a request unread"),
		.story = N_("A segmentation fault looks exactly like exit() and kill -9 from the network."),
		.steps = crashes,
	},
	{ 0 }
};
