#include "analysis/survey.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/sighting.h"
#include "analysis/worth.h"
#include "base/run.h"
#include "base/clock.h"
#include "flow/table_parts.h"

/* Segments between asking memory for something and using it: at some 50 ns each, longer than memory takes. */
#define LOOK_AHEAD 16

struct survey {
	struct table *table;
	struct sighter sighter;
	survey_seen_fn *seen;
	void *user;
	struct selection *selection;
	struct analysis_totals *totals;
	struct segment segment;   /* at hand: what flows look at is set, nothing else */
	uint32_t ordinal;
	unsigned file;
};

static void select_flow(struct survey *s, struct flow *flow)
{
	struct tuple tuple;

	if (flow->flags & FLOW_WANTED)
		return;
	flow->flags |= FLOW_WANTED;
	table_key(s->table, flow, &tuple);
	selection_add(s->selection, table_hash(s->table, &tuple));
}

/* What the second pass is told of a flow that it will look at. */
static void add_place(struct survey *s, const struct flow *flow)
{
	unsigned one = flow->half[0].segments, other = flow->half[1].segments;
	bool many = one == UINT16_MAX || other == UINT16_MAX;

	selection_add_place(s->selection, &(struct selection_place){
		.frame = frame_in_run(flow->file, flow->first_frame), .number = flow->ordinal,
		.segments = many ? 0 : one + other,
	});
}

static void account(struct survey *s, struct flow *flow)
{
	s->totals->endings[flow_ending(flow)]++;
	if (flow_unanswered(flow))
		select_flow(s, flow);
	if (flow->flags & FLOW_WANTED)
		add_place(s, flow);
}

static void let_go(void *user, void *value, bool crowded_out)
{
	struct survey *s = user;

	account(s, value);
	s->totals->connections_let_go += crowded_out;
}

/* The table asks for nanoseconds, the flow keeps milliseconds: here both count from the first frame. */
static unsigned worth(const void *value, int64_t now_ms)
{
	const struct flow *flow = value;

	return flow_worth(flow, (now_ms - (int64_t)flow->last_ms) * NS_PER_MS, LINGER_SURVEY_NS);
}

static bool is_spent(const void *value, int64_t now_ms)
{
	const struct flow *flow = value;

	return flow_is_over(flow) && now_ms - (int64_t)flow->last_ms > LINGER_SURVEY_NS / NS_PER_MS;
}

static void survey_free(struct survey *s)
{
	table_free(s->table);
	decoder_free(s->sighter.decoder);
	free(s);
}

struct survey *survey_new(size_t max_connections, uint64_t seed, struct selection *selection,
                          struct analysis_totals *totals, survey_seen_fn *seen, void *user)
{
	struct survey *s = calloc(1, sizeof *s);
	struct table_options options = {
		.value_size = sizeof(struct flow), .max_entries = max_connections, .seed = seed, .worth = worth,
		.is_spent = is_spent, .let_go = let_go, .user = s,
	};

	if (!s)
		return NULL;
	s->selection = selection;
	s->sighter.seed = seed;
	s->totals = totals;
	s->seen = seen;
	s->user = user;
	s->table = table_new(&options);
	s->sighter.decoder = decoder_new();
	if (!s->table || !s->sighter.decoder) {
		survey_free(s);
		return NULL;
	}
	return s;
}

static void begin(struct survey *s, struct flow *flow, const struct segment *segment, unsigned side)
{
	*flow = (struct flow){ .ordinal = ++s->ordinal, .file = (uint16_t)s->file };
	s->totals->connections++;
	flow_begin(flow, segment, side);
}

/* The ports of a segment from its tuple: only a guess at who is the client needs them. */
static void set_ports(struct segment *segment, const struct tuple *tuple, unsigned side)
{
	const uint8_t *ports = tuple->bytes + tuple->size - 4;

	segment->src.port = load_be16(side ? ports + 2 : ports);
	segment->dst.port = load_be16(side ? ports : ports + 2);
}

static void begin_flow(struct survey *s, struct flow *flow, uint64_t frame, const struct tuple *tuple, unsigned side)
{
	set_ports(&s->segment, tuple, side);
	s->segment.frame = frame;
	begin(s, flow, &s->segment, side);
}

/* Not found at the first try, or the first segment of a flow. */
static __attribute__((noinline))
struct flow *search(struct survey *s, const struct sightings *seen, size_t i, void *hint, bool *ret_added)
{
	const struct sighting *at = &seen->of[i];
	struct tuple tuple = sighting_tuple(seen, i);
	struct flow *flow = table_get_hinted(s->table, &tuple, table_hash_of_tag(high(at->tag_ports)), hint,
	                                     high(at->ms_payload), ret_added);

	if (flow && *ret_added) {
		selection_recur(s->selection, table_hash(s->table, &tuple));
		begin_flow(s, flow, seen->frames[i], &tuple, side_of(at));
	}
	return flow;
}

static __attribute__((noinline))
void begin_anew(struct survey *s, struct flow *flow, const struct sightings *seen, size_t i)
{
	struct tuple tuple = sighting_tuple(seen, i);
	unsigned side = side_of(&seen->of[i]);

	/* The segment at hand is the first of the next one. */
	flow->half[side].segments -= flow->half[side].segments != UINT16_MAX;
	account(s, flow);
	selection_recur(s->selection, table_hash(s->table, &tuple));
	begin_flow(s, flow, seen->frames[i], &tuple, side);
	flow->half[side].segments = 1;
}

