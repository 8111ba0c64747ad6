/*
 * Both ends of a connection may be on this host, in whatever network namespaces, and tell of one reset in any order: on
 * one host a RST is often received before its sender's event comes. Records wait in the order of their first events.
 */
#include <stdlib.h>
#include <string.h>

#include "live/pairing.h"

#define OWNERS_MAX 64
#define RECENT_MAX 256
#define AT_ONCE_NS 2000000ull

struct joiner {
	struct joiner_sink sink;
	struct live_record *records;  /* a ring of JOIN_MAX */
	uint64_t begin, end;          /* ordinals: the oldest, and one past the youngest */
	struct live_record recent[RECENT_MAX]; /* handed over, for signals that come later */
	uint64_t recent_count;
};

/* enum of trace/events/signal.h */
#define SIGNAL_IGNORED 1

enum pipe_signal live_pipe(const struct live_event *event)
{
	if (event->state)
		return PIPE_BLOCKED;
	return event->result == SIGNAL_IGNORED ? PIPE_IGNORED : PIPE_DELIVERED;
}

struct joiner *joiner_new(const struct joiner_sink *sink)
{
	struct joiner *joiner = calloc(1, sizeof *joiner);

	if (joiner)
		joiner->records = calloc(JOIN_MAX, sizeof *joiner->records);
	if (!joiner || !joiner->records) {
		joiner_free(joiner);
		return NULL;
	}
	joiner->sink = *sink;
	return joiner;
}

static struct live_record *at(const struct joiner *joiner, uint64_t ordinal)
{
	return &joiner->records[ordinal % JOIN_MAX];
}

/* By the call that it was in, as far as that is known. */
static enum act act_of(const struct live_process *process)
{
	if (process->exiting)
		return ACT_EXIT;
	switch (process->made) {
	case LIVE_MADE_SHUTDOWN: return ACT_HALF_CLOSE;
	case LIVE_MADE_CONNECT: return ACT_DISCONNECT;
	default: return ACT_CLOSE;
	}
}

void live_take_closer(struct live_end *end, const struct live_past *past)
{
	end->process = past->closer;
	end->act = act_of(&past->closer);
	end->act_ns = past->fin_ns ? past->fin_ns : past->end_ns;
	end->fd = 0;
}

bool live_was_closed(const struct live_past *past)
{
	return past->closer.pid && past->closer.made == LIVE_MADE_CLOSE;
}

/* Where no holder was found: it may have ended since. Who connected is known, who accepted by its listener. */
static void guess_holder(struct live_end *end, const struct live_past *past, const struct live_listener *listener)
{
	if (end->process.pid)
		return;
	if (past && past->closer.pid && past->fin_ns)
		live_take_closer(end, past);
	if (end->process.pid || !end->has_socket)
		return;
	if (end->socket.opener) {
		end->process.pid = end->socket.opener;
		memcpy(end->process.command, end->socket.opener_command, sizeof end->process.command);
	} else if (listener && end->socket.opened == LIVE_OPENED_THERE) {
		end->process = listener->process;
		end->act = ACT_LISTEN;
	}
}

static void hand_over(struct joiner *joiner)
{
	struct live_record *record = at(joiner, joiner->begin++);
	bool receiver_closed = record->has_receiver_past && !record->receiver.socket.held;
	/* One that is held may be shut down; where it connects, what is remembered is an older one of the same ports. */
	bool sender_closed = record->has_sender_past && record->passive && record->state != STATE_SYN_SENT;

	guess_holder(&record->receiver, receiver_closed ? &record->receiver_past : NULL,
	             record->has_receiver_listener ? &record->receiver_listener : NULL);
	guess_holder(&record->sender, sender_closed ? &record->sender_past : NULL,
	             record->has_listener ? &record->listener : NULL);
	joiner->recent[joiner->recent_count++ % RECENT_MAX] = *record;
	joiner->sink.record(joiner->sink.user, record);
}

static struct live_record *add(struct joiner *joiner, uint64_t time_ns)
{
	struct live_record *record;

