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
	EXCHANGE,
	REJECT(ROUTER, "forward"),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	SAY(N_("the server knows nothing of it")),
	WAIT_STATE(SERVER, ESTABLISHED),
	END
};

static const struct step marked[] = {
	LISTEN(SERVER),
	REJECT(SERVER, "input"),
	SET(CLIENT, TOS, 0x48),
	CONNECT(CLIENT, FAILS(ECONNREFUSED)),
	END
};

static const struct step nonblocking[] = {
	LISTEN(SERVER),
	REJECT(ROUTER, "forward"),
	SET(CLIENT, NONBLOCK, 1),
	CONNECT(CLIENT, FAILS(EINPROGRESS)),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	POLL(CLIENT, POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP),
	GET_ERROR(CLIENT, ECONNREFUSED),
	END
};

static const struct step midstream_host[] = {
	CONNECTED,
	EXCHANGE,
	REJECT(SERVER, "input"),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	SAY(N_("the server's program knows nothing of it")),
	WAIT_STATE(SERVER, ESTABLISHED),
	END
};

static const struct step restarted[] = {
	SYSCTL(ROUTER, "net.netfilter.nf_conntrack_tcp_loose", "0"),
	RULE(ROUTER, "forward", "ct state invalid reject with tcp reset"),
	CONNECTED,
	EXCHANGE,
	FORGET(ROUTER),
	SAY(N_("to the firewall the next segment belongs to nothing")),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
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
	{
		.face = "midstream-host",
		.title = N_("a new rule on the server itself rejects in midstream"),
		.story = N_("The rule is loaded on the server while connections are open. Its RST comes from as far away as all else "
		            "of the server, and looks like that of a kernel that has lost the connection."),
		.steps = midstream_host,
		.told = { AMONG(half_open), AMONG(half_open), AMONG(half_open) },
	},
	{
		.face = "restart",
		.title = N_("the firewall restarts and forgets its connections"),
		.story = N_("A stateful firewall on the router loses its table. What belongs to no connection is invalid now, and is "
		            "rejected: every connection that was open dies at its next segment."),
		.steps = restarted,
		.told = { [PARTY_SERVER] = NOTHING },
	},
	{
		.face = "marked",
		.title = N_("the server's firewall rejects a SYN with a DSCP"),
		.story = N_("The same as on the host, but the client marks its packets. A kernel without a listener would copy the "
		            "mark onto its RST, the firewall does not: that settles who answered."),
		.steps = marked,
	},
	{
		.face = "nonblocking",
		.title = N_("the router rejects a connect() that does not wait"),
		.story = N_("For the program it is as with a closed port: poll() tells of the end, SO_ERROR of the reason."),
		.steps = nonblocking,
		.told = { AMONG(port_closed), AMONG(port_closed), NOTHING },
	},
	{ 0 }
};
