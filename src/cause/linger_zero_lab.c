#include "cause/step.h"

static const struct step aborted[] = {
	CONNECTED,
	EXCHANGE,
	SET(SERVER, LINGER, 0),
	SAY(N_("nothing is unread, nothing is unsent: it is SO_LINGER {1, 0} that makes close() abort")),
	CLOSE(SERVER),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

/* More than the client's kernel takes while its program does not read. */
#define MUCH 65536

static const struct step unsent[] = {
	SET(CLIENT, RCVBUF, 4096),
	CONNECTED,
	WRITE(SERVER, MUCH),
	SAY(N_("the client's window is full: most of it still waits in the server's kernel")),
	SET(SERVER, LINGER, 0),
	CLOSE(SERVER, RETURNS(0)),
	WAIT_STATE(CLIENT, GONE),
	SAY(N_("what had arrived can be read, the rest was thrown away")),
	READ_SOME(CLIENT, 1000, RETURNS(1000)),
	READ(CLIENT),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

static const struct step waits[] = {
	CONNECTED,
	WRITE(SERVER, 5),
	SET(SERVER, LINGER, 5),
	HOLD(CLIENT),
	CLOSE(SERVER, PENDING),
	SAY(N_("close() does not return before the client's kernel has acknowledged everything, or 5 s are over")),
	RELEASE(CLIENT),
	RESULT(SERVER, RETURNS(0)),
	WAIT_CLOSED(CLIENT),
	READ(CLIENT, RETURNS(5)),
	READ(CLIENT, AT_END),
	CLOSE(CLIENT),
	WAIT_STATE(CLIENT, GONE),
	END
};

static const struct step runs_out[] = {
	CONNECTED,
	SET(SERVER, LINGER, 1),
	SAY(N_("nothing comes back from the client any more")),
	LOSE_ALL(CLIENT, 0),
	WRITE(SERVER, 5),
	CLOSE(SERVER, RETURNS(0)),
	SAY(N_("close() has waited for 1 s in vain, and says nothing of it; the kernel goes on trying, without any RST")),
	WAIT_STATE(SERVER, FIN_WAIT1),
	READ(CLIENT, RETURNS(5)),
	READ(CLIENT, AT_END),
	END
};

const struct scenario scenarios_linger_zero[] = {
	{
		.title = N_("the server closes with SO_LINGER {1, 0}"),
		.story = N_("A request and an answer were exchanged, everything was read. The server has set SO_LINGER to {1, 0}, "
		            "and its close() sends a RST where others send a FIN."),
		.steps = aborted,
	},
	{
		.face = "unsent",
		.title = N_("the same with much unsent: the rest never arrives"),
		.story = N_("The server writes more than the client's kernel takes, and closes with SO_LINGER {1, 0}. close() "
		            "returns at once, and what had not been sent is thrown away."),
		.steps = unsent,
	},
	{
		.face = "seconds",
		.title = N_("SO_LINGER {1, 5}: close() waits, and resets nothing"),
		.story = N_("With a number of seconds, SO_LINGER has nothing to do with a reset: close() sends a FIN like any other, "
		            "and waits until all is acknowledged."),
		.steps = waits,
		.kernel = NOTHING,
		.told = { NOTHING, NOTHING, NOTHING },
	},
	{
		.face = "seconds-over",
		.title = N_("SO_LINGER {1, 1}, and the second runs out: no RST either"),
		.story = N_("The client's acknowledgments are lost. close() gives up waiting after a second; the kernel does not, "
		            "and sends the data and the FIN again like for any other closed socket."),
		.steps = runs_out,
		.kernel = NOTHING,
		.told = { NOTHING, NOTHING, NOTHING },
	},
	{ 0 }
};
