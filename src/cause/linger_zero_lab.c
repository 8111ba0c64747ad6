#include "cause/step.h"

static const struct step aborted[] = {
	CONNECTED,
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	WRITE(SERVER, 5),
	READ(CLIENT, RETURNS(5)),
	SET(SERVER, LINGER, 0),
	SAY(N_("nothing is unread, nothing is unsent: it is SO_LINGER {1, 0} that makes close() abort")),
	CLOSE(SERVER),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_linger_zero[] = {
	{
		.title = N_("the server closes with SO_LINGER {1, 0}"),
		.story = N_("A request and an answer were exchanged, everything was read. The server has set SO_LINGER to {1, 0}, "
		            "and its close() sends a RST where others send a FIN."),
		.steps = aborted,
	},
	{ 0 }
};
