/*
 * What looks settled and is not: addresses and ports that are used again, a RST of which only one end is known, what
 * others may have done at the same moment. None of it may be certain.
 */
#include "live/events.h"

/* One record: `first`, then `second` where it has a kind, is not called `cause` for certain. */
static void doubts(struct live_event first, struct live_event second, enum cause_id cause, const char *what)
{
	struct stage stage;

	begin(&stage);
	tell(&stage, first);
	if (second.has_tuple)
		tell(&stage, second);
	end(&stage);
	if (!ok(stage.v.cause != cause || stage.v.certainty != CERTAINTY_CERTAIN, "%s", what))
		printf("#   %s %s\n", certainty_id(stage.v.certainty), cause_get(stage.v.cause)->id);
}

/* The other way round: both tell of one record, and it is `cause` for certain. */
static void settles(struct live_event first, struct live_event second, enum cause_id cause, const char *what)
{
	struct stage stage;

	begin(&stage);
	tell(&stage, first);
	tell(&stage, second);
	end(&stage);
	is_cause(&stage, cause, CERTAINTY_CERTAIN, what);
}

static const struct live_event nothing;

/* What an older connection of the same addresses and ports had done is not this one's. */
static void test_ports_used_again(void)
{
	struct live_event event = passive(INVALID_SYN, STATE_LISTEN, ACK, 0);

	event.past = closed_before(STATE_LAST_ACK);
	event.past.reset = 1;
	event.has_past = 1;
	judges(event, CAUSE_accept_queue_overflow, CERTAINTY_CERTAIN, "a handshake that fails is no echo of an older reset");
	event = passive(NO_SOCKET, 0, SYN, 0);
	event.past = closed_before(STATE_LAST_ACK);
	event.past.reset = 1;
	event.has_past = 1;
	judges(event, CAUSE_port_closed, CERTAINTY_CERTAIN, "nor is a SYN to a closed port");
	event = passive(NO_SOCKET, 0, ACK, 5);
	event.past = closed_before(STATE_LAST_ACK);
	event.has_past = 1;
	event.segment.ack = event.past.fin_end + 1000000;
	doubts(event, nothing, CAUSE_close_race, "data of a later connection did not cross an older FIN");
	doubts(event, nothing, CAUSE_write_after_close, "nor was it written after that");
}

/* In CLOSE_WAIT, with nothing known of the sender. */
static struct live_event received_after_fin(void)
{
	struct live_event event = received(STATE_CLOSE_WAIT);

	event.socket.snd_nxt += 10;
	event.socket.write_seq += 10;
	return event;
}

static void test_only_the_receiver(void)
{
	struct live_event event = received_after_fin();

	judges(event, CAUSE_write_after_close, CERTAINTY_CERTAIN, "what was written after the FIN, and answered by nobody");
	event.socket.timestamps = 0;
	doubts(event, nothing, CAUSE_write_after_close, "without timestamps it may be an abort");
	event = received_after_fin();
	event.socket.snd_una -= 5;
	doubts(event, nothing, CAUSE_write_after_close, "where data was on its way already, the FIN may have crossed it");
	event = received(STATE_ESTABLISHED);
	event.socket.saw_timestamp = 1;
	event.socket.now_ticks = 5000;
	event.socket.sent_ticks = event.socket.received_ticks = 3000;
	doubts(event, nothing, CAUSE_abort, "after a silence of seconds it may be a keepalive timer");
}

/* A proxy that keeps addresses and ports has two connections that look like the two ends of one. */
static void test_not_the_other_end(void)
{
	struct live_event event = received(STATE_ESTABLISHED);

	event.peer = (struct live_past){ .state = STATE_ESTABLISHED, .counted = 1, .first = 77 };
	event.has_peer = 1;
	doubts(event, nothing, CAUSE_injected, "an end that began elsewhere need not know of the RST");
	event.peer.counted = 0;
	doubts(event, nothing, CAUSE_injected, "nor one that nobody saw begin");
}

/* The path had failed, and ICMP had said so before the kernel gave up. */
static void test_given_up(void)
{
	struct live_event event = passive(NO_SOCKET, 0, ACK, 5);

	event.past = (struct live_past){
		.born_ns = 1, .end_ns = START_NS - 1000000, .last = STATE_ESTABLISHED, .state = STATE_CLOSE,
		.error = EHOSTUNREACH, .opened = LIVE_OPENED_THERE,
	};
	event.has_past = 1;
	doubts(event, received(STATE_ESTABLISHED), CAUSE_half_open, "who gave up with another error has not vanished");
	event.past.error = 0;
	event.past.fin_ns = 0;
	judges(event, CAUSE_half_open, CERTAINTY_CERTAIN, "who went without a word has");
}

/* What is not remembered may be forgotten: the kernel side has bounds. */
static void test_forgotten(void)
{
	struct live_event event = passive(NO_SOCKET, 0, ACK, 0);

	event.listener = (struct live_listener){ .closed_ns = START_NS - 3000000, .process = { .pid = SERVER_PID } };
	event.has_listener = 1;
	settles(event, received(STATE_ESTABLISHED), CAUSE_listener_closed, "of who waits to be accepted nothing is known");
	event.forgot_ticks = 252;
	settles(event, received(STATE_ESTABLISHED), CAUSE_listener_closed, "what was forgotten before it began is not its");
	event.forgot_ticks = 100;
	doubts(event, received(STATE_ESTABLISHED), CAUSE_listener_closed, "… and what was forgotten later may be its");
	event = passive(NO_SOCKET, 0, ACK, 5);
	event.past = (struct live_past){
		.end_ns = START_NS - 1000000, .last = STATE_LAST_ACK, .state = STATE_CLOSE, .opened = LIVE_OPENED_THERE,
		.partial = 1,
	};
	event.has_past = 1;
	doubts(event, nothing, CAUSE_half_open, "who closed before anybody looked has not gone without a word");
	event = received(STATE_ESTABLISHED);
	event.peer = (struct live_past){ .state = STATE_ESTABLISHED, .counted = 1, .first = 2000, .partial = 1 };
	event.has_peer = 1;
	doubts(event, nothing, CAUSE_injected, "an end that was forgotten may have sent the RST before");
}

static void test_lingering(void)
{
	struct live_event event = passive(INVALID_ACK, STATE_SYN_SENT, ACK, 0);

	event.has_socket = 1;
	event.socket = socket_of(SERVER_SOCKET, STATE_SYN_SENT, STATE_CLOSE);
	event.socket.linger2 = -1;
	doubts(event, nothing, CAUSE_linger2_expired, "a connect() that fails has nothing to do with TCP_LINGER2");
}

int main(void)
{
	test_ports_used_again();
	test_only_the_receiver();
	test_not_the_other_end();
	test_given_up();
	test_forgotten();
	test_lingering();
	return done_testing();
}
