#include "analysis/survey.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/peek.h"
#include "analysis/worth.h"
#include "base/run.h"
#include "base/clock.h"
#include "flow/table_parts.h"

/* Segments between asking memory for something and using it: at some 50 ns each, longer than memory takes. */
#define LOOK_AHEAD 16

enum sighting_kind {
	SIGHTING_IPV4,
	SIGHTING_IPV6,            /* its tuple stands apart, as does that of an ICMP error */
	SIGHTING_ICMP,            /* no segment, but an ICMP error about one of either version */
};

/* One segment on its way to its flow: what flows look at, and no more, for it goes through the cache of two cores. */
struct sighting {
	uint64_t addresses;       /* first word of the tuple */
	uint32_t ports;           /* an IPv4 tuple's second word */
	uint32_t tag;             /* of the tuple's hash: table_tag() */
	uint32_t seq, ack, payload_len;
	uint32_t now_ms;
	uint16_t flags;
	uint8_t side;
	uint8_t kind;             /* enum sighting_kind */
};
_Static_assert(sizeof(struct sighting) <= 40, "small");

/* What few segments are asked for stands apart. */
struct surveyed {
	size_t count;
	struct sighting sightings[AHEAD_FRAMES];
	uint64_t frames[AHEAD_FRAMES];         /* their numbers */
	struct tuple tuples[AHEAD_FRAMES];     /* where the kind is not SIGHTING_IPV4 */
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
	decoder_free(s->decoder);
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

static void begin_flow(struct survey *s, struct flow *flow, uint64_t frame, const struct tuple *tuple, unsigned side)
{
	set_ports(&s->segment, tuple, side);
	s->segment.frame = frame;
	begin(s, flow, &s->segment, side);
}

static struct tuple tuple_at(const struct surveyed *seen, size_t i)
{
	const struct sighting *at = &seen->sightings[i];
	struct tuple tuple = { .size = TUPLE_SIZE_V4 };

	if (at->kind != SIGHTING_IPV4)
		return seen->tuples[i];
	memcpy(tuple.bytes, &at->addresses, sizeof at->addresses);
	memcpy(tuple.bytes + sizeof at->addresses, &at->ports, sizeof at->ports);
	return tuple;
}

/* Not found at the first try, or the first segment of a flow. */
static __attribute__((noinline))
struct flow *search(struct survey *s, const struct surveyed *seen, size_t i, void *hint, bool *ret_added)
{
	const struct sighting *at = &seen->sightings[i];
	struct tuple tuple = tuple_at(seen, i);
	struct flow *flow = table_get_hinted(s->table, &tuple, table_hash_of_tag(at->tag), hint, at->now_ms, ret_added);

