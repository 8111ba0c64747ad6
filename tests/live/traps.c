/*
 * What the kernel's events say is not what they seem to say: one reason stands for many causes and one cause for many
 * reasons, events come in any order, whoever was interrupted did nothing. No trap may lead to a wrong certain.
 */
#include "live/events.h"

static void test_one_reason_many_causes(void)
{
	struct live_event event = active(STATE, STATE_CLOSE, STATE_ESTABLISHED);

	judges(event, CAUSE_disconnect, CERTAINTY_CERTAIN, "TCP_STATE of an open socket: connect(AF_UNSPEC)");
	event.socket.shutdown = 3;
	event.socket.lingers = 1;
	event.socket.linger_ticks = 0;
	judges(event, CAUSE_linger_zero, CERTAINTY_CERTAIN, "TCP_STATE of a socket that closes with SO_LINGER 0");
	event.socket.held = 0;
	event.socket.lingers = 0;
	judges(event, CAUSE_listener_closed, CERTAINTY_CERTAIN, "TCP_STATE of a socket that nobody had accepted");
	event = active(STATE, STATE_ESTABLISHED, STATE_SYN_RECV);
	judges(event, CAUSE_socket_destroyed, CERTAINTY_CERTAIN, "TCP_STATE in a live state: destroyed from outside");
	event = active(STATE, STATE_CLOSE_WAIT, STATE_ESTABLISHED);
	judges(event, CAUSE_socket_destroyed, CERTAINTY_CERTAIN, "… also where the peer had closed before");
	event = active(STATE, STATE_CLOSE, STATE_CLOSE_WAIT);
	event.socket.shutdown = 3;
	event.socket.held = 0;
	judges(event, CAUSE_listener_closed, CERTAINTY_CERTAIN, "… and so is one that waits to be accepted");
	event = active(STATE, STATE_FIN_WAIT2, STATE_FIN_WAIT1);
	event.socket.held = 0;
	event.socket.now_ticks = 1250;
	judges(event, CAUSE_fin_wait2_timeout, CERTAINTY_CERTAIN, "TCP_STATE of an orphan in FIN_WAIT2: its timer");
}

static void test_misleading_names(void)
{
	struct live_event event = active(ABORT_ON_LINGER, STATE_CLOSE, STATE_FIN_WAIT2);

	judges(event, CAUSE_linger2_expired, CERTAINTY_CERTAIN, "ABORT_ON_LINGER is TCP_LINGER2, not SO_LINGER");
	event = active(ABORT_ON_CLOSE, STATE_CLOSE, STATE_ESTABLISHED);
	event.socket.shutdown = 3;
	event.socket.copied_seq -= 100;
	judges(event, CAUSE_unread_data, CERTAINTY_CERTAIN, "ABORT_ON_CLOSE is unread data");
	event.socket.lingers = 1;
	event.socket.linger_ticks = 0;
	judges(event, CAUSE_unread_data, CERTAINTY_CERTAIN, "… also with SO_LINGER 0: unread data wins");
	event.process.exiting = 1;
	event.process.exit_code = 9;
	judges(event, CAUSE_process_death, CERTAINTY_CERTAIN, "… and where the process ends, its end");
	event.socket.before = STATE_CLOSE_WAIT;
	event.socket.copied_seq--;
	judges(event, CAUSE_process_death, CERTAINTY_CERTAIN, "… also where the peer had closed before, and was not read");
	event = active(ABORT_ON_CLOSE, STATE_CLOSE, STATE_ESTABLISHED);
	event.socket.mptcp = 1;
	judges(event, CAUSE_mptcp_fastclose, CERTAINTY_LIKELY, "… of MPTCP it is a fast close, unless it fell back to TCP");
	judges(passive(INVALID_SYN, STATE_LISTEN, ACK, 0), CAUSE_accept_queue_overflow, CERTAINTY_CERTAIN,
	       "INVALID_SYN for an ACK is a full accept queue");
	judges(passive(INVALID_SYN, STATE_LISTEN, SYN, 0), CAUSE_bad_handshake, CERTAINTY_CERTAIN,
	       "INVALID_SYN for a SYN is a second SYN");
	judges(active(ABORT_ON_MEMORY, STATE_CLOSE, STATE_FIN_WAIT1), CAUSE_orphan_limit, CERTAINTY_CERTAIN,
	       "ABORT_ON_MEMORY is the limit of orphans");
	judges(passive(EMPTCP, STATE_LISTEN, SYN, 0), CAUSE_mptcp_subflow, CERTAINTY_CERTAIN,
	       "a reason of MPTCP concerns a subflow");
}

