#include "analysis/survey.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/peek.h"
#include "analysis/worth.h"
#include "base/run.h"
#include "base/clock.h"
#include "flow/table_parts.h"

/* Segments between asking memory for something and using it: at some 50 ns each, longer than memory takes. */
#define LOOK_AHEAD 12

/* One segment on its way to its flow: what flows look at, and no more, for it goes through the cache of two cores. */
struct sighting {
	uint64_t hash;
	void *hint;
	uint64_t words[2];        /* of the tuple; an IPv6 one goes on in struct surveyed */
	uint32_t seq, ack, payload_len;
	uint32_t now_ms;
	uint16_t flags;
	uint16_t index;           /* of its frame in the batch */
	uint8_t side;
	bool icmp;                /* no segment, but an ICMP error about one */
	bool v6;
};
_Static_assert(sizeof(struct sighting) <= 64, "one cache line");

struct surveyed {
	size_t count;
	struct sighting sightings[AHEAD_FRAMES];
	uint64_t more[AHEAD_FRAMES][TUPLE_WORDS - 2];
};

struct survey {
	struct table *table;
	struct decoder *decoder;
	uint64_t glanced;         /* frames that the decoder did not see */
	bool started;
	survey_seen_fn *seen;
	void *user;
	struct selection *selection;
	struct analysis_totals *totals;
	uint64_t seed;            /* of the table */
	int64_t start_ns;
	struct segment segment;   /* at hand: what flows look at is set, nothing else */
	uint32_t ordinal;
	unsigned file;
	struct trail *trail;
};

