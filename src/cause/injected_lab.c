#include "cause/step.h"

#define EXCHANGE WRITE(CLIENT, 5), READ(SERVER, RETURNS(5)), WRITE(SERVER, 5), READ(CLIENT, RETURNS(5))

/* What gives the forger away. */
#define FORGER .hop_limit = 120, .ip_id = 4711, .flow_label = 0x4711, .through = true

static const struct step accepted[] = {
	CONNECTED,
	EXCHANGE,
	FORGE(CLIENT, .flags = LAB_RST, FORGER),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	SAY(N_("the server knows nothing of it, and goes on")),
	WRITE(SERVER, 5),
	WAIT_STATE(SERVER, GONE),
	READ(SERVER, FAILS(ECONNRESET)),
	END
};

static const struct step challenged[] = {
	CONNECTED,
	EXCHANGE,
	FORGE(CLIENT, .flags = LAB_RST, .seq_offset = 100, FORGER),
	SAY(N_("in the window, but not the very next number: the client asks the server (RFC 5961), and goes on")),
	WAIT_SENT(CLIENT, LAB_ACK),
	EXCHANGE,
	END
};

static const struct step out_of_window[] = {
	CONNECTED,
	EXCHANGE,
	FORGE(CLIENT, .flags = LAB_RST, .seq_offset = -1000000, FORGER),
	EXCHANGE,
	END
};

const struct scenario scenarios_injected[] = {
	{
		.title = N_("a box in between forges a RST that is accepted"),
		.story = N_("Somebody between the two ends knows the sequence numbers and sends the client a RST in the server's "
		            "name. The server goes on, and its next segment meets a client that knows nothing any more."),
		.steps = accepted,
		.told = { [PARTY_SERVER] = AS(half_open) },
		.also = (const uint8_t[]){ CAUSE_late_segment, CAUSES },
	},
	{
		.face = "challenged",
		.title = N_("a forged RST that is in the window, and is ignored"),
		.story = N_("The forged RST misses the next sequence number. Since RFC 5961 that draws a challenge ACK, and nothing "
		            "else happens."),
		.steps = challenged,
		.told = { [PARTY_SERVER] = NOTHING },
	},
	{
		.face = "out-of-window",
		.title = N_("a forged RST far out of the window"),
		.story = N_("The forger does not know the numbers; the client does not even answer."),
		.steps = out_of_window,
		.told = { [PARTY_SERVER] = NOTHING },
	},
	{ 0 }
};
