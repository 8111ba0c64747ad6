#include "cause/step.h"

static const struct step check[] = {
	LISTEN(SERVER),
	SET(CLIENT, LINGER, 0),
	CONNECT(CLIENT),
	CLOSE(CLIENT),
	WAIT_ARRIVED(SERVER, LAB_RST),
	SAY(N_("accept() succeeds all the same")),
	ACCEPT(SERVER),
	READ(SERVER, FAILS(ECONNRESET)),
	READ(SERVER, AT_END),
	END
};

static const struct step accepted[] = {
	SET(CLIENT, LINGER, 0),
	CONNECTED,
	READ(SERVER, PENDING),
	CLOSE(CLIENT),
	RESULT(SERVER, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_connect_scan[] = {
	{
		.title = N_("a health check connects and aborts at once"),
		.story = N_("A load balancer or a scanner connects only to see whether that works, and aborts before the server has "
		            "called accept(). On Linux accept() returns the dead connection all the same, and the first read() "
		            "tells."),
		.steps = check,
		.kernel = AS(linger_zero),
	},
	{
		.face = "accepted",
		.title = N_("the same, with a server that was faster"),
		.story = N_("The server has accepted and waits for the first request; what comes is ECONNRESET. A log full of these, "
		            "at regular times, is a health check."),
		.steps = accepted,
		.kernel = AS(linger_zero),
	},
	{ 0 }
};
