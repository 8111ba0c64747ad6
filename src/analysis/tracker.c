#include "analysis/tracker.h"
#include "base/run.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/twins.h"
#include "analysis/worth.h"
#include "flow/pool.h"
#include "flow/table.h"
#include "reset/neighbourhood.h"
#include "reset/reset.h"

/* Resets that wait: some 4 KB each, or 1 KB where all is known. Past that the oldest is sealed early, and counted. */
#define PENDING_MAX 16384

/* A reset that waits, in two lists: of its conversation, and of all in the order of their frames. */
struct pending {
	struct reset *reset;                /* NULL: `packed` is all that will be known of its conversation */
	struct evidence_packed *packed;
	int64_t time_ns;
	bool sealed;
	struct pending *of_conversation;
	struct pending *next;
};

struct tracked {
	struct conversation conversation;   /* first: the table's value */
	struct pending *pending;
	int64_t last_ns;
	uint32_t left;                      /* segments that are still to come; 0: nobody knows */
	const char *file_name;              /* of the capture that holds its last segment */
	struct icmp_error icmp;             /* .frame 0: none */
};

struct tracker {
	struct tracker_options options;
	struct table *table;
	struct neighbourhood *neighbourhood;
	struct twins *twins;
	struct pool waiting, resets;        /* struct pending; struct reset */
	struct pending *head, *tail;
	size_t pending_count;
	uint64_t ordinal;
	unsigned file;
	const char *file_name;
	bool finishing;
};

static void verdict_of(struct tracker *t, const struct evidence *evidence)
{
	const struct analysis_sink *sink = t->options.sink;
	struct verdict verdict;

	if (!sink->verdict || (sink->evidence && sink->evidence(sink->user, evidence)))
		return;
	diagnose(evidence, &verdict);
	sink->verdict(sink->user, &verdict);
}

static struct reset *reset_in(struct tracker *t)
{
	uint32_t index = pool_add_raw(&t->resets);

	return index == POOL_NONE ? NULL : pool_entry(&t->resets, index);
}

static void reset_out(struct tracker *t, struct pending *p)
{
	pool_remove(&t->resets, pool_index(&t->resets, p->reset));
	p->reset = NULL;
}

/* Nothing of it changes for now: thousands wait at a time, and memory that nobody has touched yet is slow. */
static void pack(struct tracker *t, struct pending *p)
{
	p->packed = evidence_pack(&p->reset->evidence);
	if (p->packed)
		reset_out(t, p);
}

/* Off the list of its conversation, which may go. */
static void detach(struct pending *p)
{
	struct tracked *tracked = (struct tracked *)p->reset->conversation;
	struct pending **at;

	for (at = &tracked->pending; *at && *at != p; at = &(*at)->of_conversation)
		;
	if (*at)
		*at = p->of_conversation;
	p->reset->conversation = NULL;
}

/*
 * Complete the evidence, and take the reset off the list of its conversation: what stands there still watches, and
 * after SEAL_SEGMENTS none does any more, so the list stays short in a storm of RSTs.
 */
static void seal(struct tracker *t, struct pending *p, enum sealed why)
{
	neighbourhood_facts(t->neighbourhood, &p->reset->evidence);
	reset_seal(p->reset, p->reset->conversation, why);
	p->sealed = true;
	if (p->reset->conversation)
		detach(p);
}

/* Where the reset is not the oldest, it has to wait for those before it. */
static void seal_early(struct tracker *t, struct pending *p, enum sealed why)
{
	seal(t, p, why);
	if (p != t->head)
		pack(t, p);
}

static void emit_packed(struct tracker *t, struct pending *p, enum sealed why)
{
	struct evidence evidence;

	evidence_unpack(p->packed, &evidence);
	free(p->packed);
	if (!p->sealed) {
		neighbourhood_facts(t->neighbourhood, &evidence);
		evidence.sealed = why;
	}
	verdict_of(t, &evidence);
}

/* Seal the oldest, if it is not sealed yet, report it, and let it go. */
static void emit_head(struct tracker *t, enum sealed why)
{
	struct pending *p = t->head;

	if (p->reset) {
		if (!p->sealed)
			seal(t, p, why);
		verdict_of(t, &p->reset->evidence);
		reset_out(t, p);
	} else {
		emit_packed(t, p, why);
	}
	t->head = p->next;
	if (!t->head)
		t->tail = NULL;
	pool_remove(&t->waiting, pool_index(&t->waiting, p));
	t->pending_count--;
}

