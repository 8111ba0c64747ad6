#include "analysis/survey.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/peek.h"
#include "analysis/worth.h"
#include "base/clock.h"
#include "flow/table.h"

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
	uint64_t seed;
	int64_t start_ns, now_ns;
	uint32_t ordinal;
	unsigned file;
};

/* What the table keeps: the tuple's hash for the selection is made again when it is needed. */
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
	selection_add(s->selection, tuple_hash(&tuple, s->seed));
	selection_add_number(s->selection, flow->file, flow->first_frame, flow->ordinal);
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
		.value_size = sizeof(struct flow), .max_entries = max_connections, .worth = worth, .let_go = let_go, .user = s,
	};

	if (!s)
		return NULL;
	s->selection = selection;
	s->totals = totals;
	s->seed = seed;
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
	*flow = (struct flow){ .ordinal = ++s->ordinal, .file = (uint8_t)s->file };
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

static void take(struct survey *s, const struct surveyed *seen, size_t i, const struct frame *frames)
{
	const struct sighting *at = &seen->sightings[i];
	struct segment segment = { .seq = at->seq, .ack = at->ack, .payload_len = at->payload_len, .flags = at->flags };
	struct tuple tuple = tuple_at(seen, i);
	bool added;
	struct flow *flow = table_get_hinted(s->table, &tuple, at->hash, at->hint, at->now_ms, &added);

	if (!flow)
		return;
	if (added) {
		begin_flow(s, flow, &frames[at->index], &segment, &tuple, at->side);
	} else if (at->flags & TCP_SYN && flow_begins_anew(flow, &segment, at->side)) {
		account(s, flow);
		begin_flow(s, flow, &frames[at->index], &segment, &tuple, at->side);
	}
	flow->last_ms = at->now_ms;
	flow_update(flow, &segment, at->side);
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

/* What no glance can tell. False where it says nothing about TCP. */
static bool sight_by_decoding(struct survey *s, const struct frame *frame, struct sighting *at, struct tuple *tuple,
                              struct segment *segment)
{
	struct icmp_error error;
	enum decoded decoded = decoder_frame(s->decoder, frame, segment, &error);

	at->icmp = decoded == DECODED_ICMP_ERROR;
	if (at->icmp)
		tuple_of(&error.src, &error.dst, tuple);
	if (decoded != DECODED_SEGMENT)
		return at->icmp;
	at->side = (uint8_t)tuple_of(&segment->src, &segment->dst, tuple);
	return true;
}

/* Decode one frame, no further than a survey needs. */
static bool sight(struct survey *s, const struct frame *frame, struct sighting *at, uint64_t more[TUPLE_WORDS - 2])
{
	struct segment segment;
	struct glance glance;
	struct tuple tuple;

	if (glance_at(frame, &glance)) {
		at->side = (uint8_t)peek_tuple(&glance, &tuple);
		at->icmp = false;
		glance_segment(&glance, frame, &segment);
		s->glanced++;
	} else if (!sight_by_decoding(s, frame, at, &tuple, &segment)) {
		return false;
	}
	at->hash = table_hash(s->table, &tuple);
	memcpy(at->words, tuple.words, sizeof at->words);
	at->v6 = tuple.size == TUPLE_SIZE_V6;
	if (at->v6)
		memcpy(more, tuple.words + 2, sizeof(uint64_t[TUPLE_WORDS - 2]));
	at->now_ms = milliseconds(s, frame->time_ns);
	if (!at->icmp) {
		at->seq = segment.seq;
		at->ack = segment.ack;
		at->payload_len = segment.payload_len;
		at->flags = segment.flags;
	}
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

/* What the table needs for some segments is fetched from memory while those before them are worked on. */
static void take_some(struct survey *s, struct surveyed *seen, size_t from, size_t to, const struct frame *frames)
{
	for (size_t i = from; i < to; i++)
		table_prefetch(s->table, seen->sightings[i].hash);
	for (size_t i = from; i < to; i++)
		seen->sightings[i].hint = table_hint(s->table, seen->sightings[i].hash);
	for (size_t i = from; i < to; i++) {
		if (seen->sightings[i].icmp)
			take_icmp(s, seen, i);
		else
			take(s, seen, i, frames);
	}
}

static void take_batch(void *context, struct ahead_batch *batch)
{
	struct survey *s = context;
	struct surveyed *seen = batch->prepared;

	for (size_t i = 0; i < seen->count; i += SOURCE_BATCH)
		take_some(s, seen, i, i + SOURCE_BATCH < seen->count ? i + SOURCE_BATCH : seen->count, batch->frames);
	s->seen(s->user, batch);
}

enum status survey_run(struct survey *s, struct source *source, unsigned file, struct error *error)
{
	struct ahead_steps steps = {
		.prepared_size = sizeof(struct surveyed), .prepare = prepare, .take = take_batch, .context = s,
	};

	s->file = file;
	return ahead_run(source, &steps, error);
}

void survey_finish(struct survey *s)
{
	if (!s)
		return;
	s->totals->decoded = *decoder_counts(s->decoder);
	s->totals->decoded.kinds[DECODED_SEGMENT] += s->glanced;
	survey_free(s);
}
