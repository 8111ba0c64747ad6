#include "cause/step.h"

#define FINDS_OUT WRITE(CLIENT, 5), WAIT_STATE(CLIENT, GONE), READ(CLIENT, FAILS(ECONNRESET))

static const struct step user_timeout[] = {
	HASTEN(SERVER, "net.ipv4.tcp_rto_min_us", "20000"),
	CONNECTED,
	EXCHANGE,
	SET(SERVER, USER_TIMEOUT, 400),
	SAY(N_("the path from the server to the client breaks, for data at least")),
	LOSE_ALL(SERVER, LAB_DATA),
	WRITE(SERVER, 5),
	READ(SERVER, PENDING),
	RESULT(SERVER, FAILS(ETIMEDOUT)),
	SAY(N_("Linux gives up in silence; the client knows nothing of it and writes")),
	WAIT_STATE(CLIENT, ESTABLISHED),
	FINDS_OUT,
	END
};

const struct scenario scenarios_peer_timed_out[] = {
	{
		.title = N_("the server had given up (TCP_USER_TIMEOUT), silently"),
		.story = N_("The server's data does not get through. It is sent again until TCP_USER_TIMEOUT (or tcp_retries2) is "
		            "over, then the server's program gets ETIMEDOUT, and nothing is said on the wire. When the path is whole "
		            "again the client writes, and meets nobody."),
		.steps = user_timeout,
		.kernel_also = (const uint8_t[]){ CAUSE_no_answer, CAUSES },
	},
	{ 0 }
};
