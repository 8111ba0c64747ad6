#include "cause/step.h"

static const struct step closed[] = {
	CONNECTED,
	EXCHANGE,
	CLOSE(CLIENT),
	READ(SERVER, AT_END),
	SET(SERVER, LINGER, 0),
	CLOSE(SERVER),
	WAIT_STATE(CLIENT, GONE),
	END
};

static const struct step waiting[] = {
	CONNECTED,
	EXCHANGE,
	SHUTDOWN(CLIENT, SHUT_WR),
	WAIT_CLOSED(SERVER),
	READ(CLIENT, PENDING),
	READ(SERVER, AT_END),
	SET(SERVER, LINGER, 0),
	CLOSE(SERVER),
	RESULT(CLIENT, FAILS(ECONNRESET)),
	READ(CLIENT, AT_END),
	END
};

static const struct step unread[] = {
	CONNECTED,
	EXCHANGE,
	WRITE(CLIENT, 100),
	CLOSE(CLIENT),
	WAIT_STATE(SERVER, CLOSE_WAIT),
	SAY(N_("a last message and the FIN have come; the server closes without reading")),
	CLOSE(SERVER),
	WAIT_STATE(CLIENT, GONE),
	END
};

const struct scenario scenarios_abort_after_fin[] = {
	{
		.title = N_("the client closes, the server answers its FIN with a RST"),
		.story = N_("The client has everything and closes. The server, which has seen the end of file, closes with SO_LINGER "
		            "{1, 0}: a RST where a FIN was due. Nobody is there to notice."),
		.steps = closed,
	},
	{
		.face = "half-closed",
		.title = N_("the same, and the client still waits for an answer"),
		.story = N_("The client has only shut down writing and reads on. For it the same RST is ECONNRESET where the end of "
		            "file should have been."),
		.steps = waiting,
	},
	{
		.face = "unread",
		.title = N_("the client's last message and FIN were never read"),
		.story = N_("The client sends a last message and closes, the server closes without reading it: the message is lost, "
		            "and nobody learns of it."),
		.steps = unread,
		/* On a busy host the FIN is sent once more before the server closes: a tail loss probe. */
		.also = (const uint8_t[]){ CAUSE_late_segment, CAUSES },
	},
	{ 0 }
};