static void test_many_reasons_one_cause(void)
{
	struct live_event event = passive(TIMEWAIT, STATE_TIME_WAIT, ACK, 5);

	event.past = closed_before(STATE_FIN_WAIT2);
	event.has_past = 1;
	judges(event, CAUSE_write_after_close, CERTAINTY_CERTAIN, "data after close meets the mini socket");
	event = passive(NO_SOCKET, 0, ACK, 5);
	event.past = closed_before(STATE_FIN_WAIT2);
	event.has_past = 1;
	judges(event, CAUSE_write_after_close, CERTAINTY_CERTAIN, "… or no socket, when tcp_fin_timeout is over");
	event.segment.ack = 2050;
	judges(event, CAUSE_close_race, CERTAINTY_CERTAIN, "… and is a race where it does not acknowledge the FIN");
	event = passive(ABORT_ON_DATA, STATE_CLOSE, ACK, 5);
	event.has_socket = 1;
	event.socket = socket_of(SERVER_SOCKET, STATE_CLOSE, STATE_FIN_WAIT2);
	event.past = closed_before(0);
	event.has_past = 1;
	event.socket.held = 0;
	judges(event, CAUSE_write_after_close, CERTAINTY_CERTAIN, "… or an orphan");
	event.socket.held = 1;
	judges(event, CAUSE_write_after_shutdown, CERTAINTY_CERTAIN, "… or a socket that is shut down, and open still");
	event.socket.held = 0;
	event.socket.linger2 = -1;
	event.segment.payload = 0;
	judges(event, CAUSE_linger2_expired, CERTAINTY_CERTAIN, "ABORT_ON_DATA without data is TCP_LINGER2 below zero");
}

/* Numbers of Linux 6.10 and 6.11, where MPTCP begins at 11. */
static void test_other_numbers(void)
{
	struct stage stage;

	begin(&stage);
	name(&stage.reasons, 11, "MPTCP_RST_EUNSPEC", REASON_MPTCP);
	tell(&stage, passive(11, STATE_LISTEN, SYN, 0));
	end(&stage);
	is_cause(&stage, CAUSE_mptcp_subflow, CERTAINTY_CERTAIN, "a number means what this kernel says that it means");
	begin(&stage);
	memset(&stage.reasons, 0, sizeof stage.reasons);
	tell(&stage, passive(UINT32_MAX, 0, SYN, 0));
	end(&stage);
	is_cause(&stage, CAUSE_port_closed, CERTAINTY_CERTAIN, "a kernel that names no reason is understood, too");
}

static void test_order(void)
{
	struct live_event sent = active(ABORT_ON_CLOSE, STATE_CLOSE, STATE_ESTABLISHED);
	struct stage stage;

	sent.socket.copied_seq -= 100;
	for (int turn = 0; turn < 2; turn++) {
		begin(&stage);
		tell(&stage, turn ? sent : received(STATE_ESTABLISHED));
		tell(&stage, turn ? received(STATE_ESTABLISHED) : sent);
		tell(&stage, error_at_client(ECONNRESET));
		end(&stage);
		is_cause(&stage, CAUSE_unread_data, CERTAINTY_CERTAIN,
		         turn ? "sent, then received: one record" : "received before it was sent: one record");
		ok(stage.testimony.receiver.error == ECONNRESET && stage.e.accepted == ACCEPTANCE_YES,
		   "the client gets ECONNRESET");
		ok(stage.e.lost_known && stage.e.lost_bytes == 100, "100 bytes are lost");
		ok(stage.e.sender_role == ROLE_SERVER, "the server sent it");
	}
}

