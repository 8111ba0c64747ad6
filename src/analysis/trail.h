/*
 * What the survey leaves behind of every frame: a few bits of the hash of its connection, and its length. With these
 * the second pass goes from one frame that it wants to the next, and does not touch those between. For files whose
 * records lie one behind the other (see source_can_follow()); all others are read whole again.
 */
#ifndef TCPWHY_ANALYSIS_TRAIL_H
#define TCPWHY_ANALYSIS_TRAIL_H

#include <string.h>

#include "analysis/selection.h"
#include "source/source.h"

/* Marks over all files: 64 MiB. What comes later is read whole again. */
#define TRAIL_MARKS_MAX (16u << 20)

/* Two hashes are not those of connections: frames that belong to none are never wanted, parts of datagrams always. */
enum trail_bucket {
	TRAIL_NEVER,
	TRAIL_ALWAYS,
	TRAIL_CONNECTIONS,
};

struct trail {
	uint32_t *marks;          /* see source_mark() */
	size_t count, capacity;   /* capacity 0: out of memory, or a file without a trail is at hand */
	uint64_t *wanted;         /* SOURCE_MARK_HASHES bits, from trail_finish() on */
	struct trail_file *files;
	unsigned files_count;
};

/* NULL when out of memory. */
struct trail *trail_new(unsigned files);
/* The frames of this source come now. */
void trail_begin(struct trail *trail, unsigned file, const struct source *source);
/* Its last frame had this time. */
void trail_end(struct trail *trail, unsigned file, int64_t last_time_ns);
/* All files were seen: from now on ask for what is selected. */
void trail_finish(struct trail *trail, const struct selection *selection);
/* As source_next(), less frames that are not wanted; STATUS_END after the last one. */
enum status trail_next(struct trail *trail, unsigned file, struct source *source, struct frame frames[SOURCE_BATCH],
                       size_t *ret_count, struct error *error);
/* The time of the last frame; false where the file has no trail. */
bool trail_last_time(const struct trail *trail, unsigned file, int64_t *ret_time_ns);
/* NULL is allowed. */
void trail_free(struct trail *trail);

/* The mark of a frame that belongs to a connection. */
static inline uint32_t trail_mark(uint32_t captured, uint64_t hash)
{
	uint32_t mark = source_mark(captured, hash);

	return mark | (uint32_t)(source_mark_hash(mark) < TRAIL_CONNECTIONS) << (SOURCE_MARK_HASH_SHIFT + 1);
}

static inline uint32_t trail_mark_other(uint32_t captured, enum trail_bucket bucket)
{
	return source_mark(captured, 0) | (uint32_t)bucket << SOURCE_MARK_HASH_SHIFT;
}

/* The marks of the next frames, in order. */
static inline void trail_add(struct trail *trail, const uint32_t *marks, size_t count)
{
	size_t room = trail->count < trail->capacity ? trail->capacity - trail->count : 0;

	if (count > room)
		count = room;
	memcpy(trail->marks + trail->count, marks, count * sizeof *marks);
	trail->count += count;
}

#endif
