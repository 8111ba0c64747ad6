#include "cause/step.h"

static const struct step port_unreachable[] = {
	LISTEN(SERVER),
	RULE(ROUTER, "forward", "tcp dport {port} reject with icmpx type port-unreachable"),
	CONNECT(CLIENT, FAILS(ECONNREFUSED)),
	END
};

const struct scenario scenarios_icmp_refused[] = {
	{
		.title = N_("\"connection refused\" without any RST"),
		.story = N_("The router answers the SYN with an ICMP error, \"port unreachable\". The client's program gets the "
		            "same ECONNREFUSED as from a RST."),
		.steps = port_unreachable,
		.told = { [PARTY_SERVER] = NOTHING },
	},
	{ 0 }
};