	if (joiner->end - joiner->begin == JOIN_MAX)
		hand_over(joiner);
	record = at(joiner, joiner->end++);
	*record = (struct live_record){ .time_ns = time_ns, .reason = UINT32_MAX };
	return record;
}

static void take_socket(struct live_end *end, const struct live_event *event)
{
	end->tuple = event->tuple;
	if (!event->has_socket)
		return;
	end->socket = event->socket;
	end->has_socket = true;
}

/* Several may listen on a port. */
static void take_listener(struct live_record *record)
{
	struct live_end *sender = &record->sender;
	bool closed = record->listener.closed_ns && record->state != STATE_LISTEN;

	sender->process = record->listener.process;
	sender->act = !closed ? ACT_LISTEN : sender->process.exiting ? ACT_EXIT : ACT_UNLISTEN;
	sender->act_ns = closed ? record->listener.closed_ns : record->listener.opened_ns;
}

/* Who made the sender's end what it was when a segment met nobody. */
static void take_past(struct live_record *record)
{
	const struct live_past *past = record->has_sender_past ? &record->sender_past : NULL;

	if (past && past->closer.pid)
		live_take_closer(&record->sender, past);
	else if (record->has_listener)
		take_listener(record);
}

/* A full socket, whose program still holds it: one that waits in close() for its data to be sent does not. */
static bool is_held(const struct live_event *event)
{
	return event->has_socket && event->socket.held && event->socket.inode && !live_was_closed(&event->past);
}

/* Its listener closed while the handshake became complete: whoever runs is only interrupted. tcp_check_req() */
static bool is_unwanted_child(const struct live_event *event)
{
	return event->socket.state == STATE_CLOSE && event->socket.before == STATE_SYN_RECV && !event->socket.held;
}

static void take_actor(const struct joiner *joiner, struct live_record *record, const struct live_event *event)
{
	struct live_end *sender = &record->sender;

	if (event->passive) {
		if (!is_held(event))
			take_past(record);
		return;
	}
	if (is_unwanted_child(event)) {
		if (record->has_listener && record->listener.closed_ns)
			take_listener(record);
		return;
	}
	/* A timer: whoever runs is only interrupted. */
	if (event->socket.state != STATE_CLOSE && (!is_held(event) || joiner->sink.by_timer(joiner->sink.user, event)))
		return;
	sender->process = event->process;
	sender->act = act_of(&event->process);
}

static void take_sent(const struct joiner *joiner, struct live_record *record, const struct live_event *event)
{
	record->sent = true;
	record->passive = event->passive;
	record->reason = event->reason;
	record->state = event->state;
	record->segment = event->segment;
	record->has_segment = event->has_segment;
	record->synacks = event->synacks;
	record->sender_past = event->past;
	record->has_sender_past = event->has_past;
	record->forgot_ticks = event->forgot_ticks;
	if (event->has_peer && !record->has_receiver_past) {
		record->receiver_past = event->peer;
		record->has_receiver_past = true;
	}
	record->listener = event->listener;
	record->has_listener = event->has_listener;
	take_socket(&record->sender, event);
	take_actor(joiner, record, event);
	if (!record->receiver.tuple.version)
		record->receiver.tuple = turned(&event->tuple);
}

/* The youngest record that fits, as most events belong to what came just before; NULL for none. */
static struct live_record *find(struct joiner *joiner, const struct live_event *event,
                                bool (*fits)(const struct live_record *record, const struct live_event *event))
{
	for (uint64_t i = joiner->end; i > joiner->begin; i--)
		if (fits(at(joiner, i - 1), event))
			return at(joiner, i - 1);
	return NULL;
}

/* Two events of one RST; where several namespaces have such a connection, only what comes at once belongs together. */
static bool close_in_time(const struct live_record *record, const struct live_event *event)
{
	return !event->ambiguous || event->time_ns - record->time_ns < AT_ONCE_NS;
}

static bool was_received(const struct live_record *record, const struct live_event *event)
{
	return record->received && !record->sent && other_end(&record->receiver.tuple, &event->tuple) &&
	       close_in_time(record, event);
}

