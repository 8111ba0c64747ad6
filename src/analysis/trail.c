#include "analysis/trail.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MARKS_BYTES (TRAIL_MARKS_MAX * sizeof(uint32_t))

struct trail_file {
	size_t first, count;      /* its marks */
	size_t used;              /* of them by trail_next() */
	int64_t last_time_ns;
	bool known;               /* it has a trail */
};

struct trail *trail_new(unsigned files)
{
	struct trail *trail = calloc(1, sizeof *trail);
	void *marks = mmap(NULL, MARKS_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (trail) {
		trail->marks = marks == MAP_FAILED ? NULL : marks;
		trail->files = calloc(files ? files : 1, sizeof *trail->files);
		trail->wanted = calloc(SOURCE_MARK_HASHES / 64, sizeof *trail->wanted);
		trail->files_count = files;
		if (trail->marks && trail->files && trail->wanted) {
			/* Small pages: while a huge one is cleared, the thread that waits for the marks' writer runs dry. */
			madvise(marks, MARKS_BYTES, MADV_NOHUGEPAGE);
			return trail;
		}
	} else if (marks != MAP_FAILED) {
		munmap(marks, MARKS_BYTES);
	}
	trail_free(trail);
	return NULL;
}

void trail_begin(struct trail *trail, unsigned file, const struct source *source)
{
	struct trail_file *at = &trail->files[file];

	at->first = trail->count;
	at->known = source_can_follow(source);
	trail->capacity = at->known ? TRAIL_MARKS_MAX : 0;
}

void trail_end(struct trail *trail, unsigned file, int64_t last_time_ns)
{
	struct trail_file *at = &trail->files[file];

	at->count = trail->count - at->first;
	at->last_time_ns = last_time_ns;
}

static void want(void *context, uint64_t hash)
{
	struct trail *trail = context;
	uint32_t at = source_mark_hash(trail_mark(0, hash));

	trail->wanted[at / 64] |= 1ULL << at % 64;
}

void trail_finish(struct trail *trail, const struct selection *selection)
{
	if (selection_is_everything(selection))
		memset(trail->wanted, 0xff, SOURCE_MARK_HASHES / 8);
	trail->wanted[0] |= 1ULL << TRAIL_ALWAYS;
	selection_each(selection, want, trail);
}

enum status trail_next(struct trail *trail, unsigned file, struct source *source, struct frame frames[SOURCE_BATCH],
                       size_t *ret_count, struct error *error)
{
	struct trail_file *at = &trail->files[file];

	while (at->used < at->count) {
		struct source_trail part = { trail->marks + at->first + at->used, at->count - at->used, trail->wanted };
		size_t used = 0;
		enum status status = source_follow(source, &part, &used, frames, ret_count, error);

		at->used += used;
		if (status != STATUS_OK || *ret_count)
			return status;
	}
	return source_next(source, frames, ret_count, error);
}

bool trail_last_time(const struct trail *trail, unsigned file, int64_t *ret_time_ns)
{
	const struct trail_file *at = &trail->files[file];

	*ret_time_ns = at->last_time_ns;
	return at->count > 0;
}

void trail_free(struct trail *trail)
{
	if (!trail)
		return;
	if (trail->marks)
		munmap(trail->marks, MARKS_BYTES);
	free(trail->wanted);
	free(trail->files);
	free(trail);
}
