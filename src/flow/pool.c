#include "flow/pool.h"

#include <string.h>
#include <sys/mman.h>

#define CACHE_LINE 64

/* Pages are mapped with one step to spare, and cut to alignment, so that large ones can become huge pages. */
void *pages_map(size_t size, int protection)
{
	size_t spare = size >= POOL_STEP ? POOL_STEP : 0, skip;
	uint8_t *pages = mmap(NULL, size + spare, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
	if (!spare)
		return pages;
	skip = -(uintptr_t)pages % POOL_STEP;
	pages_unmap(pages, skip);
	pages_unmap(pages + skip + size, spare - skip);
	return pages + skip;
}

void pages_unmap(void *pages, size_t size)
{
	if (pages && size)
		munmap(pages, size);
}

bool pool_init(struct pool *pool, size_t stride, size_t max)
{
	*pool = (struct pool){ .stride = stride, .free = POOL_NONE };
	pool->reserved = (max * stride + POOL_STEP - 1) / POOL_STEP * POOL_STEP;
	pool->base = pages_map(pool->reserved, PROT_NONE);
	return pool->base;
}

/* Small pools stay in small pages: half a huge page wasted is nothing where there are many. */
static bool pool_commit(struct pool *pool)
{
	uint8_t *start = pool->base + pool->committed;

	if (pool->committed == pool->reserved || mprotect(start, POOL_STEP, PROT_READ | PROT_WRITE) != 0)
		return false;
	if (pool->committed >= POOL_HUGE_FROM)
		madvise(start, POOL_STEP, MADV_HUGEPAGE);
	pool->committed += POOL_STEP;
	return true;
}

uint32_t pool_add(struct pool *pool)
{
	bool used_before = pool->free != POOL_NONE;
	uint32_t index = pool_add_raw(pool);

	if (!used_before)
		return index;
	/* A length that the compiler knows takes no call: most entries by far are of this one. */
	if (pool->stride == CACHE_LINE)
		memset(pool_entry(pool, index), 0, CACHE_LINE);
	else
		memset(pool_entry(pool, index), 0, pool->stride);
	return index;
}

uint32_t pool_add_raw(struct pool *pool)
{
	uint32_t index = pool->free;

	if (index != POOL_NONE) {
		memcpy(&pool->free, pool_entry(pool, index), sizeof pool->free);
		return index;
	}
	while ((pool->used + 1) * pool->stride > pool->committed) {
		if (!pool_commit(pool))
			return POOL_NONE;
	}
	return pool->used++;
}

void pool_remove(struct pool *pool, uint32_t index)
{
	memcpy(pool_entry(pool, index), &pool->free, sizeof pool->free);
	pool->free = index;
}

void pool_clear(struct pool *pool)
{
	pages_unmap(pool->base, pool->reserved);
	pool->base = NULL;
}
