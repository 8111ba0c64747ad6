#include "live/stacks.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "live/unwind.h"

/* Until then a map is taken for what it was: libraries are loaded later, too. */
#define MAPS_AGE_NS NS_PER_S
/* Of all processes together; where they are needed, the oldest are closed when their stacks go. */
#define OPEN_FILES_MAX 256
#define START_STACK_FIELD 28 /* proc(5), /proc/pid/stat */

/* The memory of a process, and of its children that have executed nothing. */
struct memory {
	uint64_t start_stack;
	uint32_t pid;
	unsigned users;              /* stacks that are kept, and the table */
	int64_t read_ns;
	char *maps;                  /* lines of /proc/PID/maps that name a file */
	struct foreign foreign;
	struct unwinder *unwinder;   /* NULL: not yet needed */
};

struct kept_stack {
	struct live_stack copy;
	struct memory *memory;       /* NULL: it was too late to read it */
};

struct stacks {
	struct kept_stack *kept;     /* a ring of STACKS_KEPT */
	uint64_t count;
	struct memory *memories[MEMORIES_KEPT];
	char *text;                  /* MAPS_MAX + 1, to read into */
	size_t open_files;           /* of all memories */
};

struct stacks *stacks_new(void)
{
	struct stacks *stacks = calloc(1, sizeof *stacks);

	if (stacks) {
		stacks->kept = calloc(STACKS_KEPT, sizeof *stacks->kept);
		stacks->text = malloc(MAPS_MAX + 1);
	}
	if (stacks && stacks->kept && stacks->text)
		return stacks;
	stacks_free(stacks);
	return NULL;
}

static void release(struct stacks *stacks, struct memory *memory)
{
	if (!memory || --memory->users)
		return;
	unwinder_free(memory->unwinder);
	stacks->open_files -= memory->foreign.count;
	foreign_close(&memory->foreign);
	free(memory->maps);
	free(memory);
}

/* A file of /proc/PID as text, up to MAPS_MAX bytes; false where there is none any more. */
static bool read_file(struct stacks *stacks, uint32_t pid, const char *name)
{
	char path[48];
	size_t len = 0;
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "/proc/%" PRIu32 "/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (len < MAPS_MAX && (got = read(fd, stacks->text + len, MAPS_MAX - len)) > 0)
		len += (size_t)got;
	close(fd);
	stacks->text[len] = 0;
	return len > 0;
}

/* Whether the process has the memory still that the stack is of: execve() and the end of a process change it. */
static bool is_same(struct stacks *stacks, const struct live_stack *stack)
{
	char *at = read_file(stacks, stack->pid, "stat") ? strrchr(stacks->text, ')') : NULL;

	/* The second field is the name, which may hold anything. */
	for (int field = 2; at && field < START_STACK_FIELD; field++)
		at = strchr(at + 1, ' ');
	return at && strtoull(at, NULL, 10) == stack->start_stack;
}

/* Keep the whole lines that name a file. */
static void keep_files(char *text)
{
	char *to = text, *end;

	for (char *line = text; (end = strchr(line, '\n')); line = end + 1) {
		size_t len = (size_t)(end + 1 - line);

		if (!memchr(line, '/', len))
			continue;
		memmove(to, line, len);
		to += len;
	}
	*to = 0;
}

/* NULL where it is too late. */
static struct memory *read_memory(struct stacks *stacks, const struct live_stack *stack)
{
	struct memory *memory = is_same(stacks, stack) ? calloc(1, sizeof *memory) : NULL;

	if (!memory)
		return NULL;
	memory->users = 1;
	memory->pid = stack->pid;
	memory->start_stack = stack->start_stack;
	memory->read_ns = clock_monotonic();
	if (read_file(stacks, stack->pid, "maps")) {
		keep_files(stacks->text);
		memory->maps = strdup(stacks->text);
	}
	if (memory->maps && *memory->maps) {
		foreign_open(&memory->foreign, stack->pid, memory->maps, OPEN_FILES_MAX - stacks->open_files);
		stacks->open_files += memory->foreign.count;
	}
	if (memory->maps && *memory->maps && is_same(stacks, stack))
		return memory;
	release(stacks, memory);
	return NULL;
}

/* Where the memory of this process is in the table, or where the oldest gives way to it. */
static struct memory **place_of(struct stacks *stacks, uint64_t start_stack)
{
	struct memory **oldest = &stacks->memories[0];

	for (size_t i = 0; i < MEMORIES_KEPT; i++) {
		struct memory **one = &stacks->memories[i];

		if (*one && (*one)->start_stack == start_stack)
			return one;
		if (*oldest && (!*one || (*one)->read_ns < (*oldest)->read_ns))
			oldest = one;
	}
	return oldest;
}

/* What is known of the memory that a stack is of, read anew where that is too old; NULL: nothing. */
static struct memory *memory_of(struct stacks *stacks, const struct live_stack *stack)
{
	struct memory **place = place_of(stacks, stack->start_stack), *memory;
	bool is_known = *place && (*place)->start_stack == stack->start_stack;

	if (is_known && clock_monotonic() - (*place)->read_ns < MAPS_AGE_NS)
		return *place;
	memory = read_memory(stacks, stack);
	if (!memory)
		return is_known ? *place : NULL;
	if (is_known && strcmp(memory->maps, (*place)->maps) == 0) {
		(*place)->read_ns = memory->read_ns;
		release(stacks, memory);
		return *place;
	}
	release(stacks, *place);
	*place = memory;
	return memory;
}

void stacks_take(struct stacks *stacks, const struct live_stack *stack)
{
	struct memory *memory = memory_of(stacks, stack);
	struct kept_stack *kept;

	if (!stack->bytes || stack->bytes > sizeof stack->stack)
		return;
	kept = &stacks->kept[stacks->count++ % STACKS_KEPT];
	release(stacks, kept->memory);
	kept->copy = *stack;
	kept->memory = memory;
	if (memory)
		memory->users++;
}

static struct kept_stack *find(struct stacks *stacks, uint32_t number)
{
	for (uint64_t i = stacks->count; i > 0 && stacks->count - i < STACKS_KEPT; i--)
		if (stacks->kept[(i - 1) % STACKS_KEPT].copy.number == number)
			return &stacks->kept[(i - 1) % STACKS_KEPT];
	return NULL;
}

void stacks_frames(struct stacks *stacks, uint32_t number, struct call_stack *ret_stack)
{
	struct kept_stack *kept = number ? find(stacks, number) : NULL;

	ret_stack->count = 0;
	ret_stack->gap = !number ? STACK_NONE : !kept ? STACK_FORGOTTEN : STACK_TOO_LATE;
	if (!kept || !kept->memory)
		return;
	if (!kept->memory->unwinder)
		kept->memory->unwinder = unwinder_new(kept->memory->pid, kept->memory->maps, &kept->memory->foreign);
	if (kept->memory->unwinder)
		unwinder_walk(kept->memory->unwinder, &kept->copy, ret_stack);
}

void stacks_free(struct stacks *stacks)
{
	if (!stacks)
		return;
	for (size_t i = 0; stacks->kept && i < STACKS_KEPT; i++)
		release(stacks, stacks->kept[i].memory);
	for (size_t i = 0; i < MEMORIES_KEPT; i++)
		release(stacks, stacks->memories[i]);
	free(stacks->kept);
	free(stacks->text);
	free(stacks);
}
