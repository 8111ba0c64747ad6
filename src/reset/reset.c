#include "reset/reset.h"

#include "base/run.h"
#include "base/clock.h"
#include "base/sequence.h"
#include "reset/parts.h"

/* Packets on their way when the RST was captured still arrive for a round trip; half as much again for a queue. */
#define ROUND_TRIP_DEFAULT (200 * NS_PER_MS)
/* Longer ones are no round trips: half of the handshake was queued, or the clock jumped. */
#define ROUND_TRIP_CEILING (60 * NS_PER_S)
#define ROUND_TRIP_FLOOR (5 * NS_PER_MS)
/* A challenge ACK comes at once (RFC 5961 section 3.2). */
#define CHALLENGE_NS NS_PER_S

static struct moment moment_of(const struct note *note)
{
	return (struct moment){ .frame = note->frame, .time_ns = note->time_ns };
}

static void set_once(struct moment *moment, const struct note *note)
{
	if (!moment->frame)
		*moment = moment_of(note);
}

static struct scene scene_of(struct reset *reset, const struct conversation *c)
{
	return (struct scene){
		.reset = reset, .e = &reset->evidence, .c = c, .rst = &reset->rst, .side = reset->side,
		.trigger = reset->has_trigger ? &reset->trigger : NULL,
		.sender = &c->side[reset->side], .receiver = &c->side[!reset->side],
		.sender_half = &c->flow.half[reset->side], .receiver_half = &c->flow.half[!reset->side],
	};
}

/* From the handshake: SYN to final ACK. */
static int64_t round_trip(const struct conversation *c)
{
	const struct side *client = &c->side[c->flow.initiator];

	int64_t trip = c->handshake.time_ns - client->syn.time_ns;

	if (!c->handshake.frame || !client->syn.frame || client->syns.count || trip > ROUND_TRIP_CEILING)
		return 0;
	return trip;
}

static enum tcp_state receiver_state(const struct conversation *c, unsigned sender)
{
	const struct side *s = &c->side[sender], *r = &c->side[!sender];
	bool sender_closed = s->fin.frame || s->fin_implied;

	if (conversation_closed(c))
		return r->fin.frame < s->fin.frame ? TCP_STATE_TIME_WAIT : TCP_STATE_CLOSED;
	if (r->fin.frame)
		return sender_closed ? TCP_STATE_CLOSING : TCP_STATE_FIN_WAIT;
	if (sender_closed)
		return TCP_STATE_CLOSE_WAIT;
	if (r->syn.frame && !r->syn_ack && !s->segments)
		return TCP_STATE_SYN_SENT;
	if (r->syn.frame && r->syn_ack && !c->handshake.frame)
		return TCP_STATE_SYN_RECEIVED;
	if (!r->segments)
		return TCP_STATE_UNKNOWN;
	return r->syn.frame && !r->syn_ack && !s->syn.frame && s->first.frame && r->segments == 1 + r->syns.count
	       ? TCP_STATE_SYN_SENT : TCP_STATE_ESTABLISHED;
}

static void annotate(const struct scene *scene, const struct segment *segment)
{
	struct evidence *e = scene->e;
	const struct conversation *c = scene->c;

	e->frame = frame_in_file(scene->rst->frame);
	e->time_ns = scene->rst->time_ns;
	e->src = segment->src;
	e->dst = segment->dst;
	e->connection = c->number;
	e->first_frame = frame_in_file(c->flow.first_frame);
	for (unsigned i = 0; i < 2; i++) {
		e->isn_known[i] = c->side[scene->side ^ i].syn.frame;
		e->isn[i] = c->side[scene->side ^ i].isn;
	}
	e->sender_role = scene->side == c->flow.initiator ? ROLE_CLIENT : ROLE_SERVER;
	if (!(c->flow.flags & FLOW_INITIATOR_KNOWN) && c->segments == 1 && segment->src.port >= 1024 &&
	    segment->dst.port >= 1024)
		e->sender_role = ROLE_UNKNOWN;
	e->receiver_state = receiver_state(c, scene->side);
}

static void remember_numbers(struct reset *reset, const struct scene *scene)
{
	reset->receiver_next_known = scene->receiver_half->seen & HALF_SEQ;
	reset->receiver_next = scene->receiver_half->next;
	reset->sender_acked_known = scene->sender_half->seen & HALF_ACK;
	reset->sender_next_known = scene->sender_half->seen & HALF_SEQ;
	reset->sender_next = scene->sender_half->next;
	reset->sender_ts_known = scene->sender->any_options & scene->receiver->any_options & OPTION_TIMESTAMP;
	reset->sender_ts = scene->sender->ts_last;
	reset->round_trip_ns = round_trip(scene->c);
}

/* Whether the RST could end the connection: there was one, and its receiver does not drop it. */
static bool could_end(const struct scene *scene)
{
	const struct evidence *e = scene->e;

	return (scene->c->handshake.frame || scene->sender->segments) && !yes(e, FACT_RST_OUT_OF_WINDOW) &&
	       !yes(e, FACT_RST_UNSIGNED) && !yes(e, FACT_RST_CHECKSUM_BAD) &&
	       (e->receiver_state != TCP_STATE_SYN_SENT || yes(e, FACT_ANSWERS_SYN));
}

