#include "cause/step.h"

static const struct step crossing[] = {
	CONNECTED,
	EXCHANGE,
	SAY(N_("the server closes an idle connection; its FIN is still on its way when the client writes")),
	HOLD(SERVER),
	CLOSE(SERVER),
	WRITE(CLIENT, 5),
	WAIT_ARRIVED(SERVER, LAB_DATA),
	WAIT_SENT(SERVER, LAB_RST),
	RELEASE(SERVER),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, AT_END),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	END
};

/* Low delay, as SSH and others ask for: a RST that repeats it says that a kernel made it, not in which state it was. */
#define LOW_DELAY 0x10

static const struct step fin_lost[] = {
	SET(CLIENT, TOS, LOW_DELAY),
	CONNECTED,
	EXCHANGE,
	SAY(N_("the server closes an idle connection, and its FIN is lost")),
	LOSE(SERVER, 1, LAB_FIN),
	CLOSE(SERVER),
	WAIT_SENT(SERVER, LAB_FIN),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	SAY(N_("to the client's kernel the connection was whole until the RST came")),
	READ(CLIENT, FAILS(ECONNRESET)),
	READ(CLIENT, AT_END),
	END
};

const struct scenario scenarios_close_race[] = {
	{
		.title = N_("a request crosses the FIN of an idle connection"),
		.story = N_("Both have exchanged a request and an answer. The server closes the idle connection in the moment "
		            "in which the client sends its next request: nobody did anything wrong, and the request is lost."),
		.steps = crossing,
	},
	{
		.face = "fin-lost",
		.title = N_("the same with the FIN lost: reset, not broken pipe"),
		.story = N_("The server's FIN is lost, and before it is sent again the client writes. The RST meets a client that "
		            "knows of no end: ECONNRESET, where it would have been EPIPE. Without the FIN, the client's capture "
		            "looks as if the server had forgotten the connection."),
		.steps = fin_lost,
		.told = { [PARTY_CLIENT] = AMONG(half_open), [PARTY_ROUTER] = AMONG(half_open) },
	},
	{ 0 }
};
