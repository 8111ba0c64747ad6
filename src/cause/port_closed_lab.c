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
	WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
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
	{ 0 }
};
