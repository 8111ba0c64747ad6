#include "vantage/lookout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/permute.h"
#include "base/room.h"
#include "base/run.h"
#include "base/sequence.h"

#define SLOTS (2 * LEGS_MAX)
/* Enough of the payload to tell segments apart, little enough to be in captures with a short snap length. */
#define PAYLOAD_HASHED 32
/* Two captures of one packet at the same place follow each other closely; even a mirror that is busy is not later. */
#define COPY_TICK_NS (2 * NS_PER_MS)
#define COPY_ID_NS (20 * NS_PER_MS)

bool lookout_init(struct lookout *lookout, const char *name, bool named)
{
	*lookout = (struct lookout){ .named = named, .files = 1, .slots = malloc(SLOTS * sizeof *lookout->slots) };
	snprintf(lookout->name, sizeof lookout->name, "%s", name);
	if (lookout->slots)
		memset(lookout->slots, 0xff, SLOTS * sizeof *lookout->slots);
	return lookout->slots;
}

void lookout_reset(struct lookout *lookout)
{
	if (lookout->slots)
		memset(lookout->slots, 0xff, SLOTS * sizeof *lookout->slots);
	lookout->mark_count = lookout->leg_count = 0;
	lookout->left_out = lookout->dropped = lookout->frames = 0;
	lookout->hello_room = 0;
	lookout->first_ns = lookout->last_ns = 0;
	lookout->kinds = 0;
	lookout->unaccounted = false;
}

void lookout_clear(struct lookout *lookout)
{
	free(lookout->marks);
	free(lookout->by_frame);
	free(lookout->hellos);
	free(lookout->legs);
	free(lookout->slots);
	*lookout = (struct lookout){ 0 };
}

static uint32_t new_leg(struct lookout *lookout, const struct tuple *tuple, uint32_t hash)
{
	if (!room_for((void **)&lookout->legs, lookout->leg_count, 1, &lookout->leg_room, sizeof *lookout->legs, LEGS_MAX)) {
		lookout->left_out++;
		return NONE;
	}
	lookout->legs[lookout->leg_count] = (struct leg){
		.tuple = *tuple, .first = NONE, .last = NONE, .turning = NONE, .hash = hash, .client = -1,
	};
	return (uint32_t)lookout->leg_count++;
}

static bool same_tuple(const struct tuple *a, const struct tuple *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* The slot of a tuple, or the free one where it belongs: half of the slots are free at any time. */
static uint32_t *slot_of_tuple(const struct lookout *lookout, const struct tuple *tuple, uint32_t hash)
{
	size_t at = hash % SLOTS;

	while (lookout->slots[at] != NONE && !same_tuple(&lookout->legs[lookout->slots[at]].tuple, tuple))
		at = (at + 1) % SLOTS;
	return &lookout->slots[at];
}

uint32_t lookout_leg(struct lookout *lookout, const struct tuple *tuple, uint64_t hash, bool add)
{
	uint32_t *slot = slot_of_tuple(lookout, tuple, (uint32_t)(hash >> 8));

	if (*slot == NONE && add)
		*slot = new_leg(lookout, tuple, (uint32_t)(hash >> 8));
	return *slot;
}

uint32_t lookout_leg_like(const struct lookout *lookout, const struct leg *leg)
{
	return *slot_of_tuple(lookout, &leg->tuple, leg->hash);
}

static uint32_t hash_bytes(const uint8_t *bytes, size_t len)
{
	uint64_t hash = len, word = 0;

	for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word)
		hash = tuple_mix(hash ^ load_be64(bytes), TUPLE_MIX_A);
	for (; len; bytes++, len--)
		word = word << 8 | *bytes;
	return (uint32_t)tuple_mix(hash ^ word, TUPLE_MIX_B) | 1;
}

static uint32_t hash_payload(const struct segment *segment)
{
	uint32_t want = segment->payload_len < PAYLOAD_HASHED ? segment->payload_len : PAYLOAD_HASHED;

	return want && segment->payload_captured >= want ? hash_bytes(segment->payload, want) : 0;
}

struct mark mark_of_segment(const struct segment *segment, unsigned side)
{
	struct options options;

