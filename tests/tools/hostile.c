/*
 * hostile DIR [EVERY]: no change of a capture below DIR may make the library do what the sanitizers forbid, leak, hang,
 * or put out something that could steer a terminal or is not JSON.
 *
 * Every file is cut at each of its first 4096 bytes, and has each of those bytes XORed with 0x01, 0x80 and 0xff;
 * or, beyond the first 256, one byte in EVERY, which is another one from file to file and from change to change (an
 * odd number, so that what is done with one byte in two, in four or in 64 is done there, too). Every variant goes
 * the whole path in process (tests/support/whole_path.h), as a mapped file, in one pass and in two in turn; one cut
 * in four comes through a pipe too. The bounds: of a file with a changed byte only the first 8 KiB are read, since
 * what lies beyond is seldom reached in another way; with one in 64 of the changes all of it is read. Two resets of
 * each cause are rendered. The file as it is goes every way in full, all is rendered, all JSON is parsed.
 *
 * A task is one file and one of the four kinds of change; tasks run in processes of their own, as many as there are
 * processors, so that a report of a sanitizer ends one task only, and is put beside the file and the variant.
 */
#include <err.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/whole_path.h"

#define CHANGED_BYTES 4096u
#define ALWAYS_CHANGED_BYTES 256u
#define EVERY_MAX 1024u
#define PREFIX_BYTES (8u << 10)
#define IN_FULL_EVERY 64u
#define PIPED_EVERY 4u
#define HANG_SECONDS 60u
#define WORKERS_MAX 64

/* XORed with; 0 cuts. */
static const uint8_t changes[] = { 0x00, 0x01, 0x80, 0xff };

#define CHANGES (sizeof changes)

/* What a worker does just now: shared, so that it outlives the worker. */
struct progress {
	uint64_t runs;
	size_t offset;
};

struct worker {
	pid_t pid;                 /* 0: idle */
	size_t task;
	struct progress *progress;
};

struct files {
	char **paths;
	size_t count;
	size_t every;              /* of the bytes of each */
};

/* Most of the time goes into memory: freed blocks need not wait long here, since each run is a short one. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4:malloc_context_size=6:max_malloc_fill_size=0";
}

/* ---- variants ---- */

struct capture {
	uint8_t *bytes;
	size_t size;
	int fd;                    /* memfd */
	char name[32];             /* of the memfd */
	struct progress *progress;
	size_t turn, every;        /* beyond the first bytes it is the turn of one offset in `every` */
};

static bool is_its_turn(const struct capture *capture, size_t offset)
{
	return offset < ALWAYS_CHANGED_BYTES || offset % capture->every == capture->turn % capture->every;
}

static void put(const struct capture *capture, const void *bytes, size_t len, size_t offset)
{
	if (pwrite(capture->fd, bytes, len, (off_t)offset) != (ssize_t)len)
		err(EXIT_FAILURE, "pwrite");
}

static void resize(const struct capture *capture, size_t size)
{
	if (ftruncate(capture->fd, (off_t)size) < 0)
		err(EXIT_FAILURE, "ftruncate");
}

static void run(const struct capture *capture, enum whole_path_way way, bool thorough)
{
	alarm(HANG_SECONDS);
	whole_path(capture->name, way, thorough);
	capture->progress->runs++;
}

/* The first `len` bytes through a pipe, which holds them all at once. */
static void run_piped(const struct capture *capture, size_t len)
{
	char name[32];
	int ends[2];

	if (pipe(ends) < 0)
		err(EXIT_FAILURE, "pipe");
	if (write(ends[1], capture->bytes, len) != (ssize_t)len)
		err(EXIT_FAILURE, "write");
	close(ends[1]);
	snprintf(name, sizeof name, "/proc/self/fd/%d", ends[0]);
	alarm(HANG_SECONDS);
	whole_path(name, WAY_ALL_CONNECTIONS, false);
	capture->progress->runs++;
	close(ends[0]);
}

static void run_cuts(const struct capture *capture)
{
	for (size_t len = 0; len < capture->size && len < CHANGED_BYTES; len++) {
		if (!is_its_turn(capture, len))
			continue;
		capture->progress->offset = len;
		resize(capture, len);
		put(capture, capture->bytes, len, 0);
		run(capture, (enum whole_path_way)(len % WAYS), false);
		if (len % PIPED_EVERY == 0)
			run_piped(capture, len);
	}
	resize(capture, 0);
	put(capture, capture->bytes, capture->size, 0);
	capture->progress->offset = capture->size;
	for (enum whole_path_way way = 0; way < WAYS; way++)
		run(capture, way, true);
}

static void run_changed(const struct capture *capture, uint8_t change)
{
	size_t prefix = capture->size < PREFIX_BYTES ? capture->size : PREFIX_BYTES;
	uint8_t changed;

	put(capture, capture->bytes, prefix, 0);
	for (size_t offset = 0; offset < prefix && offset < CHANGED_BYTES; offset++) {
		bool in_full = prefix < capture->size && offset % IN_FULL_EVERY == change % IN_FULL_EVERY;

		if (!is_its_turn(capture, offset))
			continue;
		capture->progress->offset = offset;
		changed = capture->bytes[offset] ^ change;
		if (in_full)
			put(capture, capture->bytes + prefix, capture->size - prefix, prefix);
		put(capture, &changed, 1, offset);
		run(capture, offset % 2 ? WAY_TWO_PASSES : WAY_ALL_CONNECTIONS, false);
		put(capture, &capture->bytes[offset], 1, offset);
		if (in_full)
			resize(capture, prefix);
	}
}