/* TCP itself resets the socket that a segment met before it answers the segment: nothing was received. */
static bool was_reset_by_itself(const struct live_record *record, const struct live_event *event)
{
	return record->received && !record->sent && event->passive && event->has_socket &&
	       record->receiver.socket.address == event->socket.address &&
	       same_end(&record->receiver.tuple, &event->tuple);
}

static bool was_error_here(const struct live_record *record, const struct live_event *event)
{
	return !record->received && !record->sent && !record->ignored && same_end(&record->receiver.tuple, &event->tuple);
}

/* Also as the echo of another: where the first was not taken, the second may be. */
static bool was_sent_at_all(const struct live_record *record, const struct live_event *event)
{
	return record->sent && !record->received && !record->ignored &&
	       other_end(&record->sender.tuple, &event->tuple) && close_in_time(record, event);
}

static bool was_sent(const struct live_record *record, const struct live_event *event)
{
	return !record->echo && was_sent_at_all(record, event);
}

static bool concerns(const struct live_record *record, const struct live_event *event)
{
	return (record->sent || record->received) && (other_end(&record->sender.tuple, &event->tuple) ||
	       same_end(&record->sender.tuple, &event->tuple) || same_end(&record->receiver.tuple, &event->tuple));
}

static void match_goodbye(struct joiner *joiner, struct live_record *fresh)
{
	for (uint64_t i = joiner->begin; i < joiner->end; i++) {
		pair_goodbye(fresh, at(joiner, i));
		pair_goodbye(at(joiner, i), fresh);
	}
}

/* The error came before the RST that the same end sent: what was the receiver of nothing is the sender. */
static void turn_round(struct live_record *record)
{
	record->sender = record->receiver;
	record->receiver = (struct live_end){ 0 };
	record->received = false;
	record->has_receiver_past = false;
}

static void on_sent(struct joiner *joiner, const struct live_event *event)
{
	struct live_record *record = find(joiner, event, was_received);
	bool again = false;

	if (!record) {
		record = find(joiner, event, was_reset_by_itself);
		if (!record && !event->passive)
			record = find(joiner, event, was_error_here);
		if (record)
			turn_round(record);
	}
	if (!record) {
		again = find(joiner, event, concerns) != NULL;
		record = add(joiner, event->time_ns);
		record->echo = again && event->passive && !begins_anew(&event->segment);
	}
	take_sent(joiner, record, event);
	match_goodbye(joiner, record);
}

/* The record of the RST that this event says came in. */
static struct live_record *record_of_arrival(struct joiner *joiner, const struct live_event *event)
{
	struct live_record *record = find(joiner, event, was_sent);

	if (!record)
		record = find(joiner, event, was_sent_at_all);
	if (!record) {
		record = add(joiner, event->time_ns);
		record->sender.tuple = turned(&event->tuple);
		record->sender_past = event->peer;
		record->has_sender_past = event->has_peer;
	}
	record->receiver_past = event->past;
	record->has_receiver_past = event->has_past;
	record->receiver_listener = event->listener;
	record->has_receiver_listener = event->has_listener;
	take_socket(&record->receiver, event);
	return record;
}

static void on_received(struct joiner *joiner, const struct live_event *event)
{
	record_of_arrival(joiner, event)->received = true;
}

static void on_ignored(struct joiner *joiner, const struct live_event *event)
{
	struct live_record *record = record_of_arrival(joiner, event);

	record->ignored = (uint8_t)event->reason;
	if (record->sent)
		return;
	record->segment = event->segment;
	record->has_segment = true;
}

static bool got_it(const struct live_record *record, const struct live_event *event)
{
	return record->received && same_end(&record->receiver.tuple, &event->tuple);
}

static bool gave_it(const struct live_record *record, const struct live_event *event)
{
	return record->sent && same_end(&record->sender.tuple, &event->tuple);
}

static void on_error(struct joiner *joiner, const struct live_event *event)
{
	struct live_record *record = find(joiner, event, got_it);
	struct live_end *end;

	if (record) {
		end = &record->receiver;
	} else if ((record = find(joiner, event, gave_it))) {
		end = &record->sender;
	} else {
		if (find(joiner, event, was_error_here))
			return;
		record = add(joiner, event->time_ns);
		record->sender.tuple = turned(&event->tuple);
		end = &record->receiver;
		take_socket(end, event);
	}
	if (!end->error)
		end->error = event->socket.error;
}

