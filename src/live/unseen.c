#include "live/unseen.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/mount.h>
#include <linux/perf_event.h>

#include "base/clock.h"
#include "base/text.h"

#define TRACEFS_EVENTS "/sys/kernel/tracing/events"
#define LOOK_NS (10 * NS_PER_MS) /* by then whoever was counted by perf at the last look has run the program, too */
#define SETTLE_NS NS_PER_MS
#define TRIES 10                 /* for a moment in which nothing happens */
#define NOT_COUNTED SIZE_MAX

struct unseen {
	struct unseen_tally tallies[LIVE_RUNS];
	size_t at[LIVE_RUNS];       /* where in a group; NOT_COUNTED */
	size_t wanted;              /* how many */
	int *fds;                   /* `wanted` for each processor, the leader of its group first; -1: it has none */
	size_t processors;
	unseen_runs_fn *runs;
	void *user;
	int64_t looked_ns;
};

static const char *const tracepoints[LIVE_RUNS] = {
	[LIVE_RUN_SENT] = "tcp/tcp_send_reset",
	[LIVE_RUN_RECEIVED] = "tcp/tcp_receive_reset",
	[LIVE_RUN_ERROR] = "sock/inet_sk_error_report",
	[LIVE_RUN_STATE] = "sock/inet_sock_set_state",
};

void unseen_compare(struct unseen_tally *tally, uint64_t passes, uint64_t runs)
{
	int64_t count = tally->ahead + (int64_t)(tally->passes - runs);

	if (count > 0 && (uint64_t)count > tally->count)
		tally->count = (uint64_t)count;
	tally->passes = passes;
}

/* The folder of the tracepoints, also where nobody has mounted it; -1: see errno. */
static int open_events(void)
{
	int fd = open(TRACEFS_EVENTS, O_DIRECTORY | O_CLOEXEC), context, mount = -1, error;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	context = (int)syscall(SYS_fsopen, "tracefs", FSOPEN_CLOEXEC);
	if (context < 0)
		return -1;
	if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (mount >= 0)
		fd = openat(mount, "events", O_DIRECTORY | O_CLOEXEC);
	error = errno;
	if (mount >= 0)
		close(mount);
	close(context);
	errno = error;
	return fd;
}

/* The number by which perf knows a tracepoint. */
static bool read_id(int events, const char *tracepoint, uint64_t *ret_id)
{
	char path[64], text[32] = "";
	ssize_t len = -1;
	int fd;

	snprintf(path, sizeof path, "%s/id", tracepoint);
	fd = openat(events, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, text, sizeof text - 1);
		close(fd);
	}
	*ret_id = strtoull(text, NULL, 10);
	return len > 0 && *ret_id > 0;
}

/* Count on one processor. 0, also where there is no such processor, or a positive errno. */
static int count_on(struct unseen *unseen, size_t processor, const uint64_t ids[LIVE_RUNS])
{
	int *group = unseen->fds + processor * unseen->wanted;
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof attributes, .read_format = PERF_FORMAT_GROUP,
	};

	for (size_t i = 0; i < unseen->wanted; i++) {
		attributes.config = ids[i];
		group[i] = (int)syscall(SYS_perf_event_open, &attributes, -1, (int)processor, i ? group[0] : -1,
		                        PERF_FLAG_FD_CLOEXEC);
		if (group[i] < 0)
			return errno == ENODEV ? 0 : errno;
	}
	return 0;
}

static void read_passes(const struct unseen *unseen, uint64_t ret_passes[LIVE_RUNS])
{
	struct { uint64_t count, values[LIVE_RUNS]; } group;

	memset(ret_passes, 0, LIVE_RUNS * sizeof *ret_passes);
	for (size_t processor = 0; processor < unseen->processors; processor++) {
		memset(&group, 0, sizeof group);
		if (read(unseen->fds[processor * unseen->wanted], &group, sizeof group) <= 0)
			continue;
		for (size_t run = 0; run < LIVE_RUNS; run++)
			if (unseen->at[run] != NOT_COUNTED)
				ret_passes[run] += group.values[unseen->at[run]];
	}
}

/*
 * How far the runs are ahead. Those that were counted before a short wait have been counted by perf after it; of
 * several such pairs the one with the fewest in between is the closest.
 */
