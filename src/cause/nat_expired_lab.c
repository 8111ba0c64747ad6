#include "cause/step.h"

#define THROUGH_NAT RULE(ROUTER, "postrouting", "oifname eth1 masquerade"), CONNECTED
static const struct step client_first[] = {
	SYSCTL(ROUTER, "net.netfilter.nf_conntrack_tcp_loose", "0"),
	THROUGH_NAT,
	EXCHANGE,
	IDLE(400),
	FORGET(ROUTER),
	SAY(N_("the client's next segment is not translated any more: to the server it comes from a stranger")),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

static const struct step server_first[] = {
	THROUGH_NAT,
	EXCHANGE,
	IDLE(400),
	FORGET(ROUTER),
	SAY(N_("the server's next segment goes to the router's own address, and the router knows no such connection")),
	WRITE(SERVER, 5),
	WAIT_SENT(SERVER, LAB_DATA),
	WAIT_ARRIVED(SERVER, LAB_RST),
	READ(SERVER, FAILS(ECONNRESET)),
	SAY(N_("the client waits on")),
	WAIT_STATE(CLIENT, ESTABLISHED),
	END
};

const struct scenario scenarios_nat_expired[] = {
	{
		.face = "client-first",
		.title = N_("the NAT box forgot the mapping; the client writes"),
		.story = N_("The router translates the client's address, and forgets the mapping of an idle connection. What the "
		            "client sends then reaches the server with another source, and the server's kernel answers it with "
		            "a RST."),
		.steps = client_first,
		.kernel = AMONG(half_open),
	},
	{
		.face = "server-first",
		.title = N_("the NAT box forgot the mapping; the server writes"),
		.story = N_("The same, but the server writes first. Its segment is addressed to the router, whose own kernel "
		            "answers it with a RST; the client never hears of it."),
		.steps = server_first,
		.kernel = AMONG(half_open),
		.told = { NOTHING, AMONG(idle_expired), AMONG(idle_expired) },
		.router_at_server = true,
	},
	{ 0 }
};
