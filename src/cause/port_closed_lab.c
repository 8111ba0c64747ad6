#include "cause/step.h"

static const struct step blocking[] = {
	SAY(N_("nobody listens on the port")),
	CONNECT(CLIENT, FAILS(ECONNREFUSED)),
	END
};

static const struct step nonblocking[] = {
	SET(CLIENT, NONBLOCK, 1),
	CONNECT(CLIENT, FAILS(EINPROGRESS)),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	POLL(CLIENT, POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP),
	GET_ERROR(CLIENT, ECONNREFUSED),
	POLL(CLIENT, POLLIN | POLLOUT | POLLHUP | POLLRDHUP),
	GET_ERROR(CLIENT, 0),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	END
};

static const struct step read_first[] = {
	SET(CLIENT, NONBLOCK, 1),
	CONNECT(CLIENT, FAILS(EINPROGRESS)),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	READ(CLIENT, FAILS(ECONNREFUSED)),
	READ(CLIENT, AT_END),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	END
};

static const struct step write_first[] = {
	SET(CLIENT, NONBLOCK, 1),
	CONNECT(CLIENT, FAILS(EINPROGRESS)),
	WAIT_ARRIVED(CLIENT, LAB_RST),
	WRITE(CLIENT, 5, FAILS(ECONNREFUSED)),
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
	READ(CLIENT, AT_END),
	END
};

static const struct step again[] = {
	CONNECT(CLIENT, FAILS(ECONNREFUSED)),
	LISTEN(SERVER),
	SAY(N_("now somebody listens, and the same socket will do")),
	CONNECT(CLIENT),
	ACCEPT(SERVER),
	END
};

const struct scenario scenarios_port_closed[] = {
	{
		.title = N_("a SYN meets a closed port"),
		.story = N_("The client connects to a port where nobody listens. The server's kernel answers the SYN with a "
		            "RST, and connect() fails with ECONNREFUSED: \"connection refused\", never \"reset\"."),
		.steps = blocking,
	},
	{
		.face = "nonblocking",
		.title = N_("the same with a connect() that does not wait"),
		.story = N_("connect() says EINPROGRESS; poll() tells of the end, and SO_ERROR of the reason, once."),
		.steps = nonblocking,
	},
	{
		.face = "read-first",
		.title = N_("the same, and the program reads without looking"),
		.story = N_("A program that neither polls nor asks for SO_ERROR gets the refusal from its first read(), and end of "
		            "file from the next."),
		.steps = read_first,
	},
	{
		.face = "write-first",
		.title = N_("the same, and the program writes without looking"),
		.story = N_("The first write() says \"connection refused\", without a SIGPIPE; the second says \"broken pipe\", "
		            "which is all that a log may show of a port where nobody listens."),
		.steps = write_first,
	},
	{
		.face = "again",
		.title = N_("a refused connect() is repeated on the same socket"),
		.story = N_("The server has not started yet. On Linux a socket whose connect() was refused may try again."),
		.steps = again,
	},
	{ 0 }
};
