#include "cause/step.h"

static const struct step ignored[] = {
	LISTEN(SERVER),
	SET(SERVER, MD5, 7, ON(LAB_LISTENER)),
	SET(CLIENT, MD5, 7),
	CONNECT(CLIENT),
	ACCEPT(SERVER),
	EXCHANGE,
	FORGE(CLIENT, .flags = LAB_RST, .through = true),
	SAY(N_("the numbers are right, but the RST is not signed: it counts for nothing")),
	WRITE(SERVER, 5),
	READ(CLIENT, RETURNS(5)),
	END
};

const struct scenario scenarios_unsigned_reset[] = {
	{
		.title = N_("a RST without the signature that both ends agreed on"),
		.story = N_("Both ends sign their segments (TCP-MD5, as BGP does). A RST without a signature, forged or made by a "
		            "host that has forgotten the key, is dropped in silence."),
		.steps = ignored,
		.told = { [PARTY_SERVER] = NOTHING },
	},
	{ 0 }
};
