/* What the account of resets (article.h) describes beyond the scenarios of single causes. */
#include "cause/step.h"

static const struct step reset_not_refused[] = {
	LISTEN(SERVER),
	CONNECT(CLIENT),
	SAY(N_("the kernels have shaken hands; the server's program has not accepted, and closes its listener")),
	CLOSE_LISTENER(SERVER),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	READ(CLIENT, AT_END),
	END
};

#define CLOSED_PORT (LAB_PORT - 1)
#define A_SYN .to = PARTY_SERVER, .flags = LAB_SYN, .seq_offset = 1000000, .window = 1024, .hop_limit = 48

static const struct step scan[] = {
	LISTEN(SERVER),
	SAY(N_("a SYN to a port where somebody listens")),
	SEND_RAW(CLIENT, A_SYN),
	WAIT_SENT(CLIENT, LAB_RST),
	SAY(N_("a SYN to a port where nobody does")),
	SEND_RAW(CLIENT, A_SYN, .from_port = LAB_CLIENT_PORT + 1, .to_port = CLOSED_PORT),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	END
};

/* 100 bytes are on their way, 100 more wait behind them, and no acknowledgement comes. */
#define UNSENT_BYTES \
	HOLD(SERVER), \
	WRITE(CLIENT, 100), \
	SAY(N_("while nothing is acknowledged, Nagle's algorithm keeps the next bytes in the send buffer")), \
	WRITE(CLIENT, 100)

static const struct step linger_off[] = {
	CONNECTED,
	UNSENT_BYTES,
	SET(CLIENT, LINGER, -1),
	CLOSE(CLIENT),
	SAY(N_("close() has returned; the kernel sends the rest, and the FIN behind it")),
	RELEASE(SERVER),
	WAIT_UNREAD(SERVER, 200),
	READ(SERVER, RETURNS(200)),
	READ(SERVER, AT_END),
	END
};

static const struct step linger_zero[] = {
	CONNECTED,
	UNSENT_BYTES,
	SET(CLIENT, LINGER, 0),
	CLOSE(CLIENT),
	SAY(N_("close() has returned; the 100 bytes in the send buffer are gone")),
	WAIT_STATE(SERVER, GONE),
	READ(SERVER, RETURNS(100)),
	READ(SERVER, FAILS(ECONNRESET)),
	READ(SERVER, AT_END),
	END
};

static const struct step linger_n[] = {
	CONNECTED,
	UNSENT_BYTES,
	SET(CLIENT, LINGER, 5),
	CLOSE(CLIENT, PENDING),
	SAY(N_("close() waits, and now the acknowledgements come")),
	RELEASE(SERVER),
	RESULT(CLIENT),
	READ(SERVER, RETURNS(200)),
	READ(SERVER, AT_END),
	END
};

static const struct step linger_n_over[] = {
	CONNECTED,
	UNSENT_BYTES,
	SET(CLIENT, LINGER, 1),
	CLOSE(CLIENT, PENDING),
	SAY(N_("a second passes without an acknowledgement")),
	RESULT(CLIENT),
	SAY(N_("close() returned 0, and nothing was reset")),
	RELEASE(SERVER),
	READ(SERVER, RETURNS(200)),
	READ(SERVER, AT_END),
	END
};

static const struct step rst_unacknowledged[] = {
	CONNECTED,
	LOSE(SERVER, 1, LAB_ACK),
	WRITE(CLIENT, 100),
	SAY(N_("its acknowledgement was lost; the next 100 bytes wait behind it in the client's send buffer")),
	WRITE(CLIENT, 100),
	WAIT_UNREAD(SERVER, 100),
	CLOSE(SERVER),
	WAIT_STATE(CLIENT, GONE),
	SAY(N_("nothing was sent in answer, and the 100 bytes never will be")),
	READ(CLIENT, FAILS(ECONNRESET)),
	END
};

static const struct step rst_lost_once[] = {
	CONNECTED,
	LOSE(SERVER, 1, LAB_RST),
	WRITE(CLIENT, 5),
	WAIT_UNREAD(SERVER, 5),
	CLOSE(SERVER),
	SAY(N_("the server's socket is gone; the client knows of nothing")),
	POLL(CLIENT, POLLOUT),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	READ(CLIENT, FAILS(ECONNRESET)),
	READ(CLIENT, AT_END),
	END
};

static const struct step sigpipe_caught[] = {
	CONNECTED,
	CLOSE(SERVER),
	WAIT_CLOSED(CLIENT),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	SAY(N_("reading raises no signal")),
	READ(CLIENT, AT_END),
	SAY(N_("writing does, every time")),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	READ(CLIENT, AT_END),
	END
};