static void test_bystanders(void)
{
	struct stage stage;
	struct live_event event = passive(NO_SOCKET, 0, SYN, 0);

	begin(&stage);
	tell(&stage, event);
	tell(&stage, received(STATE_SYN_SENT));
	end(&stage);
	is_cause(&stage, CAUSE_port_closed, CERTAINTY_CERTAIN, "a closed port");
	ok(!stage.testimony.sender.actor.known, "nobody did it: whoever was interrupted is not named");
	ok(stage.testimony.receiver.actor.pid == CLIENT_PID, "the client is who holds the socket");
	event.listener = (struct live_listener){
		.closed_ns = START_NS - 3000000, .process = { .pid = SERVER_PID, .command = "server" },
	};
	event.has_listener = 1;
	begin(&stage);
	tell(&stage, event);
	end(&stage);
	ok(stage.testimony.sender.actor.pid == SERVER_PID && stage.testimony.sender.actor.act == ACT_UNLISTEN &&
	   number(&stage.e, FACT_KERNEL_LISTENED) > 3000000, "a listener that closed a moment ago is named, and when");
	begin(&stage);
	event = active(KEEPALIVE, STATE_ESTABLISHED, STATE_SYN_RECV);
	event.process = (struct live_process){ .pid = BYSTANDER_PID };
	tell(&stage, event);
	end(&stage);
	is_cause(&stage, CAUSE_keepalive_timeout, CERTAINTY_CERTAIN, "a keepalive timer");
	ok(stage.testimony.sender.actor.pid == SERVER_PID, "its interrupted process is not blamed");
}

/* The listener is held by one process, and what it answers for was closed by another. */
static void test_listener_answers_for_closed(void)
{
	struct live_event event = passive(FLAGS, STATE_LISTEN, ACK, 5);
	struct stage stage;

	event.has_socket = 1;
	event.socket = socket_of(SERVER_SOCKET, STATE_LISTEN, STATE_CLOSE);
	event.past = closed_before(STATE_ESTABLISHED);
	event.past.fin_ns = 0;
	event.past.reset = 1;
	event.past.closer = (struct live_process){ .pid = 300, .command = "worker", .exiting = 1, .exit_code = 9 };
	event.has_past = 1;
	begin(&stage);
	tell(&stage, event);
	end(&stage);
	is_cause(&stage, CAUSE_late_segment, CERTAINTY_CERTAIN, "data after a RST met the listener");
	ok(stage.testimony.sender.actor.pid == 300 && stage.testimony.sender.actor.act == ACT_EXIT &&
	   stage.testimony.sender.actor.ago_ns > 0, "who closed is named, and not who listens");
	event.reason = INVALID_SYN;
	event.segment = (struct live_segment){ .seq = 1100, .ack = 2051, .flags = ACK };
	begin(&stage);
	tell(&stage, event);
	end(&stage);
	is_cause(&stage, CAUSE_accept_queue_overflow, CERTAINTY_CERTAIN, "a new connection of the same ports: its queue");
	ok(stage.testimony.sender.actor.pid == SERVER_PID, "who closed the old connection is not named for it");
}

/* Its listener closed while the last ACK of the handshake was handled: whoever ran then did nothing. */
static void test_unwanted_child(void)
{
	struct live_event event = active(STATE, STATE_CLOSE, STATE_SYN_RECV);
	struct stage stage;

	event.socket.held = 0;
	event.process = (struct live_process){ .pid = BYSTANDER_PID, .command = "bystander" };
	event.listener = (struct live_listener){
		.closed_ns = START_NS - 3000, .process = { .pid = SERVER_PID, .command = "server" },
	};
	event.has_listener = 1;
	for (int turn = 0; turn < 2; turn++) {
		begin(&stage);
		tell(&stage, event);
		end(&stage);
		is_cause(&stage, CAUSE_listener_closed, CERTAINTY_CERTAIN, "a child that its listener does not want any more");
		ok(turn ? !stage.testimony.sender.actor.known : stage.testimony.sender.actor.pid == SERVER_PID,
		   turn ? "… nor is anybody named where the listener is not known" : "… is not its doing who ran then");
		event.has_listener = 0;
		event.listener = (struct live_listener){ 0 };
	}
}