static void load(struct capture *capture, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat) < 0)
		err(EXIT_FAILURE, "%s", path);
	capture->size = (size_t)stat.st_size;
	capture->bytes = malloc(capture->size + 1);
	if (!capture->bytes || read(fd, capture->bytes, capture->size) != (ssize_t)capture->size)
		err(EXIT_FAILURE, "%s", path);
	close(fd);
	capture->fd = memfd_create("capture", MFD_CLOEXEC);
	if (capture->fd < 0)
		err(EXIT_FAILURE, "memfd_create");
	snprintf(capture->name, sizeof capture->name, "/proc/self/fd/%d", capture->fd);
}

/* A worker: ends the process. The leak check comes with exit(). */
__attribute__((noreturn))
static void run_task(const struct files *files, size_t task, struct progress *progress)
{
	struct capture capture = { .progress = progress, .turn = task / CHANGES + task % CHANGES, .every = files->every };
	uint8_t change = changes[task % CHANGES];

	load(&capture, files->paths[task / CHANGES]);
	if (change)
		run_changed(&capture, change);
	else
		run_cuts(&capture);
	free(capture.bytes);
	close(capture.fd);
	exit(EXIT_SUCCESS);
}

/* ---- workers ---- */

static void start(struct worker *worker, size_t task, const struct files *files)
{
	*worker->progress = (struct progress){ 0 };
	worker->task = task;
	fflush(stdout);
	worker->pid = fork();
	if (worker->pid == 0)
		run_task(files, task, worker->progress);
	if (worker->pid < 0)
		err(EXIT_FAILURE, "fork");
}

/* Print the result of a task. Returns whether it is good. */
static bool judge(const struct worker *worker, int status, const struct files *files)
{
	bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	unsigned change = changes[worker->task % CHANGES];

	printf("%sok %zu - %s, ", good ? "" : "not ", worker->task + 1, files->paths[worker->task / CHANGES]);
	if (change)
		printf("bytes XORed with 0x%02x: %" PRIu64 " runs\n", change, worker->progress->runs);
	else
		printf("cut: %" PRIu64 " runs\n", worker->progress->runs);
	if (good)
		return true;
	printf("#   at byte %zu: ", worker->progress->offset);
	if (WIFEXITED(status))
		printf("exit status %d: see the report above, or a leak\n", WEXITSTATUS(status));
	else
		printf("%s\n", WTERMSIG(status) == SIGALRM ? "it hangs" : strsignal(WTERMSIG(status)));
	return false;
}

/* Wait for one worker to end. */
static struct worker *wait_for_one(struct worker *workers, size_t count, int *ret_status)
{
	pid_t pid = wait(ret_status);

	if (pid < 0)
		err(EXIT_FAILURE, "wait");
	for (size_t i = 0; i < count; i++)
		if (workers[i].pid == pid)
			return &workers[i];
	errx(EXIT_FAILURE, "process %d is not known", pid);
}

static size_t processors(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count < 1 ? 1 : count > WORKERS_MAX ? WORKERS_MAX : (size_t)count;
}

/* Returns how many tasks failed. */
static size_t run_all(const struct files *files, uint64_t *ret_runs)
{
	size_t count = processors(), tasks = files->count * CHANGES, next = 0, running = 0, failed = 0;
	struct progress *shared = mmap(NULL, count * sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                               -1, 0);
	struct worker workers[WORKERS_MAX] = { 0 }, *worker;
	int status;

	if (shared == MAP_FAILED)
		err(EXIT_FAILURE, "mmap");
	for (; running < count && next < tasks; running++) {
		workers[running].progress = &shared[running];
		start(&workers[running], next++, files);
	}
	while (running) {
		worker = wait_for_one(workers, count, &status);
		failed += !judge(worker, status, files);
		*ret_runs += worker->progress->runs;
		worker->pid = 0;
		if (next < tasks)
			start(worker, next++, files);
		else
			running--;
	}
	munmap(shared, count * sizeof *shared);
	return failed;
}

/* ---- files ---- */

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void add_file(struct files *files, const char *path)
{
	files->paths = realloc(files->paths, (files->count + 1) * sizeof *files->paths);
	if (files->paths)
		files->paths[files->count] = strdup(path);
	if (!files->paths || !files->paths[files->count])
		err(EXIT_FAILURE, "%s", path);
	files->count++;
}

/* Every file that is not empty: one that is no capture must be refused as safely. */
static void find_files(struct files *files, char *directory)
{
	FTS *tree = fts_open((char *[]){ directory, NULL }, FTS_LOGICAL | FTS_NOCHDIR, by_name);
	FTSENT *entry;

	if (!tree)
		err(EXIT_FAILURE, "%s", directory);
	while ((entry = fts_read(tree))) {
		if (entry->fts_info == FTS_F && entry->fts_statp->st_size)
			add_file(files, entry->fts_path);
		else if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR)
			errx(EXIT_FAILURE, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
	}
	fts_close(tree);
}

int main(int argc, char **argv)
{
	struct files files = { 0 };
	uint64_t runs = 0;
	size_t failed;

	files.every = argc == 3 ? strtoul(argv[2], NULL, 10) : 1;
	if (argc < 2 || argc > 3 || files.every % 2 == 0 || files.every > EVERY_MAX)
		errx(2, "usage: hostile DIR [EVERY]");
	find_files(&files, argv[1]);
	if (!files.count)
		errx(EXIT_FAILURE, "%s: no file", argv[1]);
	printf("1..%zu\n", files.count * CHANGES);
	failed = run_all(&files, &runs);
	printf("# %zu files, %" PRIu64 " runs, %zu tasks failed\n", files.count, runs, failed);
	for (size_t i = 0; i < files.count; i++)
		free(files.paths[i]);
	free(files.paths);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
