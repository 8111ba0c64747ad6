#include "cause/step.h"

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

/* Forged on the router itself, whose packets have one hop less behind them than those that it forwards. */
#define ON_ROUTER .hop_limit = 65, .through = true
/* tcpkill answers what it sees with RSTs at the window's edge, and some more for what is on its way. */
#define GUESS(who, offset) FORGE(who, .flags = LAB_RST, .seq_offset = (offset), .ip_id = 4711 + (offset), ON_ROUTER)

static const struct step tcpkill[] = {
	CONNECTED,
	EXCHANGE,
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	SAY(N_("seen: the client's data; forged: three RSTs to each side, a window further each time")),
	GUESS(CLIENT, 0),
	GUESS(CLIENT, 502),
	GUESS(CLIENT, 1506),
	GUESS(SERVER, 0),
	GUESS(SERVER, 502),
	GUESS(SERVER, 1506),
	READ(CLIENT, FAILS(ECONNRESET)),
	READ(SERVER, FAILS(ECONNRESET)),
	END
};

static const struct step killcx[] = {
	CONNECTED,
	EXCHANGE,
	SAY(N_("the connection is idle, so there are no numbers to see: a forged SYN makes the server tell them")),
	FORGE(SERVER, .flags = LAB_SYN, .seq_offset = 1000000, .window = 512, .ip_id = 4711, ON_ROUTER),
	WAIT_SENT(SERVER, LAB_ACK),
	SAY(N_("the server's challenge ACK had everything that a RST needs")),
	FORGE(SERVER, .flags = LAB_RST, .ip_id = 4712, ON_ROUTER),
	FORGE(CLIENT, .flags = LAB_RST, .ip_id = 4713, ON_ROUTER),
	READ(CLIENT, FAILS(ECONNRESET)),
	READ(SERVER, FAILS(ECONNRESET)),
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
	{
		.face = "tcpkill",
		.title = N_("a sniffer shoots at a busy connection (tcpkill)"),
		.story = N_("tcpkill waits for a segment, takes the numbers from it, and sends each side several RSTs in the other's "
		            "name, for the case that more data is already on its way."),
		.steps = tcpkill,
		.also = (const uint8_t[]){ CAUSE_late_segment, CAUSES },
	},
	{
		.face = "killcx",
		.title = N_("an idle connection is made to tell its numbers (killcx)"),
		.story = N_("killcx sends a SYN in the client's name. The server's kernel answers with a challenge ACK, which holds "
		            "the numbers of the connection, and both ends get a RST that fits."),
		.steps = killcx,
		.told = { [PARTY_CLIENT] = AMONG(firewall_reject) },
	},
	{ 0 }
};