	if (flow && *ret_added) {
		selection_recur(s->selection, table_hash(s->table, &tuple));
		begin_flow(s, flow, seen->frames[i], &tuple, at->side);
	}
	return flow;
}

static __attribute__((noinline))
void begin_anew(struct survey *s, struct flow *flow, const struct surveyed *seen, size_t i)
{
	struct tuple tuple = tuple_at(seen, i);
	unsigned side = seen->sightings[i].side;

	/* The segment at hand is the first of the next one. */
	flow->half[side].segments -= flow->half[side].segments != UINT16_MAX;
	account(s, flow);
	selection_recur(s->selection, table_hash(s->table, &tuple));
	begin_flow(s, flow, seen->frames[i], &tuple, side);
	flow->half[side].segments = 1;
}

/* Anything but data in order. */
static __attribute__((noinline))
void take_special(struct survey *s, struct flow *flow, const struct surveyed *seen, size_t i, bool added)
{
	const struct sighting *at = &seen->sightings[i];
	struct segment *segment = &s->segment;

	if (at->flags & TCP_SYN && !added && flow_begins_anew(flow, segment, at->side))
		begin_anew(s, flow, seen, i);
	flow_update_other(flow, segment, at->side);
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

static inline void take(struct survey *s, const struct surveyed *seen, size_t i, void *hint)
{
	const struct sighting *at = &seen->sightings[i];
	struct flow *flow = hint;
	bool added = false;
	uint16_t *segments;

	if (!flow || at->kind != SIGHTING_IPV4 || !table_has_v4(s->table, flow, at->addresses, at->ports)) {
		set_segment(s, at);
		flow = search(s, seen, i, hint, &added);
	}
	if (!flow)
		return;
	flow->last_ms = at->now_ms;
	segments = &flow->half[at->side].segments;
	*segments += *segments != UINT16_MAX;
	if (flow_update_plain(flow, at->side, at->seq, at->ack, at->payload_len, at->flags))
		return;
	set_segment(s, at);
	take_special(s, flow, seen, i, added);
}

static void take_icmp(struct survey *s, const struct surveyed *seen, size_t i)
{
	struct flow *flow = table_find(s->table, &seen->tuples[i], table_hash_of_tag(seen->sightings[i].tag));

	if (flow)
		select_flow(s, flow);
}

static inline void sight_v4(struct sighting *at, const uint64_t words[2], uint64_t hash)
{
	at->kind = SIGHTING_IPV4;
	at->addresses = words[0];
	memcpy(&at->ports, &words[1], sizeof at->ports);
	at->tag = table_tag(hash);
}

/* What no glance can tell. False where it says nothing about TCP. */
static bool sight_by_decoding(struct survey *s, const struct frame *frame, struct sighting *at, struct tuple *tuple,
                              uint32_t *ret_mark)
{
	uint64_t hash;
	struct segment segment = { 0 };
	struct icmp_error error;
	enum decoded decoded = decoder_frame(s->decoder, frame, &segment, &error);

	s->glanced--;
	*ret_mark = trail_mark_other(frame->captured, decoded == DECODED_FRAGMENT ? TRAIL_ALWAYS : TRAIL_NEVER);
	if (decoded != DECODED_SEGMENT && decoded != DECODED_ICMP_ERROR)
		return false;
	if (decoded == DECODED_ICMP_ERROR)
		tuple_of(&error.src, &error.dst, tuple);
	else
		at->side = (uint8_t)tuple_of(&segment.src, &segment.dst, tuple);
	at->kind = decoded == DECODED_ICMP_ERROR ? SIGHTING_ICMP : SIGHTING_IPV6;
	hash = tuple_hash(tuple, s->seed);
	at->tag = table_tag(hash);
	if (at->kind == SIGHTING_IPV6 && tuple->size == TUPLE_SIZE_V4)
		sight_v4(at, tuple->words, hash);
	/* A datagram is put together again where all of its fragments are seen again. */
	*ret_mark = at->kind != SIGHTING_ICMP && segment.reassembled
	            ? trail_mark_other(frame->captured, TRAIL_ALWAYS) : trail_mark(frame->captured, hash);
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
bool sight_other(struct survey *s, const struct frame *frame, struct sighting *at, struct tuple *tuple,
                 uint32_t *ret_mark)
{
	struct glance glance;
	uint64_t hash;

	if (!glance_ipv6(frame, &glance))
		return sight_by_decoding(s, frame, at, tuple, ret_mark);
	at->kind = SIGHTING_IPV6;
	at->side = (uint8_t)peek_tuple(&glance, tuple);
	hash = tuple_hash(tuple, s->seed);
	at->tag = table_tag(hash);
	sight_numbers(at, &glance);
	*ret_mark = trail_mark(frame->captured, hash);
	return true;
}

static void begin_batch(void *context, void *prepared)
{
	struct surveyed *seen = prepared;

	(void)context;
	seen->count = 0;
}

/*
 * In the other thread: it shares what it uses here with nobody, and the table's seed never changes. What the loop needs
 * stands in variables of its own, for the compiler must take every store for one that may change the rest.
 */
static void prepare(void *context, void *prepared, const struct frame *frames, size_t frame_count)
{
	struct surveyed *seen = prepared;
	struct survey *s = context;
	const uint64_t seed = s->seed;
	const int64_t first_ns = frames[0].time_ns, last_ns = frames[frame_count - 1].time_ns;
	uint32_t marks[SOURCE_BATCH], first_ms;
	size_t count = seen->count;
	bool together = last_ns >= first_ns && last_ns - first_ns < NS_PER_MS;

	if (!s->started) {
		s->start_ns = first_ns;
		s->started = true;
	}
	first_ms = milliseconds(s->start_ns, first_ns);
	for (size_t i = 0; i < frame_count; i++) {
		const struct frame *frame = &frames[i];
		struct sighting *at = &seen->sightings[count];
		struct glance glance;
		uint64_t words[2], hash;

		/* On a busy link one clock will do for all of them. */
		at->now_ms = together ? first_ms : milliseconds(s->start_ns, frame->time_ns);
		seen->frames[count] = frame->number;
		if (!glance_ipv4(frame, &glance)) {
			count += sight_other(s, frame, at, &seen->tuples[count], &marks[i]);
			continue;
		}
		at->side = (uint8_t)tuple_words_v4(glance.ip + 12, glance.tcp, words);
		hash = tuple_hash_v4(words, seed);
		sight_v4(at, words, hash);
		sight_numbers(at, &glance);
		marks[i] = trail_mark(frame->captured, hash);
		count++;
	}
	seen->count = count;
	s->glanced += frame_count;
	trail_add(s->trail, marks, frame_count);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void ask_some(const struct survey *s, const struct surveyed *seen, size_t from, size_t to)
{
	const struct table *table = s->table;

	for (size_t i = from; i < to; i++)
		table_ask(table, seen->sightings[i].tag);
}

static void guess_some(const struct survey *s, const struct surveyed *seen, size_t from, size_t to, void **hints)
{
	const struct table *table = s->table;

	for (size_t i = from; i < to; i++)
		hints[i] = table_guess(table, seen->sightings[i].tag);
}

static void take_some(struct survey *s, const struct surveyed *seen, size_t from, size_t to, void *const *hints)
{
	for (size_t i = from; i < to; i++) {
		if (seen->sightings[i].kind == SIGHTING_ICMP)
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
	const struct surveyed *seen = batch->prepared;
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
		.ring = AHEAD_RING_MAX, .prepared_size = sizeof(struct surveyed), .begin = begin_batch, .prepare = prepare,
		.take = take_batch, .context = s,
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