static const struct step reset_by_read[] = {
	CONNECTED,
	CLOSE(SERVER),
	WAIT_CLOSED(CLIENT),
	WRITE(CLIENT, 5),
	WAIT_STATE(CLIENT, GONE),
	SAY(N_("first a FIN came, then a RST; now the client reads")),
	READ(CLIENT, AT_END),
	POLL(CLIENT, POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP),
	GET_ERROR(CLIENT, EPIPE),
	READ(CLIENT, AT_END),
	END
};

const struct scenario scenarios_article[] = {
	{
		.face = "reset-not-refused",
		.title = N_("the listener closes before it accepts"),
		.story = N_("The client's connect() succeeded, for the server's kernel answers in the name of the program that "
		            "listens. The program closes its listener, and the connections in its queue are reset."),
		.steps = reset_not_refused,
		.told = EVERYWHERE(AS(listener_closed)),
	},
	{
		.face = "scan",
		.title = N_("a SYN finds an open port, and a closed one"),
		.story = N_("A scanner sends a SYN past its own TCP to one port where somebody listens, and to one where nobody "
		            "does."),
		.steps = scan,
		.kernel_at = { [PARTY_SERVER] = AS(port_closed) },
		.told = EVERYWHERE(AS(half_open_scan)),
		.kernel = AMONG(stray_probe),
		.also = (const uint8_t[]){ CAUSE_port_closed, CAUSES },
	},
	{
		.face = "linger-off",
		.title = N_("SO_LINGER {0, 0}: close() returns, and all arrives"),
		.story = N_("200 bytes are written, half of them are still in the send buffer, and the client closes. It does not "
		            "wait, and the server gets everything."),
		.steps = linger_off,
		.told = EVERYWHERE(NOTHING),
	},
	{
		.face = "linger-zero",
		.title = N_("SO_LINGER {1, 0}: close() returns, and half is lost"),
		.story = N_("200 bytes are written, half of them are still in the send buffer, and the client closes. It does not "
		            "wait, either, but the server gets what had been sent, and a RST."),
		.steps = linger_zero,
		.told = EVERYWHERE(AS(linger_zero)),
	},
	{
		.face = "linger-n",
		.title = N_("SO_LINGER {1, 5}: close() waits for the acknowledgements"),
		.story = N_("200 bytes are written, half of them are still in the send buffer, and the client closes. The call "
		            "returns when the server has acknowledged everything."),
		.steps = linger_n,
		.told = EVERYWHERE(NOTHING),
	},
	{
		.face = "linger-n-over",
		.title = N_("SO_LINGER {1, 1}: the time is over before all is acknowledged"),
		.story = N_("The acknowledgements do not come in time. After a second close() returns, and the connection lives on "
		            "without a program."),
		.steps = linger_n_over,
		.told = EVERYWHERE(NOTHING),
	},
	{
		.face = "rst-unacknowledged",
		.title = N_("nobody acknowledges a RST, and unsent bytes are dropped"),
		.story = N_("The client has 100 bytes in its send buffer when the server's RST arrives. No segment answers the RST, "
		            "and the bytes are thrown away with the connection."),
		.steps = rst_unacknowledged,
		.told = EVERYWHERE(AS(unread_data)),
	},
	{
		.face = "rst-lost-once",
		.title = N_("the RST gets lost, and the next segment draws another"),
		.story = N_("The server closes with bytes unread, and its RST gets lost. When the client sends again, the server's "
		            "kernel finds no connection to which the segment belongs, and answers with a RST."),
		.steps = rst_lost_once,
		/* Only the server has seen the first. */
		.told = { AS(half_open), AS(half_open), AS(unread_data) },
		.also = (const uint8_t[]){ CAUSE_late_segment, CAUSES },
	},
	{
		.face = "sigpipe-caught",
		.title = N_("SIGPIPE is caught; it comes for writing only"),
		.story = N_("The server has closed, a first write has drawn its RST. The client reads, which raises no signal, and "
		            "writes, which does."),
		.steps = sigpipe_caught,
		.told = EVERYWHERE(AS(write_after_close)),
	},
	{
		.face = "reset-by-read",
		.title = N_("the server closes, the client writes and reads"),
		.story = N_("The client reads when a FIN and a RST have come. On Linux the FIN decides: end of file."),
		.steps = reset_by_read,
		.told = EVERYWHERE(AS(write_after_close)),
	},
	{ 0 }
};