/* Anything but data in order. */
static __attribute__((noinline))
void take_special(struct survey *s, struct flow *flow, const struct sightings *seen, size_t i, bool added)
{
	const struct sighting *at = &seen->of[i];
	struct segment *segment = &s->segment;
	unsigned side = side_of(at);

	if (segment->flags & TCP_SYN && !added && flow_begins_anew(flow, segment, side))
		begin_anew(s, flow, seen, i);
	flow_update_other(flow, segment, side);
	if (segment->flags & TCP_RST) {
		s->totals->resets++;
		select_flow(s, flow);
	}
}

static inline void set_segment(struct survey *s, const struct sighting *at)
{
	s->segment.seq = high(at->seq_ack);
	s->segment.ack = low(at->seq_ack);
	s->segment.payload_len = low(at->ms_payload);
	s->segment.flags = (uint16_t)flags_of(at);
}

static inline void take(struct survey *s, const struct sightings *seen, size_t i, void *hint)
{
	const struct sighting *at = &seen->of[i];
	const unsigned side = side_of(at);
	struct flow *flow = hint;
	bool added = false;
	uint16_t *segments;

	if (!flow || kind_of(at) != SIGHTING_IPV4 || !table_has_v4(s->table, flow, at->addresses, low(at->tag_ports))) {
		set_segment(s, at);
		flow = search(s, seen, i, hint, &added);
	}
	if (!flow)
		return;
	flow->last_ms = high(at->ms_payload);
	segments = &flow->half[side].segments;
	*segments += *segments != UINT16_MAX;
	if (flow_update_plain(flow, side, high(at->seq_ack), low(at->seq_ack), low(at->ms_payload), flags_of(at)))
		return;
	set_segment(s, at);
	take_special(s, flow, seen, i, added);
}

static void take_icmp(struct survey *s, const struct sightings *seen, size_t i)
{
	struct flow *flow = table_find(s->table, &seen->tuples[i],
	                               table_hash_of_tag(high(seen->of[i].tag_ports)));

	if (flow)
		select_flow(s, flow);
}

static void begin_batch(void *context, void *prepared)
{
	struct sightings *seen = prepared;

	(void)context;
	seen->count = 0;
}

/* In the other thread: it shares the sighter with nobody. */
static void prepare(void *context, void *prepared, const struct frame *frames, size_t count)
{
	struct survey *s = context;

	sighter_add(&s->sighter, prepared, frames, count);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void ask_some(const struct survey *s, const struct sightings *seen, size_t from, size_t to)
{
	const struct table *table = s->table;

	for (size_t i = from; i < to; i++)
		table_ask(table, high(seen->of[i].tag_ports));
}

static void guess_some(const struct survey *s, const struct sightings *seen, size_t from, size_t to, void **hints)
{
	const struct table *table = s->table;

	for (size_t i = from; i < to; i++)
		hints[i] = table_guess(table, high(seen->of[i].tag_ports));
}

static void take_some(struct survey *s, const struct sightings *seen, size_t from, size_t to, void *const *hints)
{
	for (size_t i = from; i < to; i++) {
		if (kind_of(&seen->of[i]) == SIGHTING_ICMP)
			take_icmp(s, seen, i);
		else
			take(s, seen, i, hints[i]);
	}
}

/*
 * What the table needs for a segment is asked for while those before it are worked on: first the slot, then the entry.
 * A few of each at a time, for a processor has room for a dozen requests to memory.
 */
static void take_batch(void *context, struct ahead_batch *batch)
{
	struct survey *s = context;
	const struct sightings *seen = batch->prepared;
	const size_t count = seen->count;
	void *hints[AHEAD_FRAMES];

	for (size_t i = 0; i < count + 2 * LOOK_AHEAD; i += LOOK_AHEAD) {
		ask_some(s, seen, i, least(i + LOOK_AHEAD, count));
		if (i >= LOOK_AHEAD)
			guess_some(s, seen, i - LOOK_AHEAD, least(i, count), hints);
		if (i >= 2 * LOOK_AHEAD)
			take_some(s, seen, i - 2 * LOOK_AHEAD, least(i - LOOK_AHEAD, count), hints);
	}
	s->seen(s->user, batch);
}

enum status survey_run(struct survey *s, struct source *source, unsigned file, struct trail *trail,
                       struct error *error)
{
	struct ahead_steps steps = {
		.ring = AHEAD_RING_MAX, .prepared_size = sizeof(struct sightings), .begin = begin_batch, .prepare = prepare,
		.take = take_batch, .context = s,
	};

	s->file = file;
	s->sighter.trail = trail;
	return ahead_run(source, &steps, error);
}

void survey_finish(struct survey *s)
{
	if (!s)
		return;
	s->totals->decoded = *decoder_counts(s->sighter.decoder);
	s->totals->decoded.fragments_lost += s->totals->decoded.fragments_waiting;
	s->totals->decoded.kinds[DECODED_SEGMENT] += s->sighter.glanced;
	survey_free(s);
}
