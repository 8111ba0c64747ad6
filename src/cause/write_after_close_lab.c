#include "cause/step.h"

static const struct step two_writes[] = {
	CONNECTED,
	CLOSE(SERVER),
	WAIT_CLOSED(CLIENT),
	SAY(N_("the server has closed; the client does not look, and writes")),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	SAY(N_("the first write drew a RST; the second meets a broken pipe")),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	READ(CLIENT, AT_END),
	END
};

static const struct step killed[] = {
	ON_SIGPIPE(CLIENT, DEFAULT),
	CONNECTED,
	CLOSE(SERVER),
	WAIT_CLOSED(CLIENT),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	SAY(N_("the client neither catches nor ignores SIGPIPE")),
	WRITE(CLIENT, 5, KILLED(SIGPIPE)),
	END
};

static const struct step ignored[] = {
	ON_SIGPIPE(CLIENT, IGNORED),
	CONNECTED,
	CLOSE(SERVER),
	WAIT_CLOSED(CLIENT),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	SAY(N_("the client ignores SIGPIPE, as a JVM does")),
	WRITE(CLIENT, 5, FAILS(EPIPE)),
	END
};

const struct scenario scenarios_write_after_close[] = {
	{
		.title = N_("the server closes, the client writes twice"),
		.story = N_("The server accepts and closes at once. The client's kernel learns of it by the FIN; its program "
		            "does not look, and writes. The first write succeeds and draws a RST, the second gets EPIPE and "
		            "SIGPIPE, and a read still finds the end of file."),
		.steps = two_writes,
	},
	{
		.face = "sigpipe-kills",
		.title = N_("the same, and SIGPIPE kills the client"),
		.story = N_("A program that does nothing about SIGPIPE dies of it in its second write, without a word: a shell "
		            "shows status 141."),
		.steps = killed,
	},
	{
		.face = "sigpipe-ignored",
		.title = N_("the same, with SIGPIPE ignored"),
		.story = N_("With SIGPIPE ignored, the second write fails with EPIPE, and the program goes on."),
		.steps = ignored,
	},
	{ 0 }
};
