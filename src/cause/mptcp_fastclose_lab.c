#include "cause/step.h"

static const struct step fastclose[] = {
	SET(SERVER, MPTCP, 1),
	SET(CLIENT, MPTCP, 1),
	CONNECTED,
	EXCHANGE,
	SET(SERVER, LINGER, 0),
	CLOSE(SERVER),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

const struct scenario scenarios_mptcp_fastclose[] = {
	{
		.title = N_("an MPTCP connection is aborted as a whole"),
		.story = N_("Both ends speak MPTCP. The server aborts: its RST carries MP_FASTCLOSE, which ends all subflows."),
		.steps = fastclose,
		.kernel = AMONG(mptcp_fastclose),
	},
	{ 0 }
};