	segment_options(segment, &options);
	return (struct mark){
		.frame = segment->frame, .time_ns = segment->time_ns, .seq = segment->seq, .ack = segment->ack,
		.payload_len = segment->payload_len, .payload_hash = hash_payload(segment),
		.options_hash = hash_bytes(segment->options, segment->options_len), .ts_value = options.ts_value,
		.ts_echo = options.ts_echo, .next = NONE, .passage = NONE, .flags = segment->flags, .window = segment->window,
		.ip_id = segment->ip_id, .hop_limit = segment->hop_limit,
		.bits = (uint8_t)((options.seen & OPTION_TIMESTAMP ? MARK_TIMESTAMP : 0) | (side ? MARK_SIDE : 0) |
		                  (segment->version == 4 ? MARK_V4 : 0)),
	};
}

/* The oldest mark after those at the head goes, and its room serves the next. */
static uint32_t let_go(struct lookout *lookout, struct leg *leg)
{
	struct mark *turning = &lookout->marks[leg->turning];
	uint32_t oldest = turning->next;

	turning->next = lookout->marks[oldest].next;
	leg->count--;
	leg->left_out++;
	leg->kept_from_ns = lookout->marks[turning->next].time_ns;
	return oldest;
}

static uint32_t room_for_mark(struct lookout *lookout, struct leg *leg)
{
	if (leg->count >= LEG_MARKS_MAX)
		return let_go(lookout, leg);
	if (room_for((void **)&lookout->marks, lookout->mark_count, 1, &lookout->mark_room, sizeof *lookout->marks,
	             LOOKOUT_MARKS_MAX))
		return (uint32_t)lookout->mark_count++;
	if (leg->count > LEG_HEAD + 1)
		return let_go(lookout, leg);
	lookout->left_out++;
	return NONE;
}

static void learn_ends(struct leg *leg, const struct segment *segment, unsigned side)
{
	if (leg->first == NONE) {
		leg->end[side] = segment->src;
		leg->end[!side] = segment->dst;
	}
	if (segment->flags & TCP_SYN && leg->client < 0)
		leg->client = (int8_t)(segment->flags & TCP_ACK ? !side : side);
}

void lookout_add(struct lookout *lookout, uint32_t leg_index, unsigned side, const struct segment *segment)
{
	struct leg *leg = &lookout->legs[leg_index];
	struct mark mark;
	uint32_t at;

	/* It lies far away, as a rule: it comes while the segment is looked at. */
	__builtin_prefetch(&leg->count, 1);
	mark = mark_of_segment(segment, side);
	mark.frame = frame_in_run(lookout->file_first + frame_file(segment->frame), frame_in_file(segment->frame));
	mark.leg = leg_index;
	at = room_for_mark(lookout, leg);
	if (at == NONE)
		return;
	learn_ends(leg, segment, side);
	lookout->marks[at] = mark;
	lookout->kinds |= (uint8_t)mark_kind(&mark);
	lookout->hello_room += (mark.flags & TCP_SYN) != 0;
	if (leg->last != NONE)
		lookout->marks[leg->last].next = at;
	else
		leg->first = at;
	leg->last = at;
	if (++leg->count <= LEG_HEAD)
		leg->turning = at;
}

void lookout_statistics(struct lookout *lookout, const struct source *source)
{
	struct source_statistics s = source_statistics(source);

	if (s.has_start && s.has_end && s.start_ns <= s.end_ns) {
		if (!lookout->first_ns || s.start_ns < lookout->first_ns)
			lookout->first_ns = s.start_ns;
		if (!lookout->last_ns || s.end_ns > lookout->last_ns)
			lookout->last_ns = s.end_ns;
	}
	lookout->dropped += s.dropped;
	lookout->unaccounted |= !s.has_dropped;
}

static int by_frame(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return (x->frame > y->frame) - (x->frame < y->frame);
}

static int by_frame_of_mark(const void *a, const void *b, void *context)
{
	const struct mark *marks = context;

	return by_frame(&marks[*(const uint32_t *)a], &marks[*(const uint32_t *)b]);
}

