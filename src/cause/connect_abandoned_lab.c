#include "cause/step.h"

static const struct step closed[] = {
	LISTEN(SERVER),
	SET(CLIENT, NONBLOCK, 1),
	HOLD(SERVER),
	CONNECT(CLIENT, FAILS(EINPROGRESS)),
	POLL(CLIENT, 0),
	SAY(N_("the program's patience is at an end")),
	CLOSE(CLIENT),
	RELEASE(SERVER),
	WAIT_SENT(CLIENT, LAB_RST),
	SET(SERVER, NONBLOCK, 1, ON(LAB_LISTENER)),
	ACCEPT(SERVER, FAILS(EAGAIN)),
	END
};

static const struct step killed[] = {
	LISTEN(SERVER),
	HOLD(SERVER),
	CONNECT(CLIENT, PENDING),
	KILL(CLIENT, SIGKILL),
	RELEASE(SERVER),
	WAIT_SENT(CLIENT, LAB_RST),
	END
};

static const struct step timed_out[] = {
	LISTEN(SERVER),
	SET(CLIENT, USER_TIMEOUT, 500),
	HOLD(SERVER),
	CONNECT(CLIENT, FAILS(ETIMEDOUT)),
	SAY(N_("only now the SYN-ACK comes through")),
	RELEASE(SERVER),
	WAIT_SENT(CLIENT, LAB_RST),
	END
};

const struct scenario scenarios_connect_abandoned[] = {
	{
		.title = N_("the program gives up before the SYN-ACK comes"),
		.story = N_("A client with a connect timeout of its own closes its socket while the SYN-ACK is still on its way. "
		            "When it arrives nobody wants it any more, and the client's kernel says so with a RST. The server's "
		            "program never hears of the attempt."),
		.steps = closed,
	},
	{
		.face = "killed",
		.title = N_("the client is killed while it connects"),
		.story = N_("The process dies in connect(). That sends nothing; only the late SYN-ACK draws a RST."),
		.steps = killed,
	},
	{
		.face = "timed-out",
		.title = N_("connect() times out, and then the SYN-ACK comes"),
		.story = N_("The client's kernel gives up, here for TCP_USER_TIMEOUT, by default after tcp_syn_retries, some two "
		            "minutes. connect() fails with ETIMEDOUT; the SYN-ACK was only slow."),
		.steps = timed_out,
		.kernel_also = (const uint8_t[]){ CAUSE_no_answer, CAUSES },
		.also = (const uint8_t[]){ CAUSE_late_segment, CAUSES },
	},
	{ 0 }
};
