#include "cause/step.h"

static const struct step crossing[] = {
	CONNECTED,
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	WRITE(SERVER, 5),
	READ(CLIENT, RETURNS(5)),
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

const struct scenario scenarios_close_race[] = {
	{
		.title = N_("a request crosses the FIN of an idle connection"),
		.story = N_("Both have exchanged a request and an answer. The server closes the idle connection in the moment "
		            "in which the client sends its next request: nobody did anything wrong, and the request is lost."),
		.steps = crossing,
	},
	{ 0 }
};
