#include "cause/step.h"

static const struct step proxy[] = {
	LISTEN(ROUTER),
	SAY(N_("the router is a proxy here, and nobody listens at its backend, the server")),
	CONNECT_TO(CLIENT, ROUTER),
	ACCEPT(ROUTER),
	WRITE(CLIENT, 5),
	WAIT_UNREAD(ROUTER, 5),
	CONNECT(ROUTER, ON(2), FAILS(ECONNREFUSED)),
	CLOSE(ROUTER),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_backend_refused[] = {
	{
		.title = N_("a proxy shakes hands, and its backend refuses"),
		.story = N_("The client connects to a proxy, which accepts, and only then tries to reach its backend, where nobody "
		            "listens. It closes the client's connection with the request unread."),
		.steps = proxy,
		.kernel = AS(unread_data),
		.kernel_also = (const uint8_t[]){ CAUSE_port_closed, CAUSES },
		.told = { AMONG(abort), AMONG(abort), AS(port_closed) },
	},
	{ 0 }
};
