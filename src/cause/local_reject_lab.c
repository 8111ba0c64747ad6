#include "cause/step.h"

static const struct step own_output[] = {
	LISTEN(SERVER),
	REJECT(CLIENT, "output"),
	CONNECT(CLIENT, FAILS(ECONNREFUSED)),
	END
};

const struct scenario scenarios_local_reject[] = {
	{
		.title = N_("the client's own firewall refuses"),
		.story = N_("A rule in the client's own output chain answers in the server's name. Nothing ever leaves; the RST can "
		            "be seen on the client's loopback only."),
		.steps = own_output,
		.told = { [PARTY_ROUTER] = NOTHING, [PARTY_SERVER] = NOTHING },
	},
	{ 0 }
};