/* The marks of a leg are those from here on. */
static void relink(struct lookout *lookout, struct leg *leg, uint32_t first)
{
	struct mark *marks = &lookout->marks[first];

	if (leg->left_out)
		qsort(marks, leg->count, sizeof *marks, by_frame);
	for (uint32_t i = 0; i < leg->count; i++)
		marks[i].next = i + 1 < leg->count ? first + i + 1 : NONE;
	leg->first = leg->count ? first : NONE;
	leg->last = leg->count ? first + leg->count - 1 : NONE;
	leg->turning = leg->count > LEG_HEAD ? first + LEG_HEAD - 1 : leg->last;
}

bool lookout_gather(struct lookout *lookout)
{
	uint32_t *at = malloc((lookout->leg_count + 1) * sizeof *at), from = 0;
	bool mixed = false, done;

	lookout->by_frame = malloc((lookout->mark_count + 1) * sizeof *lookout->by_frame);
	for (size_t i = 0; at && i < lookout->leg_count; from += lookout->legs[i++].count)
		at[i] = from;
	for (size_t i = 0; at && lookout->by_frame && i < lookout->mark_count; i++)
		lookout->by_frame[i] = at[lookout->marks[i].leg]++;
	done = at && lookout->by_frame &&
	       permute(lookout->marks, sizeof *lookout->marks, lookout->mark_count, lookout->by_frame);
	for (size_t i = 0; done && i < lookout->leg_count; i++) {
		relink(lookout, &lookout->legs[i], at[i] - lookout->legs[i].count);
		mixed |= lookout->legs[i].left_out;
	}
	/* What was let go left its room to later ones. */
	if (done && mixed)
		qsort_r(lookout->by_frame, lookout->mark_count, sizeof *lookout->by_frame, by_frame_of_mark, lookout->marks);
	free(at);
	return done;
}

/* Whether a mark is the same packet as one that was seen before. */
static bool is_copy(const struct mark *a, const struct mark *b)
{
	/* A host may well send the same twice, but not with the same number; nor a SYN; nor anything in one tick. */
	bool numbered = a->bits & MARK_V4 && a->ip_id, stamped = a->bits & MARK_TIMESTAMP;
	uint64_t within_ns = numbered || (stamped && a->flags & TCP_SYN) ? COPY_ID_NS
	                     : stamped && !(a->bits & MARK_V4)           ? COPY_TICK_NS : 1;

	return a->time_ns <= b->time_ns && clock_elapsed(a->time_ns, b->time_ns) < within_ns && a->leg == b->leg &&
	       a->seq == b->seq && a->ack == b->ack && a->flags == b->flags && a->ip_id == b->ip_id &&
	       a->payload_len == b->payload_len && a->payload_hash == b->payload_hash &&
	       a->options_hash == b->options_hash && mark_side(a) == mark_side(b);
}

/* Copies meet in one slot; whatever else does takes the slot over. */
static size_t slot_of(const struct mark *mark, size_t slots)
{
	uint64_t hash = tuple_mix((uint64_t)mark->seq << 32 | mark->ack, TUPLE_MIX_A);

	hash ^= (uint64_t)mark->leg << 32 ^ (uint32_t)mark->ip_id << 16 ^ mark->flags;
	return tuple_mix(hash, TUPLE_MIX_B) & (slots - 1);
}

static void find_copies(struct lookout *lookout, uint32_t *seen, size_t slots)
{
	memset(seen, 0xff, slots * sizeof *seen);
	for (size_t i = 0; i < lookout->mark_count; i++) {
		struct mark *mark = &lookout->marks[i];
		uint32_t *slot = &seen[slot_of(mark, slots)];

		if (mark->flags & TCP_SYN)
			lookout->hellos[lookout->hello_count++] = (uint32_t)i;
		if (*slot != NONE && is_copy(&lookout->marks[*slot], mark)) {
			lookout->copies = true;
			mark->bits |= MARK_DUPLICATE;
			mark->passage = *slot;
		} else {
			*slot = (uint32_t)i;
		}
	}
}

bool lookout_look_through(struct lookout *lookout)
{
	size_t slots = 256;
	uint32_t *seen;

	while (slots < 2 * lookout->mark_count)
		slots *= 2;
	seen = malloc(slots * sizeof *seen);
	lookout->hellos = malloc((lookout->hello_room + 1) * sizeof *lookout->hellos);
	if (seen && lookout->hellos)
		find_copies(lookout, seen, slots);
	free(seen);
	return seen && lookout->hellos;
}