void reset_begin(struct reset *reset, struct conversation *c, const struct note *rst, const struct segment *segment,
                 const struct options *options)
{
	struct scene scene;
	const struct note *trigger;

	*reset = (struct reset){ .rst = *rst, .side = rst->side, .conversation = c };
	scene = scene_of(reset, c);
	trigger = find_trigger(&scene);
	if (trigger) {
		reset->trigger = *trigger;
		reset->has_trigger = true;
		scene.trigger = &reset->trigger;
		c->answered[rst->side] = trigger->frame;
	}
	annotate(&scene, segment);
	remember_numbers(reset, &scene);
	facts_of_rst(&scene, segment, options);
	facts_of_trigger(&scene);
	facts_of_predecessor(&scene);
	facts_of_sequence(&scene);
	facts_of_shape(&scene);
	facts_of_conversation(&scene);
	facts_of_probes(&scene);
	facts_of_time(&scene);
	facts_of_network(&scene, segment);
	facts_of_reason(&scene, segment, options);
	if (!c->ended[rst->side].frame && could_end(&scene))
		c->ended[rst->side] = moment_of(rst);
}

/* Until then a segment may have been on its way already when the RST was captured. */
static int64_t in_flight_until(const struct reset *reset)
{
	int64_t trip = reset->round_trip_ns > 0 ? reset->round_trip_ns + reset->round_trip_ns / 2 : ROUND_TRIP_DEFAULT;

	return reset->rst.time_ns + (trip < ROUND_TRIP_FLOOR ? ROUND_TRIP_FLOOR : trip);
}

/*
 * Packets may wait on the way for long. A segment was sent after its sender had got the RST only if it acknowledges
 * all that came before the RST, by its numbers or its echoed timestamp (RFC 7323 section 4.3).
 */
static bool knows_all(const struct reset *reset, const struct note *note)
{
	if (note->marks & NOTE_OUT_OF_ORDER)
		return false;
	if (reset->sender_ts_known && note->marks & NOTE_HAS_TIMESTAMP)
		return !seq_before(note->ts_echo, reset->sender_ts);
	return !reset->sender_next_known || !(note->flags & TCP_ACK) || !seq_before(note->ack, reset->sender_next);
}

static void observe_receiver(struct reset *reset, const struct note *note)
{
	bool late = note->time_ns > in_flight_until(reset) && knows_all(reset, note);
	bool bare_ack = note->payload_len == 0 && !(note->flags & (TCP_SYN | TCP_FIN));

	if (note->flags & TCP_SYN) {
		if (!(note->flags & TCP_ACK))
			set_once(&reset->syn_again, note);
		else if (reset->syn_again.frame)
			set_once(&reset->syn_accepted, note);
		else if (late)
			set_once(&reset->receiver_went_on, note);
		return;
	}
	if (bare_ack && !(note->marks & NOTE_ACKS_NEW) && note->time_ns - reset->rst.time_ns < CHALLENGE_NS &&
	    reset->receiver_next_known && note->seq == reset->receiver_next)
		set_once(&reset->challenged, note);
	else if (late || (note->marks & NOTE_ACKS_NEW && reset->sender_went_on.frame))
		set_once(&reset->receiver_went_on, note);
}

static void observe_sender(struct reset *reset, const struct note *note)
{
	bool late = note->time_ns > in_flight_until(reset);
	bool beyond = note->payload_len && !seq_before(note->seq, reset->rst.seq) && !(note->marks & NOTE_RETRANSMISSION);
	bool acks_more = note->flags & TCP_ACK && reset->sender_acked_known && note->marks & NOTE_ACKS_NEW;

	if (reset->has_trigger && reset->trigger.payload_len && note->flags & TCP_ACK &&
	    !seq_before(note->ack, reset->trigger.seq + reset->trigger.payload_len))
		set_once(&reset->sender_got_it, note);
	if (note->flags & TCP_SYN) {
		if (note->flags & TCP_ACK)
			set_once(reset->syn_again.frame ? &reset->syn_accepted : &reset->sender_went_on, note);
		else
			set_once(&reset->syn_again, note);
		return;
	}
	if (beyond || (acks_more && (late || note->payload_len)))
		set_once(&reset->sender_went_on, note);
	else if (late || note->marks & NOTE_RETRANSMISSION)
		set_once(&reset->sender_unaware, note);
}

void reset_observe(struct reset *reset, const struct conversation *c, const struct note *note)
{
	(void)c;
	if (reset->sealed || note->marks & NOTE_DUPLICATE || reset->syn_accepted.frame)
		return;
	reset->segments_after++;
	if (note->flags & TCP_RST)
		return;
	if (note->side == reset->side)
		observe_sender(reset, note);
	else
		observe_receiver(reset, note);
}

void reset_replaced(struct reset *reset, const struct segment *syn)
{
	if (!reset->syn_again.frame)
		reset->syn_again = (struct moment){ .frame = syn->frame, .time_ns = syn->time_ns };
}

enum sealed reset_due(const struct reset *reset, int64_t now_ns)
{
	if (now_ns - reset->rst.time_ns > SEAL_NS)
		return SEALED_TIME;
	return reset->segments_after >= SEAL_SEGMENTS ? SEALED_PACKETS : SEALED_NOT;
}

void reset_complete(struct reset *reset, const struct conversation *c)
{
	struct scene scene = scene_of(reset, c);

	facts_of_burst(&scene);
	facts_of_aftermath(&scene);
	judge_acceptance(&scene);
	count_loss(&scene);
	evidence_describe(&reset->evidence, &c->zeek);
	reset->complete = true;
}

void reset_seal(struct reset *reset, const struct conversation *c, enum sealed why)
{
	if (!reset->complete)
		reset_complete(reset, c);
	reset->evidence.sealed = why;
	reset->sealed = true;
}