/* Since the first frame of the run; saturates. */
static uint32_t milliseconds(const struct survey *s, int64_t time_ns)
{
	int64_t ms = (time_ns - s->start_ns) / NS_PER_MS;

	return ms < 0 ? 0 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

static void select_flow(struct survey *s, struct flow *flow)
{
	struct tuple tuple;

	if (flow->flags & FLOW_WANTED)
		return;
	flow->flags |= FLOW_WANTED;
	table_key(s->table, flow, &tuple);
	selection_add(s->selection, table_hash(s->table, &tuple));
	selection_add_number(s->selection, frame_in_run(flow->file, flow->first_frame), flow->ordinal);
}

static void account(struct survey *s, struct flow *flow)
{
	s->totals->endings[flow_ending(flow)]++;
	if (flow_unanswered(flow))
		select_flow(s, flow);
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

static void survey_free(struct survey *s)
{
	table_free(s->table);
	decoder_free(s->decoder);
	free(s);
}

struct survey *survey_new(size_t max_connections, uint64_t seed, struct selection *selection,
                          struct analysis_totals *totals, survey_seen_fn *seen, void *user)
{
	struct survey *s = calloc(1, sizeof *s);
	struct table_options options = {
		.value_size = sizeof(struct flow), .max_entries = max_connections, .seed = seed, .worth = worth, .let_go = let_go,
		.user = s,
	};

	if (!s)
		return NULL;
	s->selection = selection;
	s->seed = seed;
	s->totals = totals;
	s->seen = seen;
	s->user = user;
	s->table = table_new(&options);
	s->decoder = decoder_new();
	if (!s->table || !s->decoder) {
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

static void begin_flow(struct survey *s, struct flow *flow, const struct frame *frame, struct segment *segment,
                       const struct tuple *tuple, unsigned side)
{
	set_ports(segment, tuple, side);
	segment->frame = frame->number;
	begin(s, flow, segment, side);
}

static struct tuple tuple_at(const struct surveyed *seen, size_t i)
{
	const struct sighting *at = &seen->sightings[i];
	struct tuple tuple = { .words = { at->words[0], at->words[1] }, .size = TUPLE_SIZE_V4 };

	if (at->v6) {
		memcpy(tuple.words + 2, seen->more[i], sizeof seen->more[i]);
		tuple.size = TUPLE_SIZE_V6;
	}
	return tuple;
}

/* Not found at the first try, or the first segment of a flow. */
static __attribute__((noinline))
struct flow *search(struct survey *s, const struct surveyed *seen, size_t i, const struct frame *frames,
                    bool *ret_added)
{
	const struct sighting *at = &seen->sightings[i];
	struct tuple tuple = tuple_at(seen, i);
	struct flow *flow = table_get_hinted(s->table, &tuple, at->hash, at->hint, at->now_ms, ret_added);

	if (flow && *ret_added)
		begin_flow(s, flow, &frames[at->index], &s->segment, &tuple, at->side);
	return flow;
}

static __attribute__((noinline))
void begin_anew(struct survey *s, struct flow *flow, const struct surveyed *seen, size_t i, const struct frame *frames)
{
	const struct sighting *at = &seen->sightings[i];
	struct tuple tuple = tuple_at(seen, i);

	account(s, flow);
	begin_flow(s, flow, &frames[at->index], &s->segment, &tuple, at->side);
}

static inline void take(struct survey *s, const struct surveyed *seen, size_t i, const struct frame *frames)
{
	const struct sighting *at = &seen->sightings[i];
	struct segment *segment = &s->segment;
	struct flow *flow = at->hint;
	bool added = false;

	segment->seq = at->seq;
	segment->ack = at->ack;
	segment->payload_len = at->payload_len;
	segment->flags = at->flags;
	if (!flow || at->v6 || !table_has_v4(s->table, flow, at->words))
		flow = search(s, seen, i, frames, &added);
	if (!flow)
		return;
	if (at->flags & TCP_SYN && !added && flow_begins_anew(flow, segment, at->side))
		begin_anew(s, flow, seen, i, frames);
	flow->last_ms = at->now_ms;
	flow_update(flow, segment, at->side);
	if (at->flags & TCP_RST) {
		s->totals->resets++;
		select_flow(s, flow);
	}
}

static void take_icmp(struct survey *s, const struct surveyed *seen, size_t i)
{
	struct tuple tuple = tuple_at(seen, i);
	struct flow *flow = table_find(s->table, &tuple, seen->sightings[i].hash);

	if (flow)
		select_flow(s, flow);
}

static inline void sight_numbers(struct sighting *at, uint32_t seq, uint32_t ack, uint32_t flags, uint32_t payload_len)
{
	at->seq = seq;
	at->ack = ack;
	at->payload_len = payload_len;
	at->flags = (uint16_t)flags;
}

static void sight_tuple(const struct survey *s, struct sighting *at, const struct tuple *tuple,
                        uint64_t more[TUPLE_WORDS - 2])
{
	at->hash = tuple_hash(tuple, s->seed);
	memcpy(at->words, tuple->words, sizeof at->words);
	at->v6 = tuple->size == TUPLE_SIZE_V6;
	if (at->v6)
		memcpy(more, tuple->words + 2, sizeof(uint64_t[TUPLE_WORDS - 2]));
}

/* What no glance can tell. False where it says nothing about TCP. */
static __attribute__((noinline))
bool sight_by_decoding(struct survey *s, const struct frame *frame, struct sighting *at, uint64_t more[TUPLE_WORDS - 2])
{
	struct segment segment = { 0 };
	struct icmp_error error;
	struct tuple tuple;
	enum decoded decoded = decoder_frame(s->decoder, frame, &segment, &error);

	trail_add(s->trail, frame, TRAIL_ALWAYS);
	at->icmp = decoded == DECODED_ICMP_ERROR;
	if (at->icmp)
		tuple_of(&error.src, &error.dst, &tuple);
	else if (decoded != DECODED_SEGMENT)
		return false;
	else
		at->side = (uint8_t)tuple_of(&segment.src, &segment.dst, &tuple);
	sight_tuple(s, at, &tuple, more);
	if (!at->icmp)
		sight_numbers(at, segment.seq, segment.ack, segment.flags, segment.payload_len);
	return true;
}

static __attribute__((noinline))
void sight_v6(const struct survey *s, const struct glance *glance, struct sighting *at, uint64_t more[TUPLE_WORDS - 2])
{
	struct tuple tuple;

	at->side = (uint8_t)peek_tuple(glance, &tuple);
	sight_tuple(s, at, &tuple, more);
}

/* A tuple that never leaves this function stays in registers. */
static inline void sight_v4(const struct survey *s, const struct glance *glance, struct sighting *at)
{
	struct tuple tuple;

	at->side = (uint8_t)peek_tuple_v4(glance, &tuple);
	at->hash = tuple_hash(&tuple, s->seed);
	at->words[0] = tuple.words[0];
	at->words[1] = tuple.words[1];
	at->v6 = false;
}

/* Decode one frame, no further than a survey needs. */
static inline bool sight(struct survey *s, const struct frame *frame, struct sighting *at,
                         uint64_t more[TUPLE_WORDS - 2])
{
	struct glance glance;
	const uint8_t *tcp;

	at->now_ms = milliseconds(s, frame->time_ns);
	if (!glance_at(frame, &glance))
		return sight_by_decoding(s, frame, at, more);
	at->icmp = false;
	if (glance.version == 4)
		sight_v4(s, &glance, at);
	else
		sight_v6(s, &glance, at, more);
	trail_add(s->trail, frame, at->hash);
	s->glanced++;
	tcp = glance.tcp;
	sight_numbers(at, load_be32(tcp + 4), load_be32(tcp + 8), load_be16(tcp + 12) & TCP_FLAGS,
	              glance.length - (uint32_t)(tcp[12] >> 4) * 4);
	return true;
}

/* In the other thread: it shares what it uses here with nobody, and the table's seed never changes. */
static void prepare(void *context, struct ahead_batch *batch)
{
	struct surveyed *seen = batch->prepared;
	struct survey *s = context;

	if (!s->started && batch->count) {
		s->start_ns = batch->frames[0].time_ns;
		s->started = true;
	}
	seen->count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		seen->sightings[seen->count].index = (uint16_t)i;
		seen->count += sight(s, &batch->frames[i], &seen->sightings[seen->count], seen->more[seen->count]);
	}
}

static inline void take_any(struct survey *s, struct surveyed *seen, size_t i, const struct frame *frames)
{
	if (seen->sightings[i].icmp)
		take_icmp(s, seen, i);
	else
		take(s, seen, i, frames);
}

/*
 * What the table needs for a segment is asked for while those before it are worked on: first the slot, then the entry.
 * One of each at a time, for a processor has room for a dozen requests to memory.
 */
static void take_batch(void *context, struct ahead_batch *batch)
{
	struct survey *s = context;
	struct surveyed *seen = batch->prepared;
	const size_t count = seen->count;

	for (size_t i = 0; i < count + 2 * LOOK_AHEAD; i++) {
		if (i < count)
			table_ask(s->table, seen->sightings[i].hash);
		if (i >= LOOK_AHEAD && i - LOOK_AHEAD < count) {
			struct sighting *at = &seen->sightings[i - LOOK_AHEAD];

			at->hint = table_guess(s->table, at->hash);
		}
		if (i >= 2 * LOOK_AHEAD)
			take_any(s, seen, i - 2 * LOOK_AHEAD, batch->frames);
	}
	s->seen(s->user, batch);
}

enum status survey_run(struct survey *s, struct source *source, unsigned file, struct trail *trail,
                       struct error *error)
{
	struct ahead_steps steps = {
		.prepared_size = sizeof(struct surveyed), .prepare = prepare, .take = take_batch, .context = s,
	};

	s->file = file;
	s->trail = trail;
	return ahead_run(source, &steps, error);
}

void survey_finish(struct survey *s)
{
	if (!s)
		return;
	s->totals->decoded = *decoder_counts(s->decoder);
	s->totals->decoded.fragments_lost += s->totals->decoded.fragments_waiting;
	s->totals->decoded.kinds[DECODED_SEGMENT] += s->glanced;
	survey_free(s);
}
