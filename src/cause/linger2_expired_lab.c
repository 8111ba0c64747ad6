#include "cause/step.h"

#define BROKEN_PIPE WAIT_STATE(CLIENT, GONE), READ(CLIENT, AT_END), WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE))

static const struct step closed[] = {
	CONNECTED,
	EXCHANGE,
	SET(SERVER, LINGER2, -1),
	SAY(N_("TCP_LINGER2 below zero: no FIN-WAIT-2 for this socket")),
	CLOSE(SERVER),
	BROKEN_PIPE,
	END
};

static const struct step shut_down_first[] = {
	CONNECTED,
	EXCHANGE,
	SET(SERVER, LINGER2, -1),
	SHUTDOWN(SERVER, SHUT_WR),
	WAIT_STATE(SERVER, FIN_WAIT2),
	CLOSE(SERVER),
	BROKEN_PIPE,
	END
};

const struct scenario scenarios_linger2_expired[] = {
	{
		.title = N_("the server closes with TCP_LINGER2 below zero"),
		.story = N_("The server closes properly, with a FIN. But it has set TCP_LINGER2 to -1: as soon as the client has "
		            "acknowledged the FIN, the server's kernel sends a RST in place of waiting for the client's."),
		.steps = closed,
	},
	{
		.face = "shutdown-first",
		.title = N_("the same after shutdown(): close() itself resets"),
		.story = N_("The FIN went with shutdown() and is acknowledged already. Then it is close() that sends the RST, with "
		            "the numbers of a living socket."),
		.steps = shut_down_first,
	},
	{ 0 }
};
