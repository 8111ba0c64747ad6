#include "analysis/selection.h"

#include <stdlib.h>
#include <string.h>

/* The set stays at most half full. */
#define SLOTS_MIN 1024
/* The filter before the set: small enough for the cache, one bit in sixteen set. */
#define FILTER_BITS_PER_ENTRY 16
#define FILTER_BITS_MIN 4096

struct number {
	uint64_t place;   /* frame of the run */
	uint32_t number;
};

struct selection {
	uint64_t *slots;  /* hashes, 0 is empty */
	size_t capacity, count;
	uint64_t *filter;
	uint64_t filter_mask; /* in bits */
	struct number *numbers;
	size_t numbers_count, numbers_capacity;
	bool everything;  /* memory ran out */
};

struct selection *selection_new(void)
{
	struct selection *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->capacity = SLOTS_MIN;
	s->slots = calloc(s->capacity, sizeof *s->slots);
	if (!s->slots) {
		free(s);
		return NULL;
	}
	return s;
}

static bool put(uint64_t *slots, size_t capacity, uint64_t hash)
{
	size_t at = hash >> 1 & (capacity - 1);

	while (slots[at] && slots[at] != hash)
		at = (at + 1) & (capacity - 1);
	if (slots[at] == hash)
		return false;
	slots[at] = hash;
	return true;
}

static bool grow(struct selection *s)
{
	uint64_t *slots = calloc(s->capacity * 2, sizeof *slots);

	if (!slots)
		return false;
	for (size_t i = 0; i < s->capacity; i++)
		if (s->slots[i])
			put(slots, s->capacity * 2, s->slots[i]);
	free(s->slots);
	s->slots = slots;
	s->capacity *= 2;
	return true;
}

/* The lowest bit tells nothing, so that no hash is 0. */
static uint64_t not_zero(uint64_t hash)
{
	return hash | 1;
}

bool selection_add(struct selection *s, uint64_t tuple_hash)
{
	if (s->count * 2 >= s->capacity && !grow(s)) {
		s->everything = true;
		return false;
	}
	s->count += put(s->slots, s->capacity, not_zero(tuple_hash));
	return true;
}

bool selection_add_number(struct selection *s, uint64_t frame, uint32_t number)
{
	if (s->numbers_count == s->numbers_capacity) {
		size_t capacity = s->numbers_capacity ? s->numbers_capacity * 2 : SLOTS_MIN;
		struct number *numbers = realloc(s->numbers, capacity * sizeof *numbers);

		if (!numbers)
			return false;
		s->numbers = numbers;
		s->numbers_capacity = capacity;
	}
	s->numbers[s->numbers_count++] = (struct number){ .place = frame, .number = number };
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct number *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
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
	if (s->numbers_count)
		qsort(s->numbers, s->numbers_count, sizeof *s->numbers, by_place);
	return s->filter;
}

void selection_prefetch(const struct selection *s, uint64_t tuple_hash)
{
	if (!s->everything)
		__builtin_prefetch(&s->filter[(not_zero(tuple_hash) >> 20 & s->filter_mask) / 64]);
}

bool selection_has(const struct selection *s, uint64_t tuple_hash)
{
	uint64_t hash = not_zero(tuple_hash), bit = hash >> 20 & s->filter_mask;
	size_t at;

	if (s->everything)
		return true;
	if (!(s->filter[bit / 64] >> bit % 64 & 1))
		return false;
	for (at = hash >> 1 & (s->capacity - 1); s->slots[at]; at = (at + 1) & (s->capacity - 1))
		if (s->slots[at] == hash)
			return true;
	return false;
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

uint32_t selection_number(const struct selection *s, uint64_t frame)
{
	struct number key = { .place = frame };
	const struct number *found;

	if (!s->numbers_count)
		return 0;
	found = bsearch(&key, s->numbers, s->numbers_count, sizeof *s->numbers, by_place);
	return found ? found->number : 0;
}

void selection_free(struct selection *s)
{
	if (!s)
		return;
	free(s->slots);
	free(s->filter);
	free(s->numbers);
	free(s);
}