static bool settle(struct unseen *unseen)
{
	const struct timespec wait = { 0, SETTLE_NS };
	uint64_t before[LIVE_RUNS], after[LIVE_RUNS], passes[LIVE_RUNS];

	for (unsigned try = 0; try < TRIES; try++) {
		bool quiet = true;

		if (!unseen->runs(unseen->user, before))
			return false;
		nanosleep(&wait, NULL);
		read_passes(unseen, passes);
		if (!unseen->runs(unseen->user, after))
			return false;
		for (size_t run = 0; run < LIVE_RUNS; run++) {
			struct unseen_tally *tally = &unseen->tallies[run];
			int64_t ahead = (int64_t)(before[run] - passes[run]);

			if (!try || ahead > tally->ahead)
				tally->ahead = ahead;
			tally->passes = passes[run];
			quiet &= before[run] == after[run];
		}
		if (quiet)
			break;
	}
	return true;
}

static enum status count_all(struct unseen *unseen, const uint64_t ids[LIVE_RUNS], struct error *error)
{
	int processors = libbpf_num_possible_cpus();

	unseen->processors = processors > 0 ? (size_t)processors : 1;
	unseen->fds = malloc(unseen->processors * unseen->wanted * sizeof *unseen->fds);
	if (!unseen->fds)
		return error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
	for (size_t i = 0; i < unseen->processors * unseen->wanted; i++)
		unseen->fds[i] = -1;
	for (size_t i = 0; i < unseen->processors; i++) {
		int code = count_on(unseen, i, ids);

		if (code)
			return error_set(error, STATUS_IO, _("perf_event_open() is refused: %s"), strerror(code));
	}
	return STATUS_OK;
}

static enum status begin(struct unseen *unseen, const bool wanted[LIVE_RUNS], struct error *error)
{
	uint64_t ids[LIVE_RUNS];
	int events = open_events();

	if (events < 0)
		return error_set(error, STATUS_IO, _("%s cannot be read: %s"), TRACEFS_EVENTS, strerror(errno));
	for (size_t run = 0; run < LIVE_RUNS; run++) {
		unseen->at[run] = NOT_COUNTED;
		if (wanted[run] && read_id(events, tracepoints[run], &ids[unseen->wanted]))
			unseen->at[run] = unseen->wanted++;
	}
	close(events);
	if (!unseen->wanted)
		return error_set(error, STATUS_UNSUPPORTED, _("%s has none of the tracepoints"), TRACEFS_EVENTS);
	return count_all(unseen, ids, error);
}

struct unseen *unseen_open(const bool wanted[LIVE_RUNS], unseen_runs_fn *runs, void *user, struct error *error)
{
	struct unseen *unseen = calloc(1, sizeof *unseen);

	if (!unseen) {
		error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
		return NULL;
	}
	unseen->runs = runs;
	unseen->user = user;
	if (begin(unseen, wanted, error) != STATUS_OK) {
		unseen_close(unseen);
		return NULL;
	}
	if (!settle(unseen)) {
		error_set(error, STATUS_IO, "%s", _("how often the programs ran cannot be read"));
		unseen_close(unseen);
		return NULL;
	}
	unseen->looked_ns = clock_monotonic();
	return unseen;
}

void unseen_look(struct unseen *unseen, int64_t now_ns)
{
	uint64_t passes[LIVE_RUNS], runs[LIVE_RUNS];

	if (now_ns - unseen->looked_ns < LOOK_NS)
		return;
	unseen->looked_ns = now_ns;
	read_passes(unseen, passes);
	if (!unseen->runs(unseen->user, runs))
		return;
	for (size_t run = 0; run < LIVE_RUNS; run++)
		if (unseen->at[run] != NOT_COUNTED)
			unseen_compare(&unseen->tallies[run], passes[run], runs[run]);
}

uint64_t unseen_count(const struct unseen *unseen)
{
	uint64_t count = 0;

	for (size_t run = 0; unseen && run < LIVE_RUNS; run++)
		count += unseen->tallies[run].count;
	return count;
}

void unseen_close(struct unseen *unseen)
{
	if (!unseen)
		return;
	for (size_t i = 0; unseen->fds && i < unseen->processors * unseen->wanted; i++)
		if (unseen->fds[i] >= 0)
			close(unseen->fds[i]);
	free(unseen->fds);
	free(unseen);
}
