#include "vantage/harvest.h"

#include <stdlib.h>

#include "analysis/peek.h"
#include "base/run.h"
#include "base/text.h"
#include "packet/decoder.h"

#define SLOTS (4 * LEGS_MAX)
/* A bitmap that stays in a second-level cache tells of nearly every packet that nobody wants it. */
#define FILTER_BITS (1u << 20)

struct wanted {
	uint64_t seed;
	uint32_t count, isn_count;
	struct tuple *tuples;
	uint32_t *slots;         /* of tuples */
	uint32_t *isns;          /* a table of numbers, 0 is free */
	bool isn_zero;
	uint64_t filter[FILTER_BITS / 64];
};

struct wanted *wanted_new(uint64_t seed)
{
	struct wanted *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->seed = seed;
	w->tuples = calloc(LEGS_MAX, sizeof *w->tuples);
	w->slots = calloc(SLOTS, sizeof *w->slots);
	w->isns = calloc(SLOTS, sizeof *w->isns);
	if (w->tuples && w->slots && w->isns)
		return w;
	wanted_free(w);
	return NULL;
}

void wanted_free(struct wanted *w)
{
	if (!w)
		return;
	free(w->tuples);
	free(w->slots);
	free(w->isns);
	free(w);
}

static bool same(const struct tuple *a, const struct tuple *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* The slot of a tuple, or the free one where it belongs; slots hold index + 1. */
static uint32_t *slot_of(const struct wanted *w, const struct tuple *tuple, uint64_t hash)
{
	size_t at = (size_t)(hash >> 8) % SLOTS;

	while (w->slots[at] && !same(&w->tuples[w->slots[at] - 1], tuple))
		at = (at + 1) % SLOTS;
	return &w->slots[at];
}

static uint32_t *isn_slot(const struct wanted *w, uint32_t isn)
{
	size_t at = (size_t)tuple_mix(isn, w->seed | 1) % SLOTS;

	while (w->isns[at] && w->isns[at] != isn)
		at = (at + 1) % SLOTS;
	return &w->isns[at];
}

void wanted_ends(struct wanted *w, const struct endpoint *one, const struct endpoint *other)
{
	struct tuple tuple;
	uint64_t hash;
	uint32_t *slot, bit;

	tuple_of(one, other, &tuple);
	hash = tuple_hash(&tuple, w->seed);
	slot = slot_of(w, &tuple, hash);
	if (*slot || w->count == LEGS_MAX)
		return;
	w->tuples[w->count++] = tuple;
	*slot = w->count;
	bit = hash % FILTER_BITS;
	w->filter[bit / 64] |= 1ULL << bit % 64;
}

void wanted_isn(struct wanted *w, uint32_t isn)
{
	if (w->isn_count == 2 * LEGS_MAX)
		return;
	w->isn_zero |= !isn;
	if (isn && !*isn_slot(w, isn)) {
		*isn_slot(w, isn) = isn;
		w->isn_count++;
	}
}

static bool has_isn(const struct wanted *w, uint32_t isn)
{
	return isn ? *isn_slot(w, isn) != 0 : w->isn_zero;
}

bool wanted_has_isn(const struct wanted *w, uint32_t isn)
{
	return has_isn(w, isn);
}

/* One reading. */
struct reader {
	struct lookout *lookout;
	const struct wanted *wanted;
	struct decoder *decoder;
	unsigned file;
	uint64_t *filter;        /* as that of `wanted`, and what was added on the way */
};

static bool passes(const struct reader *r, uint64_t hash)
{
	uint32_t bit = hash % FILTER_BITS;

	return r->filter[bit / 64] >> bit % 64 & 1;
}

static void take(struct reader *r, struct segment *segment, const struct tuple *tuple, uint64_t hash, unsigned side)
{
	bool syn = segment->flags & TCP_SYN && has_isn(r->wanted, segment->seq);
	uint32_t leg, bit = hash % FILTER_BITS;

	leg = lookout_leg(r->lookout, tuple, hash, syn || *slot_of(r->wanted, tuple, hash));
	if (leg == NONE)
		return;
	r->filter[bit / 64] |= 1ULL << bit % 64;
	segment->frame = frame_in_run(r->file, segment->frame);
	lookout_add(r->lookout, leg, side, segment);
}

/* What a glance cannot tell: fragments, tunnels, other links. */
static void look_closely(struct reader *r, const struct frame *frame)
{
	struct segment segment;
	struct icmp_error error;
	struct tuple tuple;
	unsigned side;

	if (decoder_frame(r->decoder, frame, &segment, &error) != DECODED_SEGMENT)
		return;
	side = tuple_of(&segment.src, &segment.dst, &tuple);
	take(r, &segment, &tuple, tuple_hash(&tuple, r->wanted->seed), side);
}

static void look(struct reader *r, const struct frame *frame)
{
	struct glance glance;
	struct segment segment;
	struct tuple tuple;
	uint64_t hash;
	unsigned side;

	if (!glance_at(frame, &glance)) {
		look_closely(r, frame);
		return;
	}
	side = peek_tuple(&glance, &tuple);
	hash = tuple_hash(&tuple, r->wanted->seed);
	if (!passes(r, hash) && !(glance.tcp[13] & TCP_SYN && has_isn(r->wanted, load_be32(glance.tcp + 4))))
		return;
	glance_decode(&glance, frame, &segment);
	take(r, &segment, &tuple, hash, side);
}

static void count_frame(struct lookout *lookout, const struct frame *frame)
{
	lookout->frames++;
	if (!frame->has_time)
		return;
	if (!lookout->first_ns || frame->time_ns < lookout->first_ns)
		lookout->first_ns = frame->time_ns;
	if (!lookout->last_ns || frame->time_ns > lookout->last_ns)
		lookout->last_ns = frame->time_ns;
}

static enum status read_source(struct reader *r, struct source *source, struct error *error)
{
	struct frame frames[SOURCE_BATCH];
	enum status status;
	size_t count;

	while ((status = source_next(source, frames, &count, error)) == STATUS_OK || status == STATUS_IDLE) {
		for (size_t i = 0; status == STATUS_OK && i < count; i++) {
			count_frame(r->lookout, &frames[i]);
			look(r, &frames[i]);
		}
	}
	lookout_statistics(r->lookout, source);
	return status == STATUS_END ? STATUS_OK : status;
}

enum status harvest(struct lookout *lookout, const struct wanted *wanted, struct source *const *sources, size_t count,
                    struct error *error)
{
	struct reader r = {
		.lookout = lookout, .wanted = wanted, .decoder = decoder_new(), .filter = malloc(FILTER_BITS / 8),
	};
	enum status result = STATUS_OK, status;

	if (!r.decoder || !r.filter) {
		decoder_free(r.decoder);
		free(r.filter);
		return error_set(error, STATUS_MEMORY, _("out of memory"));
	}
	memcpy(r.filter, wanted->filter, FILTER_BITS / 8);
	for (r.file = 0; r.file < count; r.file++) {
		status = read_source(&r, sources[r.file], error);
		result = status == STATUS_OK ? result : status;
	}
	decoder_free(r.decoder);
	free(r.filter);
	return result;
}