/* Why it is to be reported now; SEALED_NOT: it is not. What is packed has seen all segments that it will. */
static enum sealed due(const struct pending *p, int64_t now_ns)
{
	if (p->sealed)
		return SEALED_TIME;
	if (p->reset)
		return reset_due(p->reset, now_ns);
	return now_ns - p->time_ns > SEAL_NS ? SEALED_TIME : SEALED_NOT;
}

void tracker_advance(struct tracker *t, int64_t now_ns)
{
	enum sealed why;

	while (t->head && (why = due(t->head, now_ns)) != SEALED_NOT)
		emit_head(t, why);
}

/* The conversation is about to go or to be used again: its resets have seen all that they will. */
static void seal_all_of(struct tracker *t, struct tracked *tracked, enum sealed why)
{
	while (tracked->pending)
		seal_early(t, tracked->pending, why);
}

static void end_conversation(struct tracker *t, struct tracked *tracked)
{
	const struct conversation *c = &tracked->conversation;
	struct evidence ending;

	if (!t->options.selection)
		t->options.totals->endings[flow_ending(&c->flow)]++;
	t->options.totals->duplicates += c->duplicates;
	if (!c->rst_count && reset_ending(&ending, c, tracked->icmp.frame ? &tracked->icmp : NULL)) {
		ending.file = tracked->file_name;
		verdict_of(t, &ending);
	}
	if (t->options.sink->connection)
		t->options.sink->connection(t->options.sink->user, c);
}

static void let_go(void *user, void *value, bool crowded_out)
{
	struct tracker *t = user;
	struct tracked *tracked = value;

	seal_all_of(t, tracked, t->finishing ? SEALED_EOF : SEALED_TIME);
	end_conversation(t, tracked);
	conversation_clear(&tracked->conversation);
	t->options.totals->connections_let_go += crowded_out;
}

static unsigned worth(const void *value, int64_t now_ns)
{
	const struct tracked *tracked = value;
	unsigned worth = flow_worth(&tracked->conversation.flow, now_ns - tracked->last_ns, LINGER_NS);

	/* A reset that waits keeps its conversation, unless there is no room at all. */
	return tracked->pending && !worth ? 1 : worth;
}

struct tracker *tracker_new(const struct tracker_options *options)
{
	struct tracker *t = calloc(1, sizeof *t);
	struct table_options table = {
		.value_size = sizeof(struct tracked), .max_entries = options->max_conversations, .seed = options->seed,
		.worth = worth, .let_go = let_go, .user = t,
	};

	if (!t)
		return NULL;
	t->options = *options;
	t->neighbourhood = neighbourhood_new();
	t->twins = twins_new();
	t->table = table_new(&table);
	if (t->table && pool_init(&t->waiting, sizeof(struct pending), PENDING_MAX) &&
	    pool_init(&t->resets, sizeof(struct reset), PENDING_MAX))
		return t;
	pool_clear(&t->waiting);
	table_free(t->table);
	neighbourhood_free(t->neighbourhood);
	twins_free(t->twins);
	free(t);
	return NULL;
}

void tracker_file(struct tracker *t, unsigned file, const char *name)
{
	t->file = file;
	t->file_name = name;
}

static struct pending *new_pending(struct tracker *t)
{
	struct pending *p;
	uint32_t index;

	if (t->pending_count >= PENDING_MAX) {
		t->options.totals->resets_sealed_early += !t->head->sealed;
		emit_head(t, SEALED_PACKETS);
	}
	index = pool_add(&t->waiting);
	if (index == POOL_NONE)
		return NULL;
	p = pool_entry(&t->waiting, index);
	p->reset = reset_in(t);
	if (p->reset)
		return p;
	pool_remove(&t->waiting, index);
	return NULL;
}

