#include "cause/step.h"

/* Who lost its table does not pick connections up again, and resets what it does not know. */
#define STATEFUL(who, hook) SYSCTL(who, "net.netfilter.nf_conntrack_tcp_loose", "0"), \
	RULE(who, hook, "meta l4proto tcp ct state invalid reject with tcp reset")
#define CONNECTED_AND_IDLE CONNECTED, WRITE(CLIENT, 5), READ(SERVER, RETURNS(5)), WRITE(SERVER, 5), \
	READ(CLIENT, RETURNS(5)), IDLE(400)
#define FINDS_OUT WRITE(CLIENT, 5), WAIT_STATE(CLIENT, GONE), READ(CLIENT, FAILS(ECONNRESET))

static const struct step box[] = {
	STATEFUL(ROUTER, "forward"),
	CONNECTED_AND_IDLE,
	FORGET(ROUTER),
	FINDS_OUT,
	SAY(N_("the server never saw any of it")),
	WAIT_STATE(SERVER, ESTABLISHED),
	END
};

static const struct step host[] = {
	STATEFUL(SERVER, "input"),
	CONNECTED_AND_IDLE,
	FORGET(SERVER),
	FINDS_OUT,
	WAIT_STATE(SERVER, ESTABLISHED),
	END
};

const struct scenario scenarios_idle_expired[] = {
	{
		.title = N_("a firewall forgets an idle connection, and resets it"),
		.story = N_("The router's firewall keeps a table of connections. This one says nothing for 400 s and is dropped from "
		            "the table; the client's next segment belongs to nothing that the firewall knows, and is rejected in "
		            "the server's name."),
		.steps = box,
		.kernel = AS(firewall_reject),
		.told = { [PARTY_SERVER] = NOTHING },
	},
	{
		.face = "host",
		.title = N_("the server's own firewall forgets it"),
		.story = N_("The same with the table on the server itself: the RST comes from the right machine, and the server's "
		            "program still has its connection."),
		.steps = host,
		.kernel = AS(firewall_reject),
		.told = { AMONG(half_open), AMONG(half_open), AMONG(half_open) },
	},
	{ 0 }
};
