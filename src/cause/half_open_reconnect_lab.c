#include "cause/step.h"

static const struct step reconnect[] = {
	CONNECTED,
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	READ(SERVER, PENDING),
	POWER_OFF(CLIENT),
	POWER_ON(CLIENT),
	SAY(N_("back again, the client connects from the same port to a server that still holds the old connection")),
	CONNECT(CLIENT),
	RESULT(SERVER, FAILS(ECONNRESET)),
	ACCEPT(SERVER),
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	END
};

const struct scenario scenarios_half_open_reconnect[] = {
	{
		.title = N_("after a power loss the client reconnects from the same port"),
		.story = N_("The client's SYN meets the server's old connection and draws a challenge ACK; the client's kernel, "
		            "which asked for something else, answers with a RST, which clears the old connection. The SYN is "
		            "sent again and all is well: a reset that heals."),
		.steps = reconnect,
		/* In which state the old connection is, the server alone knows. */
		.kernel_at = { [PARTY_CLIENT] = AMONG(time_wait_reuse) },
	},
	{ 0 }
};
