/*
 * A socket is found no more before it sends the RST with which it goes. What another processor answers meanwhile is no
 * power loss and no late write, whatever the order of the events, and the one RST that arrived is the socket's own.
 */
#include "live/events.h"

/* Two records of one end, each judged where it is asked for. */
struct pair {
	struct stage stage;
	struct live_record goodbye, answer;
	unsigned records;
};

static void on_either(void *user, const struct live_record *record)
{
	struct pair *pair = user;

	*(record->passive ? &pair->answer : &pair->goodbye) = *record;
	pair->records++;
}

static bool is_timer(void *user, const struct live_event *event)
{
	return by_timer(&((struct pair *)user)->stage, event);
}

static void no_owners(void *user, struct live_end **ends, size_t count)
{
	(void)user;
	(void)ends;
	(void)count;
}

/* The events are told in this order, up to one without a tuple. */
static void join(struct pair *pair, const struct live_event events[3])
{
	struct joiner_sink sink = { pair, on_either, NULL, is_timer, no_owners };

	*pair = (struct pair){ 0 };
	begin(&pair->stage);
	joiner_free(pair->stage.joiner);
	pair->stage.joiner = joiner_new(&sink);
	for (unsigned i = 0; i < 3 && events[i].has_tuple; i++)
		tell(&pair->stage, events[i]);
	end(&pair->stage);
}

static void judge(struct pair *pair, const struct live_record *record)
{
	pair->stage.records = 0;
	on_record(&pair->stage, record);
}

static void answer_is(struct pair *pair, enum cause_id cause, enum certainty certainty, const char *what)
{
	judge(pair, &pair->answer);
	is_cause(&pair->stage, cause, certainty, what);
}

/* The server is killed with 100 bytes unread. */
static struct live_event goodbye(void)
{
	struct live_event event = active(ABORT_ON_CLOSE, STATE_CLOSE, STATE_ESTABLISHED);

	event.socket.copied_seq -= 100;
	event.process = (struct live_process){ .pid = 300, .command = "worker", .exiting = 1, .exit_code = 9 };
	event.past = (struct live_past){
		.born_ns = event.socket.born_ns, .end_ns = START_NS - 5000, .from = STATE_ESTABLISHED,
		.last = STATE_ESTABLISHED, .state = STATE_CLOSE, .opened = LIVE_OPENED_THERE, .closer = event.process,
	};
	event.has_past = 1;
	return event;
}

/* … and a segment of the client meets the listener. */
static struct live_event answer(void)
{
	struct live_event event = passive(FLAGS, STATE_LISTEN, ACK | FIN, 0);

	event.has_socket = event.has_past = 1;
	event.socket = socket_of(SERVER_SOCKET + 1, STATE_LISTEN, STATE_CLOSE);
	event.past = goodbye().past;
	return event;
}

static void test_any_order(void)
{
	struct pair pair;

	join(&pair, (struct live_event[3]){ answer(), goodbye() });
	ok(pair.records == 2, "two RSTs were sent");
	answer_is(&pair, CAUSE_late_segment, CERTAINTY_CERTAIN, "an answer before the socket's own RST is no power loss");
	ok(pair.stage.testimony.sender.actor.pid == 300, "who closed is named, and not who listens");
	judge(&pair, &pair.goodbye);
	is_cause(&pair.stage, CAUSE_process_death, CERTAINTY_CERTAIN, "the socket's own RST tells why");
	join(&pair, (struct live_event[3]){ goodbye(), answer() });
	answer_is(&pair, CAUSE_late_segment, CERTAINTY_CERTAIN, "… also where that event comes first");
}

/* It was looked for before its end was noted, or just while it was. */
static void test_end_not_noted_yet(void)
{
	struct live_event early = answer();
	struct pair pair;

	early.past.end_ns = 0;
	early.past.closer = (struct live_process){ 0 };
	early.past.fin_ns = START_NS - 2000000;
	early.past.fin_end = 2051;
	early.past.from = early.past.state = STATE_FIN_WAIT2;
	early.segment.payload = 5;
	join(&pair, (struct live_event[3]){ early, goodbye() });
	answer_is(&pair, CAUSE_late_segment, CERTAINTY_CERTAIN, "what was shut down before and is aborted now");
	ok(pair.stage.testimony.sender.actor.pid == 300, "… is aborted by who sends the RST");
	early = answer();
	early.has_past = 0;
	early.past = (struct live_past){ 0 };
	early.forgot_ticks = 0;
	join(&pair, (struct live_event[3]){ early, goodbye() });
	answer_is(&pair, CAUSE_late_segment, CERTAINTY_CERTAIN, "what could not be read for it was being written");
}

static void test_one_was_received(void)
{
	struct pair pair;

	join(&pair, (struct live_event[3]){ answer(), received(STATE_ESTABLISHED), goodbye() });
	ok(pair.records == 2 && pair.goodbye.received && !pair.answer.received, "a RST arrives before it is told of");
	judge(&pair, &pair.goodbye);
	ok(pair.stage.v.cause == CAUSE_process_death && pair.stage.e.accepted == ACCEPTANCE_YES &&
	   pair.stage.testimony.receiver.here, "the client got the socket's own");
	join(&pair, (struct live_event[3]){ received(STATE_ESTABLISHED), answer(), goodbye() });
	ok(pair.records == 2 && pair.goodbye.received && !pair.answer.received, "… whatever comes first");
	join(&pair, (struct live_event[3]){ received(STATE_ESTABLISHED), goodbye(), answer() });
	ok(pair.records == 2 && pair.goodbye.received && !pair.answer.received, "… or last");
}

/* The same ports, and another connection. */
static void test_another_connection(void)
{
	struct live_event event = answer();
	struct pair pair;

	event.past.born_ns--;
	join(&pair, (struct live_event[3]){ event, goodbye() });
	answer_is(&pair, CAUSE_half_open, CERTAINTY_CERTAIN, "the RST of a younger connection says nothing of the older");
	event = passive(NO_SOCKET, 0, SYN, 0);
	event.past = answer().past;
	event.has_past = 1;
	join(&pair, (struct live_event[3]){ goodbye(), event, received(STATE_SYN_SENT) });
	answer_is(&pair, CAUSE_port_closed, CERTAINTY_CERTAIN, "nor of one that begins");
	ok(pair.answer.received && !pair.goodbye.received, "… which gets the RST that answers it");
}

/* Where events are missing, the socket's own RST may be one of them. */
static void test_incomplete(void)
{
	struct live_event event = answer();
	struct pair pair;

	join(&pair, (struct live_event[3]){ event });
	answer_is(&pair, CAUSE_half_open, CERTAINTY_CERTAIN, "who went without a RST has vanished");
	pair.stage.incomplete = true;
	judge(&pair, &pair.answer);
	ok(pair.stage.v.certainty != CERTAINTY_CERTAIN, "… unless its RST may not have been told of");
	event.past.end_ns = START_NS - 20000000;
	join(&pair, (struct live_event[3]){ event });
	pair.stage.incomplete = true;
	answer_is(&pair, CAUSE_half_open, CERTAINTY_CERTAIN, "… long after it went, none is to come");
}

int main(void)
{
	test_any_order();
	test_end_not_noted_yet();
	test_one_was_received();
	test_another_connection();
	test_incomplete();
	return done_testing();
}
