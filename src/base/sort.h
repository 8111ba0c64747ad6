/* Sorting of what is mostly little, or mostly in its order already. */
#ifndef TCPWHY_BASE_SORT_H
#define TCPWHY_BASE_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SORT_SIZE_MAX 64
/* More are sorted by the library: for fewer it costs more than it sorts. */
#define SORT_FEW 32

/*
 * As qsort(), but where they are few, equal ones stay in their order; `size` is SORT_SIZE_MAX at most. Inline, for a
 * size and an order that the compiler knows.
 */
static inline __attribute__((always_inline)) void sort_few(void *entries, size_t count, size_t size,
                                                           int (*order)(const void *, const void *))
{
	_Alignas(max_align_t) uint8_t entry[SORT_SIZE_MAX];
	uint8_t *all = entries;

	if (count > SORT_FEW || size > SORT_SIZE_MAX) {
		qsort(entries, count, size, order);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		size_t at = i;

		memcpy(entry, all + i * size, size);
		for (; at > 0 && order(all + (at - 1) * size, entry) > 0; at--)
			memcpy(all + at * size, all + (at - 1) * size, size);
		if (at < i)
			memcpy(all + at * size, entry, size);
	}
}

/* Many that are mostly in their order: then they are looked at, and not touched. */
static inline void sort_sorted(void *entries, size_t count, size_t size, int (*order)(const void *, const void *))
{
	const uint8_t *all = entries;

	for (size_t i = 1; i < count; i++)
		if (order(all + (i - 1) * size, all + i * size) > 0) {
			qsort(entries, count, size, order);
			return;
		}
}

#endif
