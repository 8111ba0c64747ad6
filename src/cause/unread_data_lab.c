#include "cause/step.h"

static const struct step unread[] = {
	CONNECTED,
	WRITE(CLIENT, 100),
	WAIT_UNREAD(SERVER, 100),
	SAY(N_("100 bytes wait at the server, and it closes without having read them")),
	CLOSE(SERVER),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	READ(CLIENT, AT_END),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	END
};

static const struct step answered[] = {
	CONNECTED,
	WRITE(CLIENT, 100),
	READ_SOME(SERVER, 10, RETURNS(10)),
	WRITE(SERVER, 8),
	CLOSE(SERVER),
	WAIT_STATE(CLIENT, GONE),
	SAY(N_("what had arrived before the RST can still be read, if the reader comes before the writer")),
	READ(CLIENT, RETURNS(8)),
	READ(CLIENT, FAILS(ECONNRESET)),
	READ(CLIENT, AT_END),
	END
};

static const struct step written_first[] = {
	CONNECTED,
	WRITE(CLIENT, 100),
	WAIT_UNREAD(SERVER, 100),
	CLOSE(SERVER),
	WAIT_STATE(CLIENT, GONE),
	SAY(N_("the error is told once, to whoever asks first: here the writer")),
	WRITE(CLIENT, 5, FAILS(ECONNRESET)),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	READ(CLIENT, AT_END),
	END
};

const struct scenario scenarios_unread_data[] = {
	{
		.title = N_("the server closes with bytes unread"),
		.story = N_("The client sends 100 bytes, the server closes without reading them. Its kernel cannot pretend that "
		            "they arrived where they should, and sends a RST in place of a FIN."),
		.steps = unread,
	},
	{
		.face = "after-an-answer",
		.title = N_("the same after an answer, which still can be read"),
		.story = N_("The server reads a part of the request, answers and closes: an HTTP server that refuses a large "
		            "upload. On Linux the answer survives the RST, if it arrived before."),
		.steps = answered,
	},
	{
		.face = "write-first",
		.title = N_("the same, and the client writes before it reads"),
		.story = N_("After a RST the error is delivered once for each socket. A writer that meets it first gets "
		            "ECONNRESET without SIGPIPE, and the reader only the end of file."),
		.steps = written_first,
	},
	{ 0 }
};
