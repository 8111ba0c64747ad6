#include "analysis/survey.h"

#include <stdlib.h>

#include "analysis/worth.h"
#include "base/clock.h"
#include "flow/table.h"

struct survey {
	struct table *table;
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

struct survey *survey_new(size_t max_connections, uint64_t seed, struct selection *selection,
                          struct analysis_totals *totals)
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
	s->table = table_new(&options);
	if (!s->table) {
		free(s);
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

static void take(struct survey *s, const struct segment *segment, const struct tuple *tuple, uint64_t hash, unsigned side)
{
	uint32_t now_ms = milliseconds(s, segment->time_ns);
	bool added;
	struct flow *flow = table_get(s->table, tuple, hash, now_ms, &added);

	if (!flow)
		return;
	if (added) {
		begin(s, flow, segment, side);
	} else if (flow_begins_anew(flow, segment, side)) {
		account(s, flow);
		begin(s, flow, segment, side);
	}
	flow->last_ms = now_ms;
	flow_update(flow, segment, side);
	if (segment->flags & TCP_RST) {
		s->totals->resets++;
		select_flow(s, flow);
	}
}

/* The slots of a whole batch are fetched from memory while the segments before them are worked on. */
void survey_segments(struct survey *s, const struct segment *segments, size_t count, unsigned file)
{
	struct tuple tuples[SOURCE_BATCH];
	uint64_t hashes[SOURCE_BATCH];
	uint8_t sides[SOURCE_BATCH];

	s->file = file;
	if (!s->start_ns && count)
		s->start_ns = segments[0].time_ns;
	for (size_t i = 0; i < count; i++) {
		sides[i] = (uint8_t)tuple_of(&segments[i].src, &segments[i].dst, &tuples[i]);
		hashes[i] = table_hash(s->table, &tuples[i]);
		table_prefetch(s->table, hashes[i]);
	}
	for (size_t i = 0; i < count; i++)
		take(s, &segments[i], &tuples[i], hashes[i], sides[i]);
}

void survey_icmp(struct survey *s, const struct icmp_error *error)
{
	struct tuple tuple;
	struct flow *flow;

	tuple_of(&error->src, &error->dst, &tuple);
	flow = table_find(s->table, &tuple, table_hash(s->table, &tuple));
	if (flow)
		select_flow(s, flow);
}

void survey_finish(struct survey *s)
{
	if (!s)
		return;
	table_free(s->table);
	selection_finish(s->selection);
	free(s);
}
