/* Entries put into another order where they are: memory that nobody has touched yet costs more than the work. */
#ifndef TCPWHY_BASE_PERMUTE_H
#define TCPWHY_BASE_PERMUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PERMUTE_SIZE_MAX 64

/* Carry the entry at `start` to its place, the one that was there to its own, until the circle closes. */
static inline __attribute__((always_inline)) void permute_circle(uint8_t *entries, size_t size, size_t start,
                                                                 const uint32_t *to, uint8_t *moved)
{
	uint8_t carried[PERMUTE_SIZE_MAX], met[PERMUTE_SIZE_MAX];

	memcpy(carried, entries + start * size, size);
	for (size_t at = to[start]; at != start; at = to[at]) {
		/* The circle leads anywhere: the one after the next is asked for while this one moves. */
		__builtin_prefetch(entries + to[to[at]] * size, 1);
		memcpy(met, entries + at * size, size);
		memcpy(entries + at * size, carried, size);
		memcpy(carried, met, size);
		moved[at / 8] |= (uint8_t)(1u << at % 8);
	}
	memcpy(entries + start * size, carried, size);
}

/*
 * Moves each entry from its place i to place to[i]; `size` bytes each, PERMUTE_SIZE_MAX at most, and to[] holds every
 * place once. False when out of memory; nothing was moved then. Inline, for a size that the compiler knows.
 */
static inline __attribute__((always_inline)) bool permute(void *entries, size_t size, size_t count, const uint32_t *to)
{
	uint8_t *moved = calloc(count / 8 + 1, 1);

	if (!moved || size > PERMUTE_SIZE_MAX) {
		free(moved);
		return false;
	}
	for (size_t i = 0; i < count; i++)
		if (to[i] != i && !(moved[i / 8] >> i % 8 & 1))
			permute_circle(entries, size, i, to, moved);
	free(moved);
	return true;
}

#endif