/* Data meets a socket that no program reads from any more. */
static void test_closed_and_held(void)
{
	struct live_event event = passive(ABORT_ON_DATA, STATE_CLOSE, ACK, 5);
	struct stage stage;

	event.has_socket = event.has_past = 1;
	event.socket = socket_of(SERVER_SOCKET, STATE_CLOSE, STATE_FIN_WAIT2);
	event.past = closed_before(0);
	event.past.closer.pid = 300;
	event.past.closer.made = LIVE_MADE_SHUTDOWN;
	event.listener = (struct live_listener){ .process = { .pid = SERVER_PID } };
	event.has_listener = 1;
	begin(&stage);
	stage.holders_ended = true;
	tell(&stage, event);
	end(&stage);
	is_cause(&stage, CAUSE_write_after_shutdown, CERTAINTY_CERTAIN, "shut down, and closed before anybody looks");
	ok(stage.testimony.sender.actor.pid == 300 && stage.testimony.sender.actor.act == ACT_SHUTDOWN,
	   "who shut it down is named, and not who listens");
	event.past.closer.made = LIVE_MADE_CLOSE;
	begin(&stage);
	tell(&stage, event);
	end(&stage);
	is_cause(&stage, CAUSE_write_after_close, CERTAINTY_CERTAIN, "close() that waits, by SO_LINGER, is no shutdown()");
	ok(stage.testimony.sender.actor.pid == 300 && stage.testimony.sender.actor.act == ACT_CLOSE, "who waits is named");
}

/* tcp_reset() is called for data after shutdown(), too, and fires the tracepoint of a RST that came in. */
static void test_reset_by_itself(void)
{
	struct live_event own = received(STATE_FIN_WAIT2), answer = passive(ABORT_ON_DATA, STATE_CLOSE, ACK, 5);
	struct stage stage;

	own.tuple = at_server();
	own.socket = socket_of(SERVER_SOCKET, STATE_FIN_WAIT2, STATE_FIN_WAIT1);
	own.socket.held = 0;
	answer.has_socket = answer.has_past = 1;
	answer.socket = socket_of(SERVER_SOCKET, STATE_CLOSE, STATE_FIN_WAIT2);
	answer.socket.held = 0;
	answer.past = closed_before(STATE_FIN_WAIT2);
	begin(&stage);
	tell(&stage, own);
	tell(&stage, answer);
	tell(&stage, received(STATE_CLOSE_WAIT));
	end(&stage);
	is_cause(&stage, CAUSE_write_after_close, CERTAINTY_CERTAIN, "what a socket does to itself is no RST that came in");
}

static void test_ends_without_reset(void)
{
	struct stage stage;

	begin(&stage);
	tell(&stage, error_at_client(ETIMEDOUT));
	end(&stage);
	is_cause(&stage, CAUSE_no_answer, CERTAINTY_CERTAIN, "ETIMEDOUT without a RST: no answer");
	begin(&stage);
	tell(&stage, error_at_client(ECONNREFUSED));
	end(&stage);
	is_cause(&stage, CAUSE_icmp_refused, CERTAINTY_CERTAIN, "ECONNREFUSED without a RST: ICMP");
	begin(&stage);
	tell(&stage, error_at_client(EHOSTUNREACH));
	end(&stage);
	is_cause(&stage, CAUSE_icmp_refused, CERTAINTY_LIKELY, "EHOSTUNREACH may also be a neighbour that does not answer");
}

/* A RST that nobody sent, though the sender's end is here and alive. */
static void test_nobody_sent_it(void)
{
	struct live_event event = received(STATE_ESTABLISHED);
	struct stage stage;

	event.peer = (struct live_past){
		.state = STATE_ESTABLISHED, .opened = LIVE_OPENED_THERE, .counted = 1, .first = 2000,
	};
	event.has_peer = 1;
	begin(&stage);
	tell(&stage, event);
	end(&stage);
	is_cause(&stage, CAUSE_injected, CERTAINTY_CERTAIN, "the sender's kernel sent none: injected");
	begin(&stage);
	stage.incomplete = true;
	tell(&stage, event);
	end(&stage);
	ok(stage.v.certainty != CERTAINTY_CERTAIN, "… but not where events were lost");
	begin(&stage);
	stage.dropped_ns_ago = 30000;
	tell(&stage, event);
	end(&stage);
	is_cause(&stage, CAUSE_firewall_reject, CERTAINTY_CERTAIN, "… nor where netfilter had just dropped what it answers");
	begin(&stage);
	stage.dropped_ns_ago = 30000000;
	tell(&stage, event);
	end(&stage);
	ok(stage.v.certainty != CERTAINTY_CERTAIN, "… and where that was 30 ms ago nobody can say which of them it is");
	event.peer.rst_ns = START_NS - 400000000;
	begin(&stage);
	tell(&stage, event);
	end(&stage);
	ok(stage.v.cause != CAUSE_injected, "… nor where it sent one a while ago, which may have been long on its way");
	event.has_peer = 0;
	begin(&stage);
	tell(&stage, event);
	end(&stage);
	ok(stage.v.certainty != CERTAINTY_CERTAIN, "… nor where the sender is elsewhere");
}