/* The end of the record that a call on this tuple was made at; NULL for none. */
static struct live_end *end_at(struct live_record *record, const struct live_tuple *tuple)
{
	if (same_end(&record->receiver.tuple, tuple))
		return &record->receiver;
	return same_end(&record->sender.tuple, tuple) ? &record->sender : NULL;
}

static void look_for_owners(struct joiner *joiner);

static void take_outcome(struct live_end *end, const struct live_event *event)
{
	/* Several may hold a socket: who got it is who is told of. */
	if (!end->process.pid || end->act == ACT_UNKNOWN || end->act == ACT_LISTEN) {
		end->process = event->process;
		end->act = ACT_UNKNOWN;
		end->asked = true;
	}
	if (event->kind == LIVE_SIGPIPE) {
		end->pipe = live_pipe(event);
		end->fd = (int)event->fd + 1;
		return;
	}
	if (end->call != CALL_NONE)
		return;
	end->call = event->state == LIVE_CALL_SEND ? CALL_SEND : CALL_RECEIVE;
	end->error = -event->result;
}

static void on_outcome(struct joiner *joiner, const struct live_event *event)
{
	look_for_owners(joiner);
	for (uint64_t i = joiner->end; i > joiner->begin; i--) {
		struct live_end *end = end_at(at(joiner, i - 1), &event->tuple);

		if (end) {
			take_outcome(end, event);
			return;
		}
	}
	for (uint64_t i = joiner->recent_count; i > 0 && joiner->recent_count - i < RECENT_MAX; i--) {
		struct live_record *record = &joiner->recent[(i - 1) % RECENT_MAX];

		if (end_at(record, &event->tuple)) {
			joiner->sink.late(joiner->sink.user, record, event);
			return;
		}
	}
}

void joiner_event(struct joiner *joiner, const struct live_event *event)
{
	switch (event->kind) {
	case LIVE_SENT: on_sent(joiner, event); break;
	case LIVE_RECEIVED: on_received(joiner, event); break;
	case LIVE_IGNORED: on_ignored(joiner, event); break;
	case LIVE_ERROR: on_error(joiner, event); break;
	case LIVE_SIGPIPE:
	case LIVE_CALL: on_outcome(joiner, event); break;
	}
}

static bool wants_owner(const struct live_end *end)
{
	return !end->asked && !end->process.pid && end->has_socket && end->socket.held;
}

static void look_for_owners(struct joiner *joiner)
{
	struct live_end *ends[OWNERS_MAX];
	size_t count = 0;

	for (uint64_t i = joiner->begin; i < joiner->end && count + 2 <= OWNERS_MAX; i++) {
		struct live_record *record = at(joiner, i);

		if (wants_owner(&record->sender))
			ends[count++] = &record->sender;
		if (wants_owner(&record->receiver))
			ends[count++] = &record->receiver;
	}
	for (size_t i = 0; i < count; i++)
		ends[i]->asked = true;
	if (count)
		joiner->sink.owners(joiner->sink.user, ends, count);
}

void joiner_advance(struct joiner *joiner, uint64_t now_ns)
{
	look_for_owners(joiner);
	while (joiner->begin < joiner->end && at(joiner, joiner->begin)->time_ns + JOIN_NS <= now_ns)
		hand_over(joiner);
}

void joiner_finish(struct joiner *joiner)
{
	look_for_owners(joiner);
	while (joiner->begin < joiner->end)
		hand_over(joiner);
}

bool joiner_is_empty(const struct joiner *joiner)
{
	return joiner->begin == joiner->end;
}

bool joiner_is_sender(const struct live_record *record, const struct live_tuple *tuple)
{
	return same_end(&record->sender.tuple, tuple) && !same_end(&record->receiver.tuple, tuple);
}

void joiner_free(struct joiner *joiner)
{
	if (!joiner)
		return;
	free(joiner->records);
	free(joiner);
}