/* Does the segment that drew this RST belong to another conversation of the same endpoint? */
static void look_for_twin(const struct tracker *t, struct reset *reset)
{
	const struct evidence *e = &reset->evidence;
	struct tracked *tracked;
	struct tuple own;
	struct twin twin;

	if (!yes(e, FACT_ANSWERS_FIRST_SEGMENT) || !(reset->trigger.flags & TCP_ACK) || reset->trigger.flags & TCP_SYN ||
	    !twins_find(t->twins, &e->src, &twin))
		return;
	tuple_of(&e->src, &e->dst, &own);
	if (memcmp(own.bytes, twin.tuple.bytes, sizeof own.bytes) == 0)
		return;
	tracked = twin.kept ? NULL : table_find(t->table, &twin.tuple, table_hash(t->table, &twin.tuple));
	if (tracked)
		twins_look(&tracked->conversation, &e->src, &twin);
	if (tracked || (twin.kept && reset->rst.time_ns - twin.last.time_ns <= LINGER_NS))
		twins_compare(reset, &twin);
}

static void add_reset(struct tracker *t, struct tracked *tracked, const struct note *rst, const struct segment *segment,
                      const struct options *options)
{
	struct pending *p = new_pending(t);

	if (!p)
		return;
	reset_begin(p->reset, &tracked->conversation, rst, segment, options);
	p->reset->evidence.file = t->file_name;
	p->time_ns = rst->time_ns;
	neighbourhood_add(t->neighbourhood, &p->reset->evidence);
	look_for_twin(t, p->reset);
	p->of_conversation = tracked->pending;
	tracked->pending = p;
	if (t->tail)
		t->tail->next = p;
	else
		t->head = p;
	t->tail = p;
	t->pending_count++;
}

static void observe(struct tracker *t, struct tracked *tracked, const struct note *note)
{
	for (struct pending *p = tracked->pending, *next; p; p = next) {
		enum sealed why;

		next = p->of_conversation;
		reset_observe(p->reset, &tracked->conversation, note);
		why = reset_due(p->reset, note->time_ns);
		if (why != SEALED_NOT)
			seal_early(t, p, why);
	}
}

static void begin(struct tracker *t, struct tracked *tracked, const struct arrival *arrival, bool reuse)
{
	const struct selection *selection = t->options.selection;
	const struct segment *segment = &arrival->segment;

	if (reuse) {
		for (struct pending *p = tracked->pending; p; p = p->of_conversation)
			reset_replaced(p->reset, segment);
		seal_all_of(t, tracked, SEALED_PACKETS);
		end_conversation(t, tracked);
		tracked->icmp.frame = 0;
	}
	conversation_begin(&tracked->conversation, segment, arrival->side, reuse);
	tracked->conversation.flow.file = (uint16_t)t->file;
	tracked->left = 0;
	t->ordinal++;
	if (!selection) {
		t->options.totals->connections++;
		tracked->conversation.number = t->ordinal;
	}
	twins_add(t->twins, &tracked->conversation, &arrival->tuple, segment->flags & TCP_SYN);
}

static void take(struct tracker *t, struct tracked *tracked, struct arrival *arrival)
{
	const struct analysis_sink *sink = t->options.sink;
	struct segment *segment = &arrival->segment;
	struct note note;

	conversation_take(&tracked->conversation, segment, &arrival->options, arrival->side, &note);
	tracked->last_ns = segment->time_ns;
	tracked->file_name = t->file_name;
	if (tracked->pending)
		observe(t, tracked, &note);
	if (segment->flags & TCP_RST && !(note.marks & NOTE_DUPLICATE)) {
		if (!t->options.selection)
			t->options.totals->resets++;
		add_reset(t, tracked, &note, segment, &arrival->options);
	}
	if (sink->note)
		sink->note(sink->user, &tracked->conversation, &note, segment);
}

/*
 * What the survey knows of a connection. It is done with one sooner than we are: what it counted as the next one is the
 * same to us.
 */
static void adopt_place(const struct tracker *t, struct tracked *tracked, const struct arrival *arrival)
{
	const struct selection *selection = t->options.selection;
	const struct selection_place *place;

	if (tracked->conversation.number || !selection)
		return;
	place = selection_place(selection, arrival->segment.frame);
	if (!place)
		return;
	tracked->conversation.number = place->number;
	if (!selection_recurs(selection, arrival->hash))
		tracked->left = place->segments;
}

