#include "cause/step.h"

static const struct step lower_number[] = {
	SYSCTL(CLIENT, "net.ipv4.tcp_timestamps", "0"),
	LISTEN(SERVER),
	SET(CLIENT, ISN, 2000000000),
	CONNECT(CLIENT),
	ACCEPT(SERVER),
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	CLOSE(SERVER),
	WAIT_CLOSED(CLIENT),
	READ(CLIENT, AT_END),
	CLOSE(CLIENT),
	WAIT_STATE(SERVER, TIME_WAIT),
	SAY(N_("the same port again, with a lower sequence number than the server saw last")),
	SET(CLIENT, ISN, 1000000000),
	CONNECT(CLIENT),
	ACCEPT(SERVER),
	WRITE(CLIENT, 5),
	READ(SERVER, RETURNS(5)),
	END
};

const struct scenario scenarios_time_wait_reuse[] = {
	{
		.title = N_("a connect meets the server's TIME_WAIT"),
		.story = N_("The server closed first and keeps the old connection in TIME_WAIT. The client uses the same port again, "
		            "without timestamps and with a lower sequence number, as it may happen behind a NAT. The server "
		            "answers with an ACK of the old connection, the client's kernel with a RST that clears it away, and "
		            "10 ms later the connection is there."),
		.steps = lower_number,
		/* See half-open-reconnect. */
		.kernel_at = { [PARTY_CLIENT] = AMONG(half_open_reconnect) },
	},
	{ 0 }
};