/* What was dropped is known for a while: where it may be forgotten, nobody says that netfilter had no part in it. */
static void test_drops_are_forgotten(void)
{
	static const struct {
		uint64_t dropped_ns_ago, forgot_ns_ago, before_ns_ago;
		bool another, at_once;
		uint32_t within;
		enum cause_id cause;
		const char *what;
	} cases[] = {
		{ 30000, 40000, .another = true, .cause = CAUSES, .what = "another's drop took the place of a recent one" },
		{ 30000, 5000000000, .another = true, .cause = CAUSE_injected, .what = "… of one of five seconds before" },
		{ 30000, 0, .another = true, .cause = CAUSE_injected, .what = "another's drop took nobody's place" },
		{ 30000, 0, .at_once = true, .cause = CAUSES, .what = "two were dropped at once" },
		{ 5000000000, 0, .at_once = true, .cause = CAUSE_injected, .what = "… five seconds before" },
		{ 30000, 0, .cause = CAUSE_firewall_reject, .what = "it was dropped" },
		{ 30000, 60000, .cause = CAUSES, .what = "… and may have been before, which no REJECT does" },
		{ 30000, 200000000, .cause = CAUSES, .what = "… or sent again" },
		{ 30000, 200000000000, .cause = CAUSE_firewall_reject, .what = "… but not minutes later" },
		{ 30000, .before_ns_ago = 50000, .cause = CAUSES, .what = "two were dropped, one behind the other" },
		{ 30000, .before_ns_ago = 200000000000, .cause = CAUSE_firewall_reject, .what = "… but not minutes before" },
		{ 30000, .within = 7, .cause = CAUSE_firewall_reject, .what = "it was dropped in this namespace" },
		{ 30000, 40000, .within = 8, .cause = CAUSES, .what = "what another dropped took the place of a recent one" },
		{ -(uint64_t)30000000, 0, .cause = CAUSE_injected, .what = "it was dropped later" },
		{ -(uint64_t)30000000, 30000, .cause = CAUSES, .what = "… and may have been before" },
	};
	struct live_event event = received(STATE_ESTABLISHED);

	event.peer = (struct live_past){
		.state = STATE_ESTABLISHED, .opened = LIVE_OPENED_THERE, .counted = 1, .first = 2000,
	};
	event.has_peer = 1;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct stage stage;

		begin(&stage);
		stage.dropped_ns_ago = cases[i].dropped_ns_ago;
		stage.forgot_ns_ago = cases[i].forgot_ns_ago;
		stage.before_ns_ago = cases[i].before_ns_ago;
		stage.within = cases[i].within;
		stage.dropped_another = cases[i].another;
		stage.dropped_at_once = cases[i].at_once;
		tell(&stage, event);
		end(&stage);
		if (cases[i].cause == CAUSES)
			ok(stage.v.certainty != CERTAINTY_CERTAIN, "%s", cases[i].what);
		else
			is_cause(&stage, cases[i].cause, CERTAINTY_CERTAIN, cases[i].what);
	}
}

/* Namespaces may use the same addresses: only what comes at once belongs together then. */
static void test_ambiguous(void)
{
	struct live_event sent = active(STATE, STATE_CLOSE, STATE_ESTABLISHED), got = received(STATE_ESTABLISHED);
	struct stage stage;

	got.ambiguous = 1;
	begin(&stage);
	tell(&stage, sent);
	stage.now_ns += 50000000;
	tell(&stage, got);
	end(&stage);
	is_number(stage.records, 2, "two connections of the same addresses are two records");
}