/*
 * The last segment of these two ends: what waits for the clock or for its neighbours does so without the conversation,
 * whose memory the next one takes. What ended without a RST waits: it may still be told about by ICMP.
 */
static void settle(struct tracker *t, struct tracked *tracked, const struct tuple *tuple)
{
	if (!tracked->conversation.rst_count)
		return;
	while (tracked->pending) {
		struct pending *p = tracked->pending;

		reset_complete(p->reset, &tracked->conversation);
		detach(p);
		pack(t, p);
	}
	end_conversation(t, tracked);
	twins_keep(t->twins, &tracked->conversation, tuple);
	conversation_clear(&tracked->conversation);
	table_remove(t->table, tracked);
}

static void deliver(struct tracker *t, struct arrival *arrival, void *hint)
{
	const struct segment *segment = &arrival->segment;
	struct tracked *tracked;
	bool added;

	tracker_advance(t, segment->time_ns);
	tracked = table_get_hinted(t->table, &arrival->tuple, arrival->hash, hint, segment->time_ns, &added);
	if (!tracked)
		return;
	if (added)
		begin(t, tracked, arrival, false);
	else if (flow_begins_anew(&tracked->conversation.flow, segment, arrival->side))
		begin(t, tracked, arrival, true);
	adopt_place(t, tracked, arrival);
	take(t, tracked, arrival);
	if (tracked->left && --tracked->left == 0)
		settle(t, tracked, &arrival->tuple);
}

#define CACHE_LINE 64

/* A conversation lies in many cache lines, and most are far away: ask for all that a segment may touch. */
static void prefetch_conversation(const void *tracked)
{
	const struct conversation *c = tracked;
	const char *lines = tracked;

	for (size_t at = 0; c && at < offsetof(struct conversation, rsts); at += CACHE_LINE)
		__builtin_prefetch(lines + at, 1);
}

void arrival_prepare(struct arrival *arrival, uint64_t seed)
{
	struct segment *segment = &arrival->segment;

	segment_options(segment, &arrival->options);
	segment_checksum(segment);
	arrival->side = (uint8_t)tuple_of(&segment->src, &segment->dst, &arrival->tuple);
	arrival->hash = tuple_hash(&arrival->tuple, seed);
}

/* Segments whose conversations are asked for at a time. */
#define LOOK_AHEAD 8

static void take_some(struct tracker *t, struct arrival *arrivals, size_t count)
{
	void *hints[LOOK_AHEAD];

	for (size_t i = 0; i < count; i++) {
		arrivals[i].segment.frame = frame_in_run(t->file, arrivals[i].segment.frame);
		table_prefetch(t->table, arrivals[i].hash);
		if (arrivals[i].segment.mac)
			__builtin_prefetch(arrivals[i].segment.mac);
		if (t->options.sink->note)
			__builtin_prefetch(arrivals[i].segment.payload);
	}
	for (size_t i = 0; i < count; i++) {
		hints[i] = table_hint(t->table, arrivals[i].hash);
		if (count > 1)
			prefetch_conversation(hints[i]);
	}
	for (size_t i = 0; i < count; i++)
		deliver(t, &arrivals[i], hints[i]);
}

void tracker_segments(struct tracker *t, struct arrival *arrivals, size_t count)
{
	for (size_t i = 0; i < count; i += LOOK_AHEAD)
		take_some(t, arrivals + i, count - i < LOOK_AHEAD ? count - i : LOOK_AHEAD);
}

void tracker_icmp(struct tracker *t, const struct icmp_error *error)
{
	struct tuple tuple;
	struct tracked *tracked;

	tuple_of(&error->src, &error->dst, &tuple);
	tracked = table_find(t->table, &tuple, table_hash(t->table, &tuple));
	if (!tracked || tracked->icmp.frame)
		return;
	tracked->icmp = *error;
	tracked->icmp.frame = frame_in_run(t->file, error->frame);
}

void tracker_finish(struct tracker *t)
{
	if (!t)
		return;
	t->finishing = true;
	while (t->head)
		emit_head(t, SEALED_EOF);
	table_free(t->table);
	neighbourhood_free(t->neighbourhood);
	twins_free(t->twins);
	pool_clear(&t->waiting);
	pool_clear(&t->resets);
	free(t);
}
