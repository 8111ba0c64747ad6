/*
 * Entries of one size in reserved address space: an entry never moves, and memory is taken from the system as it is
 * needed. For tables, and for what else comes and goes by the thousand.
 */
#ifndef TCPWHY_FLOW_POOL_H
#define TCPWHY_FLOW_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POOL_STEP (2u << 20)      /* taken from the system at a time, and the size of a huge page on x86 and arm64 */
#define POOL_HUGE_FROM (2u << 20) /* from this size on huge pages are asked for */
#define POOL_NONE UINT32_MAX

struct pool {
	uint8_t *base;
	size_t stride;
	size_t reserved, committed;  /* bytes */
	uint32_t used;               /* entries ever handed out: those below were touched */
	uint32_t free;               /* first of the free entries, or POOL_NONE; the next stands in its first bytes */
};

/* Clear pages that start at a multiple of `size`'s own alignment, a huge page where large; NULL when out of memory. */
void *pages_map(size_t size, int protection);
void pages_unmap(void *pages, size_t size);

/* Reserve room for `max` entries of `stride` bytes, a multiple of 8. False when out of memory. */
bool pool_init(struct pool *pool, size_t stride, size_t max);
/* A zeroed entry's index, POOL_NONE when out of memory. */
uint32_t pool_add(struct pool *pool);
/* The same, but what was in the entry before may still be there. */
uint32_t pool_add_raw(struct pool *pool);
void pool_remove(struct pool *pool, uint32_t index);
void pool_clear(struct pool *pool);

static inline void *pool_entry(const struct pool *pool, uint32_t index)
{
	return pool->base + index * pool->stride;
}

static inline uint32_t pool_index(const struct pool *pool, const void *entry)
{
	return (uint32_t)((size_t)((const uint8_t *)entry - pool->base) / pool->stride);
}

#endif
