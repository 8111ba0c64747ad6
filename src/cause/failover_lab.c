#include "cause/step.h"

static const struct step taken_over[] = {
	CONNECTED,
	EXCHANGE,
	POWER_OFF(SERVER),
	TAKE_ADDRESS(SPARE),
	LISTEN(SPARE),
	SAY(N_("the address answers again, but from a machine that knows nothing of the connection")),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_failover[] = {
	{
		.title = N_("a spare server takes over the address, without the state"),
		.story = N_("The server fails, and a spare takes over its address, as keepalived or a cluster does it. The state of "
		            "the connections stayed behind: the next segment is answered with a RST. From beyond the router the "
		            "spare looks like the old server after a reboot."),
		.steps = taken_over,
		.kernel = AMONG(half_open),
	},
	{ 0 }
};
