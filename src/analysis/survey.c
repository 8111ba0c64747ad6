#include "analysis/survey.h"

#include <stdlib.h>

#include "analysis/peek.h"
#include "analysis/worth.h"
#include "base/clock.h"
#include "flow/table.h"

/* One segment on its way to its flow. */
struct sighting {
	struct segment segment;   /* what flows look at; see glance_segment() */
	struct tuple tuple;
	uint64_t hash;
	void *hint;
	uint8_t side;
	bool icmp;                /* no segment, but an error about one */
	struct icmp_error error;
};

struct surveyed {
	size_t count;
	struct sighting sightings[AHEAD_FRAMES];
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

	return flow_worth(flow, (now_ms - (int64_t)flow->last_ms) * NS_PER_MS);
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

static void take(struct survey *s, const struct sighting *at)
{
	const struct segment *segment = &at->segment;
	uint32_t now_ms = milliseconds(s, segment->time_ns);
	bool added;
	struct flow *flow = table_get_hinted(s->table, &at->tuple, at->hash, at->hint, now_ms, &added);

	if (!flow)
		return;
	if (added) {
		begin(s, flow, segment, at->side);
	} else if (segment->flags & TCP_SYN && flow_begins_anew(flow, segment, at->side)) {
		account(s, flow);
		begin(s, flow, segment, at->side);
	}
	flow->last_ms = now_ms;
	flow_update(flow, segment, at->side);
	if (segment->flags & TCP_RST) {
		s->totals->resets++;
		select_flow(s, flow);
	}
}

static void see_icmp(struct survey *s, const struct icmp_error *error)
{
	struct tuple tuple;
	struct flow *flow;

	tuple_of(&error->src, &error->dst, &tuple);
	flow = table_find(s->table, &tuple, table_hash(s->table, &tuple));
	if (flow)
		select_flow(s, flow);
}

/* Decode one frame, no further than a survey needs. False where it says nothing about TCP. */
static bool sight(struct survey *s, const struct frame *frame, struct sighting *at)
{
	struct glance glance;
	enum decoded decoded;

	at->icmp = false;
	if (glance_at(frame, &glance)) {
		glance_segment(&glance, frame, &at->segment);
		at->side = (uint8_t)peek_tuple(&glance, &at->tuple);
		s->glanced++;
	} else {
		decoded = decoder_frame(s->decoder, frame, &at->segment, &at->error);
		at->icmp = decoded == DECODED_ICMP_ERROR;
		if (decoded != DECODED_SEGMENT)
			return at->icmp;
		at->side = (uint8_t)tuple_of(&at->segment.src, &at->segment.dst, &at->tuple);
	}
	at->hash = table_hash(s->table, &at->tuple);
	return true;
}

/* In the other thread: it shares the decoder and its counts with nobody, and the table's seed never changes. */
static void prepare(void *context, struct ahead_batch *batch)
{
	struct surveyed *seen = batch->prepared;

	seen->count = 0;
	for (size_t i = 0; i < batch->count; i++)
		seen->count += sight(context, &batch->frames[i], &seen->sightings[seen->count]);
}

/* What the table needs for some segments is fetched from memory while those before them are worked on. */
static void take_some(struct survey *s, struct sighting *seen, size_t count)
{
	for (size_t i = 0; i < count; i++)
		table_prefetch(s->table, seen[i].hash);
	for (size_t i = 0; i < count; i++)
		seen[i].hint = table_hint(s->table, seen[i].hash);
	for (size_t i = 0; i < count; i++) {
		if (seen[i].icmp)
			see_icmp(s, &seen[i].error);
		else
			take(s, &seen[i]);
	}
}

static void take_batch(void *context, struct ahead_batch *batch)
{
	struct survey *s = context;
	struct surveyed *seen = batch->prepared;

	if (!s->started && batch->count) {
		s->start_ns = batch->frames[0].time_ns;
		s->started = true;
	}
	for (size_t i = 0; i < seen->count; i += SOURCE_BATCH)
		take_some(s, seen->sightings + i, seen->count - i < SOURCE_BATCH ? seen->count - i : SOURCE_BATCH);
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
