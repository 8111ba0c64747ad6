#include "analysis/survey.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/peek.h"
#include "analysis/worth.h"
#include "base/run.h"
#include "base/clock.h"
#include "flow/table_parts.h"

/* Segments between asking memory for something and using it: at some 50 ns each, longer than memory takes. */
#define LOOK_AHEAD 8

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
	uint32_t marks[AHEAD_FRAMES];  /* of all frames, for the trail */
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
static inline uint32_t milliseconds(int64_t start_ns, int64_t time_ns)
{
	uint64_t ms = time_ns < start_ns ? 0 : (uint64_t)(time_ns - start_ns) / NS_PER_MS;

	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
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

/* Anything but data in order. */
static __attribute__((noinline))
void take_special(struct survey *s, struct flow *flow, const struct surveyed *seen, size_t i,
                  const struct frame *frames, bool added)
{
	const struct sighting *at = &seen->sightings[i];
	struct segment *segment = &s->segment;

	if (at->flags & TCP_SYN && !added && flow_begins_anew(flow, segment, at->side))
		begin_anew(s, flow, seen, i, frames);
	flow_update(flow, segment, at->side);
	if (at->flags & TCP_RST) {
		s->totals->resets++;
		select_flow(s, flow);
	}
}

static inline void set_segment(struct survey *s, const struct sighting *at)
{
	s->segment.seq = at->seq;
	s->segment.ack = at->ack;
	s->segment.payload_len = at->payload_len;
	s->segment.flags = at->flags;
}

static inline void take(struct survey *s, const struct surveyed *seen, size_t i, const struct frame *frames)
{
	const struct sighting *at = &seen->sightings[i];
	struct flow *flow = at->hint;
	bool added = false;

	if (!flow || at->v6 || !table_has_v4(s->table, flow, at->words)) {
		set_segment(s, at);
		flow = search(s, seen, i, frames, &added);
	}
	if (!flow)
		return;
	flow->last_ms = at->now_ms;
	if (flow_update_plain(flow, at->side, at->seq, at->ack, at->payload_len, at->flags))
		return;
	set_segment(s, at);
	take_special(s, flow, seen, i, frames, added);
}

static void take_icmp(struct survey *s, const struct surveyed *seen, size_t i)
{
	struct tuple tuple = tuple_at(seen, i);
	struct flow *flow = table_find(s->table, &tuple, seen->sightings[i].hash);

	if (flow)
		select_flow(s, flow);
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
static bool sight_by_decoding(struct survey *s, const struct frame *frame, struct sighting *at,
                              uint64_t more[TUPLE_WORDS - 2])
{
	struct segment segment = { 0 };
	struct icmp_error error;
	struct tuple tuple;
	enum decoded decoded = decoder_frame(s->decoder, frame, &segment, &error);

	at->icmp = decoded == DECODED_ICMP_ERROR;
	if (at->icmp)
		tuple_of(&error.src, &error.dst, &tuple);
	else if (decoded != DECODED_SEGMENT)
		return false;
	else
		at->side = (uint8_t)tuple_of(&segment.src, &segment.dst, &tuple);
	sight_tuple(s, at, &tuple, more);
	at->seq = segment.seq;
	at->ack = segment.ack;
	at->payload_len = segment.payload_len;
	at->flags = segment.flags;
	return true;
}

static inline void sight_numbers(struct sighting *at, const struct glance *glance)
{
	uint32_t word = load_be16(glance->tcp + 12);

	at->seq = load_be32(glance->tcp + 4);
	at->ack = load_be32(glance->tcp + 8);
	at->payload_len = glance->length - (word >> 12) * 4;
	at->flags = (uint16_t)(word & TCP_FLAGS);
}

/* Anything but plain IPv4. */
static __attribute__((noinline))
bool sight_other(struct survey *s, const struct frame *frame, struct sighting *at, uint64_t more[TUPLE_WORDS - 2],
                 uint32_t *ret_mark)
{
	struct glance glance;
	struct tuple tuple;

	if (!glance_ipv6(frame, &glance)) {
		s->glanced--;
		*ret_mark = source_mark(frame->captured, TRAIL_ALWAYS);
		return sight_by_decoding(s, frame, at, more);
	}
	at->icmp = false;
	at->side = (uint8_t)peek_tuple(&glance, &tuple);
	sight_tuple(s, at, &tuple, more);
	sight_numbers(at, &glance);
	*ret_mark = source_mark(frame->captured, at->hash);
	return true;
}

/*
 * In the other thread: it shares what it uses here with nobody, and the table's seed never changes. What the loop needs
 * stands in variables of its own, for the compiler must take every store for one that may change the rest.
 */
static void prepare(void *context, struct ahead_batch *batch)
{
	struct surveyed *seen = batch->prepared;
	struct survey *s = context;
	const uint64_t seed = s->seed;
	const size_t frames = batch->count;
	size_t count = 0;
	int64_t start_ns;

	if (!s->started && frames) {
		s->start_ns = batch->frames[0].time_ns;
		s->started = true;
	}
	start_ns = s->start_ns;
	for (size_t i = 0; i < frames; i++) {
		const struct frame *frame = &batch->frames[i];
		struct sighting *at = &seen->sightings[count];
		struct glance glance;

		at->index = (uint16_t)i;
		at->now_ms = milliseconds(start_ns, frame->time_ns);
		if (!glance_ipv4(frame, &glance)) {
			count += sight_other(s, frame, at, seen->more[count], &seen->marks[i]);
			continue;
		}
		at->side = (uint8_t)tuple_words_v4(glance.ip + 12, glance.tcp, at->words);
		at->hash = tuple_hash_v4(at->words, seed);
		at->icmp = at->v6 = false;
		sight_numbers(at, &glance);
		seen->marks[i] = source_mark(frame->captured, at->hash);
		count++;
	}
	seen->count = count;
	s->glanced += frames;
	trail_add(s->trail, seen->marks, frames);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void ask_some(const struct survey *s, const struct surveyed *seen, size_t from, size_t to)
{
	const struct table *table = s->table;

	for (size_t i = from; i < to; i++)
		table_ask(table, seen->sightings[i].hash);
}

static void guess_some(const struct survey *s, struct surveyed *seen, size_t from, size_t to)
{
	const struct table *table = s->table;

	for (size_t i = from; i < to; i++)
		seen->sightings[i].hint = table_guess(table, seen->sightings[i].hash);
}

static void take_some(struct survey *s, const struct surveyed *seen, size_t from, size_t to, const struct frame *frames)
{
	for (size_t i = from; i < to; i++) {
		if (seen->sightings[i].icmp)
			take_icmp(s, seen, i);
		else
			take(s, seen, i, frames);
	}
}

/*
 * What the table needs for a segment is asked for while those before it are worked on: first the slot, then the entry.
 * A few of each at a time, for a processor has room for a dozen requests to memory.
 */
static void take_batch(void *context, struct ahead_batch *batch)
{
	struct survey *s = context;
	struct surveyed *seen = batch->prepared;
	const size_t count = seen->count;

	for (size_t i = 0; i < count + 2 * LOOK_AHEAD; i += LOOK_AHEAD) {
		ask_some(s, seen, i, least(i + LOOK_AHEAD, count));
		if (i >= LOOK_AHEAD)
			guess_some(s, seen, i - LOOK_AHEAD, least(i, count));
		if (i >= 2 * LOOK_AHEAD)
			take_some(s, seen, i - 2 * LOOK_AHEAD, least(i - LOOK_AHEAD, count), batch->frames);
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
