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

static const struct step nothing_unread[] = {
	CONNECTED,
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	CRASH(SERVER),
	SAY(N_("nothing was unread, so the kernel closes with a FIN: the client learns of it by writing")),
	WAIT_CLOSED(CLIENT),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
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
	{
		.face = "nothing-unread",
		.title = N_("the server crashes with nothing unread"),
		.story = N_("Where everything was read, the kernel of a crashed program closes its connections as if nothing were "
		            "wrong. The RST comes later, when the client writes, and looks like that of any write after a close."),
		.steps = nothing_unread,
		.kernel = AS(write_after_close),
		.told = { AS(write_after_close), AS(write_after_close), AS(write_after_close) },
	},
	{ 0 }
};