static void test_pipes(void)
{
	struct live_event sent = passive(TIMEWAIT, STATE_TIME_WAIT, ACK, 5);
	struct live_event pipe = { .kind = LIVE_SIGPIPE, .tuple = at_client(), .process = { .pid = CLIENT_PID } };
	struct stage stage;

	sent.past = closed_before(STATE_FIN_WAIT2);
	sent.has_past = 1;
	for (int ignored = 0; ignored < 2; ignored++) {
		begin(&stage);
		tell(&stage, sent);
		tell(&stage, received(STATE_CLOSE_WAIT));
		pipe.result = ignored;
		tell(&stage, pipe);
		end(&stage);
		ok(stage.testimony.receiver.pipe == (ignored ? PIPE_IGNORED : PIPE_DELIVERED), "SIGPIPE %s",
		   ignored ? "is sent to who ignores it, too" : "delivered");
	}
	begin(&stage);
	tell(&stage, sent);
	tell(&stage, received(STATE_CLOSE_WAIT));
	joiner_advance(stage.joiner, stage.now_ns + 2 * JOIN_NS);
	tell(&stage, pipe);
	ok(stage.records == 1 && stage.late == 1, "a SIGPIPE that comes later is told later");
	end(&stage);
}

/* The receiver had closed, or died, before: nobody holds its socket, if there is one still. */
static void test_receiver_has_gone(void)
{
	struct live_event sent = active(ABORT_ON_CLOSE, STATE_CLOSE, STATE_CLOSE_WAIT), got = received(STATE_FIN_WAIT1);
	struct stage stage;

	got.past = sent.peer = (struct live_past){
		.fin_ns = START_NS - 5000000, .opened = LIVE_OPENED_HERE, .state = STATE_FIN_WAIT1,
		.closer = { .pid = CLIENT_PID, .command = "client", .exiting = 1 },
	};
	sent.has_peer = got.has_past = 1;
	got.socket.held = 0;
	for (int orphan = 0; orphan < 2; orphan++) {
		begin(&stage);
		tell(&stage, sent);
		if (orphan)
			tell(&stage, got);
		end(&stage);
		ok(stage.records == 1 && stage.testimony.receiver.actor.pid == CLIENT_PID &&
		   stage.testimony.receiver.actor.act == ACT_EXIT && stage.testimony.receiver.actor.ago_ns > 5000000,
		   "who had ended before is named, and when: %s", orphan ? "an orphan" : "no socket is left");
	}
}

/* A program that dies of SIGPIPE is gone before anybody can look for the holder of its socket. */
static void test_pipe_of_the_dead(void)
{
	struct live_event got = received(STATE_CLOSE_WAIT);
	struct live_event pipe = {
		.kind = LIVE_SIGPIPE, .tuple = at_client(), .process = { .pid = CLIENT_PID, .command = "client" },
	};
	struct stage stage;

	got.socket.opener = CLIENT_PID;
	begin(&stage);
	stage.holders_ended = true;
	tell(&stage, passive(TIMEWAIT, STATE_TIME_WAIT, ACK, 5));
	tell(&stage, got);
	tell(&stage, pipe);
	end(&stage);
	ok(stage.testimony.receiver.pipe == PIPE_DELIVERED && stage.testimony.receiver.actor.pid == CLIENT_PID,
	   "the SIGPIPE of a program that has ended belongs to the connection that it made");
}

/* A stream of resets holds no more than its bound, and loses none. */
static void test_bound(void)
{
	struct live_event event = passive(NO_SOCKET, 0, SYN, 0);
	struct stage stage;

	begin(&stage);
	for (unsigned i = 0; i < JOIN_MAX + 1000; i++) {
		event.tuple.remote_port = (uint16_t)i;
		event.tuple.remote[3] = (uint8_t)(i >> 16);
		tell(&stage, event);
	}
	is_number(stage.records, 1000, "beyond the bound the oldest are handed over early");
	end(&stage);
	is_number(stage.records, JOIN_MAX + 1000, "none is lost");
}

int main(void)
{
	test_one_reason_many_causes();
	test_misleading_names();
	test_many_reasons_one_cause();
	test_other_numbers();
	test_order();
	test_bystanders();
	test_listener_answers_for_closed();
	test_unwanted_child();
	test_closed_and_held();
	test_reset_by_itself();
	test_ends_without_reset();
	test_nobody_sent_it();
	test_drops_are_forgotten();
	test_ambiguous();
	test_pipes();
	test_pipe_of_the_dead();
	test_receiver_has_gone();
	test_bound();
	return done_testing();
}
