#include "cause/step.h"

static const struct step on_router[] = {
	LISTEN(SERVER),
	REJECT(ROUTER, "forward"),
	CONNECT(CLIENT, FAILS(ECONNREFUSED)),
	END
};

static const struct step on_host[] = {
	LISTEN(SERVER),
	REJECT(SERVER, "input"),
	CONNECT(CLIENT, FAILS(ECONNREFUSED)),
	END
};

static const struct step midstream[] = {
	CONNECTED,
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	WRITE(SERVER, 5),
	READ(CLIENT, RETURNS(5)),
	REJECT(ROUTER, "forward"),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	SAY(N_("the server knows nothing of it")),
	WAIT_STATE(SERVER, ESTABLISHED),
	END
};

const struct scenario scenarios_firewall_reject[] = {
	{
		.face = "syn",
		.title = N_("the router rejects the SYN"),
		.story = N_("The server listens, but a rule on the router answers in its name: REJECT with tcp-reset. For the "
		            "client it looks like a closed port that is one hop nearer than it should be."),
		.steps = on_router,
		.told = { AMONG(port_closed), AMONG(port_closed), NOTHING },
	},
	{
		.face = "host",
		.title = N_("the server's own firewall rejects the SYN"),
		.story = N_("The rule stands on the server itself. But for the DSCP and, over IPv6, the flow label, its RST is that "
		            "of a closed port."),
		.steps = on_host,
		.told = { AMONG(port_closed), AMONG(port_closed), AMONG(port_closed) },
	},
	{
		.face = "midstream",
		.title = N_("a new rule on the router rejects in midstream"),
		.story = N_("The connection works until somebody loads a rule. The client's next segment is answered by the "
		            "router; the server keeps a connection that nobody will ever use again."),
		.steps = midstream,
		.told = { [PARTY_SERVER] = NOTHING },
	},
	{ 0 }
};
