#include "cause/step.h"

/* What conntrack does not believe: far beyond the window of the client. */
#define BEYOND_WINDOW SEND_RAW(SERVER, .own = true, .flags = LAB_ACK | LAB_PSH, .seq_offset = 50000000, .payload = 6, \
                               .window = 512)

static const struct step destination[] = {
	LISTEN(SERVER),
	RULE(ROUTER, "prerouting", "iifname eth0 tcp dport {port} dnat {ip} to {server}"),
	SAY(N_("the client connects to the router, which translates that to the server")),
	CONNECT_TO(CLIENT, ROUTER),
	ACCEPT(SERVER),
	EXCHANGE,
	SAY(N_("a segment of the server does not fit the window, and goes on to the client untranslated")),
	BEYOND_WINDOW,
	WAIT_SENT(CLIENT, LAB_RST),
	READ(SERVER, FAILS(ECONNRESET)),
	SAY(N_("the client's own connection, to the router's address, is still there")),
	WAIT_STATE(CLIENT, ESTABLISHED),
	END
};

static const struct step source[] = {
	RULE(ROUTER, "postrouting", "oifname eth1 masquerade"),
	CONNECTED,
	EXCHANGE,
	SAY(N_("a segment of the server does not fit the window: untranslated, it is for the router itself")),
	BEYOND_WINDOW,
	WAIT_ARRIVED(SERVER, LAB_RST),
	READ(SERVER, FAILS(ECONNRESET)),
	WAIT_STATE(CLIENT, ESTABLISHED),
	END
};

const struct scenario scenarios_conntrack_invalid[] = {
	{
		.title = N_("a reply leaks past destination NAT to the client"),
		.story = N_("The client talks to a service address, which the router translates to the server. One segment of the "
		            "server fails conntrack's check of the window, is not translated back, and reaches the client from an "
		            "address that it never spoke to: its kernel resets, and the RST kills the server's connection."),
		.steps = destination,
		.kernel = AMONG(half_open),
		.told = { [PARTY_SERVER] = AMONG(half_open) },
	},
	{
		.face = "masquerade",
		.title = N_("a reply leaks past source NAT to the NAT box itself"),
		.story = N_("The router hides the client behind its own address. A segment that conntrack calls invalid stays "
		            "addressed to the router, whose kernel knows no such connection and resets it."),
		.steps = source,
		.kernel = AMONG(half_open),
		.told = { NOTHING, AMONG(firewall_reject), AMONG(firewall_reject) },
		.router_at_server = true,
	},
	{ 0 }
};
