/*
 * Before Linux 6.12 the kernel gives no reason for what a socket resets by itself, before 6.10 none at all: the state
 * of the socket tells as much. What it cannot tell is not certain.
 */
#include "live/events.h"

#define NONE UINT32_MAX

/* One event of a kernel without reasons is told, and judged. */
static void old_judges(struct live_event event, enum cause_id cause, enum certainty certainty, const char *what)
{
	struct stage stage;

	begin(&stage);
	stage.reasons = (struct reasons){ 0 };
	stage.silent = true;
	tell(&stage, event);
	end(&stage);
	is_cause(&stage, cause, certainty, what);
}

static void test_closing(void)
{
	struct live_event event = active(NONE, STATE_CLOSE, STATE_ESTABLISHED);

	old_judges(event, CAUSE_disconnect, CERTAINTY_CERTAIN, "an open socket: connect(AF_UNSPEC)");
	event.socket.shutdown = 3;
	event.socket.lingers = 1;
	event.socket.linger_ticks = 0;
	old_judges(event, CAUSE_linger_zero, CERTAINTY_CERTAIN, "it closes with SO_LINGER 0");
	event.socket.rcv_nxt += 5;
	old_judges(event, CAUSE_unread_data, CERTAINTY_CERTAIN, "it closes with unread data: that comes before SO_LINGER");
	event.process.exiting = 1;
	event.process.exit_code = 9;
	old_judges(event, CAUSE_process_death, CERTAINTY_CERTAIN, "its process ends with unread data");
}

static void test_orphans(void)
{
	struct live_event event = active(NONE, STATE_CLOSE, STATE_FIN_WAIT2);

	event.socket.held = 0;
	event.socket.shutdown = 3;
	event.socket.linger2 = -1;
	old_judges(event, CAUSE_linger2_expired, CERTAINTY_CERTAIN, "close() in FIN_WAIT2 with TCP_LINGER2 below zero");
	event.socket.linger2 = 0;
	old_judges(event, CAUSE_orphan_limit, CERTAINTY_CERTAIN, "the same without it: no room for orphans");
	event = active(NONE, STATE_CLOSE, STATE_ESTABLISHED);
	event.socket.held = 0;
	old_judges(event, CAUSE_listener_closed, CERTAINTY_CERTAIN, "nobody had accepted it");
	event = active(NONE, STATE_FIN_WAIT2, STATE_FIN_WAIT1);
	event.socket.now_ticks = 1250;
	event.socket.held = 0;
	old_judges(event, CAUSE_fin_wait2_timeout, CERTAINTY_CERTAIN, "an orphan in FIN_WAIT2: its timer");
}

/* A socket that lives resets; then this error is told of it, 0 for none. */
static struct stage reset_alive(struct live_event event, int error)
{
	struct live_event report = event;
	struct stage stage;

	begin(&stage);
	stage.reasons = (struct reasons){ 0 };
	stage.silent = true;
	tell(&stage, event);
	report.kind = LIVE_ERROR;
	report.socket.error = error;
	if (error)
		tell(&stage, report);
	end(&stage);
	return stage;
}

static void test_living(void)
{
	struct live_event event = active(NONE, STATE_ESTABLISHED, STATE_SYN_RECV);
	struct stage stage = reset_alive(event, ECONNABORTED);

	is_cause(&stage, CAUSE_socket_destroyed, CERTAINTY_CERTAIN, "ECONNABORTED follows: destroyed from outside");
	ok(stage.testimony.sender.actor.act == ACT_DESTROY, "by whoever ran");
	stage = reset_alive(event, 0);
	is_cause(&stage, CAUSE_socket_destroyed, CERTAINTY_CERTAIN, "without a probe it was no timer");
	event.socket.probes = 3;
	event.process = (struct live_process){ .pid = BYSTANDER_PID, .command = "bystander" };
	stage = reset_alive(event, ETIMEDOUT);
	is_cause(&stage, CAUSE_keepalive_timeout, CERTAINTY_CERTAIN, "ETIMEDOUT follows: its keepalive timer");
	ok(stage.testimony.sender.actor.pid == SERVER_PID, "whom a timer interrupts did nothing");
	stage = reset_alive(event, ECONNABORTED);
	is_cause(&stage, CAUSE_socket_destroyed, CERTAINTY_CERTAIN, "ECONNABORTED follows, whatever was probed");
	stage = reset_alive(event, 0);
	if (!ok(stage.v.certainty != CERTAINTY_CERTAIN, "nothing follows: not certain"))
		printf("#   %s\n", cause_get(stage.v.cause)->id);
	event = active(NONE, STATE_FIN_WAIT1, STATE_ESTABLISHED);
	event.socket.held = 0;
	stage = reset_alive(event, 0);
	ok(stage.v.certainty != CERTAINTY_CERTAIN, "an orphan that lives: destroyed, or one too many");
}

/* MPTCP resets its subflows in more ways than can be told apart. */
static void test_mptcp(void)
{
	struct live_event event = active(NONE, STATE_CLOSE, STATE_ESTABLISHED);
	struct stage stage;

	event.socket.mptcp = 1;
	begin(&stage);
	stage.reasons = (struct reasons){ 0 };
	tell(&stage, event);
	end(&stage);
	ok(stage.v.certainty != CERTAINTY_CERTAIN, "a subflow, or the whole connection: not certain");
	ok(stage.v.cause != CAUSE_disconnect && stage.v.cause != CAUSE_listener_closed, "nor is it a plain socket");
}

/* Whoever answers a segment is a full socket: before Linux 6.10 the others are not told of. */
static void test_answers(void)
{
	struct live_event event = passive(NONE, STATE_SYN_SENT, SYN | ACK, 0);
	struct stage stage;

	event.has_socket = 1;
	event.socket = socket_of(SERVER_SOCKET, STATE_SYN_SENT, STATE_CLOSE);
	old_judges(event, CAUSE_bad_handshake, CERTAINTY_CERTAIN, "it connects, and the SYN-ACK is not for its SYN");
	event = passive(NONE, STATE_LISTEN, ACK, 0);
	event.has_socket = 1;
	event.socket = socket_of(SERVER_SOCKET, STATE_LISTEN, STATE_CLOSE);
	begin(&stage);
	stage.reasons = (struct reasons){ 0 };
	stage.silent = true;
	tell(&stage, event);
	end(&stage);
	ok(stage.v.certainty != CERTAINTY_CERTAIN, "a listener answers for its queue, and for strangers: not certain");
}

int main(void)
{
	test_closing();
	test_orphans();
	test_living();
	test_mptcp();
	test_answers();
	return done_testing();
}
