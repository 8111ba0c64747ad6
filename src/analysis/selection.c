#include "analysis/selection.h"

#include <stdlib.h>

#include "flow/tuple.h"

/* The set stays at most half full. */
#define SLOTS_MIN 1024
/* What most questions whether a tuple recurs are answered by: half a second-level cache, one bit a hash. */
#define SKETCH_BITS (1u << 20)
/* The filter before the set: small enough for the cache, one bit in sixteen set. */
#define FILTER_BITS_PER_ENTRY 16
#define FILTER_BITS_MIN 4096

struct selection {
	uint64_t *slots;  /* hashes, see key_of(); 0 is empty */
	size_t capacity, count;
	uint64_t *sketch; /* SKETCH_BITS; a clear bit says that no tuple with such a hash is selected */
	uint64_t *filter;
	uint64_t filter_mask; /* in bits */
	struct selection_place *places;  /* in the order of their addition */
	size_t places_count, places_capacity;
	uint32_t *index;                 /* of the places by their frames: one more than the place, 0 where empty */
	size_t index_capacity;
	bool everything;  /* memory ran out */
};

struct selection *selection_new(void)
{
	struct selection *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->capacity = SLOTS_MIN;
	s->slots = calloc(s->capacity, sizeof *s->slots);
	s->sketch = calloc(SKETCH_BITS / 64, sizeof *s->sketch);
	if (s->slots && s->sketch)
		return s;
	selection_free(s);
	return NULL;
}

/* The lowest two bits are not the hash's: one is set, so that none is 0, and the other marks those that recur. */
#define KEY_BIT 1u
#define RECURS_BIT 2u

static uint64_t key_of(uint64_t hash)
{
	return (hash & ~(uint64_t)RECURS_BIT) | KEY_BIT;
}

/* The slot that holds the key, or the empty one where it would go. */
static uint64_t *slot_of(uint64_t *slots, size_t capacity, uint64_t key)
{
	size_t at = key >> 2 & (capacity - 1);

	while (slots[at] && key_of(slots[at]) != key)
		at = (at + 1) & (capacity - 1);
	return &slots[at];
}

static bool grow(struct selection *s)
{
	uint64_t *slots = calloc(s->capacity * 2, sizeof *slots);

	if (!slots)
		return false;
	for (size_t i = 0; i < s->capacity; i++)
		if (s->slots[i])
			*slot_of(slots, s->capacity * 2, key_of(s->slots[i])) = s->slots[i];
	free(s->slots);
	s->slots = slots;
	s->capacity *= 2;
	return true;
}

static uint32_t sketch_bit(uint64_t hash)
{
	return hash >> 32 & (SKETCH_BITS - 1);
}

bool selection_add(struct selection *s, uint64_t tuple_hash)
{
	uint64_t key = key_of(tuple_hash), *slot;
	uint32_t bit = sketch_bit(tuple_hash);

	if (s->count * 2 >= s->capacity && !grow(s)) {
		s->everything = true;
		return false;
	}
	s->sketch[bit / 64] |= 1ULL << bit % 64;
	slot = slot_of(s->slots, s->capacity, key);
	if (!*slot) {
		*slot = key;
		s->count++;
	}
	return true;
}

void selection_recur(struct selection *s, uint64_t tuple_hash)
{
	uint32_t bit = sketch_bit(tuple_hash);
	uint64_t *slot;

	if (!(s->sketch[bit / 64] >> bit % 64 & 1))
		return;
	slot = slot_of(s->slots, s->capacity, key_of(tuple_hash));
	if (*slot)
		*slot |= RECURS_BIT;
}

bool selection_recurs(const struct selection *s, uint64_t tuple_hash)
{
	return s->everything || *slot_of(s->slots, s->capacity, key_of(tuple_hash)) & RECURS_BIT;
}

bool selection_add_place(struct selection *s, const struct selection_place *place)
{
	if (s->places_count == s->places_capacity) {
		size_t capacity = s->places_capacity ? s->places_capacity * 2 : SLOTS_MIN;
		struct selection_place *places = realloc(s->places, capacity * sizeof *places);

		if (!places)
			return false;
		s->places = places;
		s->places_capacity = capacity;
	}
	s->places[s->places_count++] = *place;
	return true;
}

/* Frames are odd keys by themselves: multiplied by an odd number, the high bits are as good as a hash. */
static uint32_t *index_of(const struct selection *s, uint64_t frame)
{
	size_t at = (frame * TUPLE_MIX_A >> 32) & (s->index_capacity - 1);

	while (s->index[at] && s->places[s->index[at] - 1].frame != frame)
		at = (at + 1) & (s->index_capacity - 1);
	return &s->index[at];
}

/* Out of memory, no connection has a number. */
static void index_places(struct selection *s)
{
	size_t capacity = SLOTS_MIN;

	while (capacity < 2 * s->places_count)
		capacity *= 2;
	s->index = s->places_count < UINT32_MAX ? calloc(capacity, sizeof *s->index) : NULL;
	s->index_capacity = capacity;
	for (size_t i = 0; s->index && i < s->places_count; i++)
		*index_of(s, s->places[i].frame) = (uint32_t)i + 1;
}

bool selection_finish(struct selection *s)
{
	uint64_t bits = FILTER_BITS_MIN;

	while (bits < s->count * FILTER_BITS_PER_ENTRY)
		bits *= 2;
	free(s->filter);
	s->filter = calloc(bits / 64, sizeof *s->filter);
	s->filter_mask = bits - 1;
	if (!s->filter) {
		s->everything = true;
		s->filter_mask = 0;
	}
	for (size_t i = 0; s->filter && i < s->capacity; i++) {
		uint64_t bit = s->slots[i] >> 20 & s->filter_mask;

		if (s->slots[i])
			s->filter[bit / 64] |= 1ULL << bit % 64;
	}
	index_places(s);
	return s->filter;
}

void selection_prefetch(const struct selection *s, uint64_t tuple_hash)
{
	if (!s->everything)
		__builtin_prefetch(&s->filter[(tuple_hash >> 20 & s->filter_mask) / 64]);
}

bool selection_has(const struct selection *s, uint64_t tuple_hash)
{
	uint64_t bit = tuple_hash >> 20 & s->filter_mask;

	if (s->everything)
		return true;
	return s->filter[bit / 64] >> bit % 64 & 1 && *slot_of(s->slots, s->capacity, key_of(tuple_hash));
}

void selection_each(const struct selection *s, void (*each)(void *context, uint64_t tuple_hash), void *context)
{
	for (size_t i = 0; i < s->capacity; i++)
		if (s->slots[i])
			each(context, s->slots[i]);
}

bool selection_is_everything(const struct selection *s)
{
	return s->everything;
}

const struct selection_place *selection_place(const struct selection *s, uint64_t frame)
{
	uint32_t at = s->index ? *index_of(s, frame) : 0;

	return at ? &s->places[at - 1] : NULL;
}

void selection_free(struct selection *s)
{
	if (!s)
		return;
	free(s->slots);
	free(s->sketch);
	free(s->filter);
	free(s->index);
	free(s->places);
	free(s);
}
