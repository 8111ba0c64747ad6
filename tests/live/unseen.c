/*
 * What the programs in the kernel were not run for is counted, whatever kept them from it; what is seen is never taken
 * for missed.
 */
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "live/tracer.h"
#include "live/unseen.h"
#include "support/loopback.h"

#define REFUSALS 50
#define PORT 9 /* nobody listens there */
#define TURNS 40
#define TURN_MS 10
#define RUNS 1000   /* of a program that perf did not count */
#define LIMITS 4    /* of descriptors, that are tried */

static void test_comparing(void)
{
	struct unseen_tally tally = { .ahead = 5 };

	unseen_compare(&tally, 10, 5);
	is_number((long long)tally.count, 0, "what perf counts now may be seen in a moment");
	unseen_compare(&tally, 10, 15);
	is_number((long long)tally.count, 0, "and was");
	unseen_compare(&tally, 13, 16);
	unseen_compare(&tally, 13, 16);
	is_number((long long)tally.count, 2, "three passed, and one was seen");
	unseen_compare(&tally, 20, 25);
	is_number((long long)tally.count, 2, "what is seen since then does not make good what was not");
	unseen_compare(&tally, 20, 23);
	is_number((long long)tally.count, 2, "and counts once");
	tally = (struct unseen_tally){ .ahead = -3 };
	unseen_compare(&tally, 3, 0);
	unseen_compare(&tally, 4, 0);
	is_number((long long)tally.count, 0, "what perf counted before there were programs was not missed");
	unseen_compare(&tally, 4, 0);
	is_number((long long)tally.count, 1, "what passed since then was");
}

/* Connections to a port where nobody listens: each draws a RST, which is sent and received. */
static void be_refused(void)
{
	const struct sockaddr_in nobody = {
		.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	for (unsigned i = 0; i < REFUSALS; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (const struct sockaddr *)&nobody, sizeof nobody) == 0 || errno != ECONNREFUSED)
			ok(false, "nobody listens: %s", strerror(errno));
		close(fd);
	}
}

/* They did before. `user`: a bool, whether that can be read; NULL: it can. */
static bool run_no_more(void *user, uint64_t ret_runs[LIVE_RUNS])
{
	for (size_t run = 0; run < LIVE_RUNS; run++)
		ret_runs[run] = RUNS;
	return !user || *(bool *)user;
}

static void look_often(struct unseen *unseen)
{
	const struct timespec turn = { 0, TURN_MS * NS_PER_MS };

	for (unsigned i = 0; i < TURNS && unseen_count(unseen) < REFUSALS; i++) {
		nanosleep(&turn, NULL);
		unseen_look(unseen, clock_monotonic());
	}
}

/* Rights may be given up that it takes. */
static void test_runs_unknown(void)
{
	const bool sent[LIVE_RUNS] = { [LIVE_RUN_SENT] = true };
	struct error error = { STATUS_OK, "" };
	bool readable = true;
	struct unseen *unseen = unseen_open(sent, run_no_more, &readable, &error);

	if (!ok(unseen != NULL, "perf counts: %s", error.text))
		return;
	readable = false;
	be_refused();
	look_often(unseen);
	is_number((long long)unseen_count(unseen), 0, "while it is not known how often a program ran, nothing is missed");
	readable = true;
	look_often(unseen);
	ok(unseen_count(unseen) >= REFUSALS, "but after it is");
	unseen_close(unseen);
	readable = false;
	ok(!unseen_open(sent, run_no_more, &readable, &error) && error.status == STATUS_IO, "never: %s", error.text);
}

static void test_perf(void)
{
	const bool sent[LIVE_RUNS] = { [LIVE_RUN_SENT] = true }, none[LIVE_RUNS] = { 0 };
	struct error error = { STATUS_OK, "" };
	struct unseen *unseen = unseen_open(sent, run_no_more, NULL, &error);

	if (!ok(unseen != NULL, "perf counts: %s", error.text))
		return;
	be_refused();
	look_often(unseen);
	ok(unseen_count(unseen) >= REFUSALS, "RSTs that no program saw are counted: %llu of %u",
	   (unsigned long long)unseen_count(unseen), REFUSALS);
	unseen_close(unseen);
	ok(!unseen_open(none, run_no_more, NULL, &error) && error.status == STATUS_UNSUPPORTED, "nothing to count: %s",
	   error.text);
}

/* Take the program from this tracepoint: the link goes with its descriptor. Whether it was there. */
static bool detach(const char *tracepoint)
{
	char path[300], wanted[64], line[256];
	struct dirent *entry;
	DIR *folder = opendir("/proc/self/fdinfo");
	bool found = false;

	snprintf(wanted, sizeof wanted, "tp_name:\t%s\n", tracepoint);
	while (folder && !found && (entry = readdir(folder))) {
		FILE *file;

		snprintf(path, sizeof path, "/proc/self/fdinfo/%s", entry->d_name);
		file = fopen(path, "re");
		while (file && !found && fgets(line, sizeof line, file))
			found = strcmp(line, wanted) == 0;
		if (file)
			fclose(file);
		if (found)
			close(atoi(entry->d_name));
	}
	if (folder)
		closedir(folder);
	return found;
}

/* Waits until as many were missed as that, but not for long. */
static uint64_t missed_after_refusals(struct tracer *tracer, uint64_t wanted)
{
	uint64_t counts[LIVE_COUNTS];

	be_refused();
	for (unsigned i = 0; i < TURNS; i++) {
		tracer_poll(tracer, TURN_MS, NULL);
		tracer_counts(tracer, counts);
		if (counts[LIVE_COUNT_MAP_FULL] >= wanted)
			break;
	}
	return counts[LIVE_COUNT_MAP_FULL];
}

/* Two ends of a connection over loopback. */
static bool connect_pair(int ret_ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool made;

	ret_ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	made = bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0 &&
	       getsockname(listener, (struct sockaddr *)&address, &len) == 0 &&
	       connect(ret_ends[0], (struct sockaddr *)&address, sizeof address) == 0;
	ret_ends[1] = made ? accept(listener, NULL, NULL) : -1;
	close(listener);
	return ret_ends[1] >= 0;
}

/* `user`: the event that is waited for, which has the ports until then. */
static void on_event(void *user, const struct live_event *event)
{
	struct live_event *wanted = user;

	if (event->kind == LIVE_RECEIVED && event->tuple.local_port == wanted->tuple.local_port &&
	    event->tuple.remote_port == wanted->tuple.remote_port)
		*wanted = *event;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in address = { 0 };
	socklen_t len = sizeof address;

	getsockname(fd, (struct sockaddr *)&address, &len);
	return ntohs(address.sin_port);
}

/* What it did last was not seen: that it is open, as far as is known, proves nothing. */
static void test_ended_unseen(struct tracer *tracer)
{
	const struct linger abort = { .l_onoff = 1 };
	struct live_event received = { 0 };
	int ends[2];

	if (!ok(connect_pair(ends) && detach("inet_sock_set_state"), "a connection, and no more programs that see its end"))
		return;
	received.tuple.local_port = port_of(ends[0]);
	received.tuple.remote_port = port_of(ends[1]);
	tracer_on_event(tracer, on_event, &received);
	setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
	close(ends[1]);
	for (unsigned i = 0; i < TURNS && !received.kind; i++)
		tracer_poll(tracer, TURN_MS, NULL);
	ok(received.has_peer && received.peer.state == STATE_ESTABLISHED, "a RST comes from what is taken for open");
	ok(received.peer.partial, "and it is known that this is not all");
	close(ends[0]);
}

static void test_tracer(struct tracer *tracer)
{
	uint64_t before;

	is_text(tracer_uncounted(tracer), "", "it is known what the programs were not run for");
	before = missed_after_refusals(tracer, REFUSALS);
	ok(before < REFUSALS, "what is seen is not missed: %llu", (unsigned long long)before);
	ok(detach("tcp_send_reset"), "a program is taken away");
	ok(missed_after_refusals(tracer, before + REFUSALS) >= before + REFUSALS, "what it does not see any more is missed");
	test_ended_unseen(tracer);
	tracer_close(tracer);
}

static rlim_t descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	rlim_t count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count - 3; /* ".", ".." and the folder itself */
}

/* Where descriptors are few, they are for tracing first: to have more of them never hurts. */
static void test_few_descriptors(const struct tracer_options *options)
{
	struct rlimit all, few;
	struct error error = { STATUS_OK, "" };
	struct tracer *tracer = tracer_open(options, &error);
	rlim_t enough = descriptors() + 1;
	bool opened = false, fewer_opened = false, hurts = false;

	tracer_close(tracer);
	getrlimit(RLIMIT_NOFILE, &all);
	few = all;
	for (few.rlim_cur = enough - LIMITS; few.rlim_cur <= enough; few.rlim_cur++) {
		setrlimit(RLIMIT_NOFILE, &few);
		tracer = tracer_open(options, &error);
		opened = tracer;
		hurts |= fewer_opened && !opened;
		fewer_opened |= opened;
		tracer_close(tracer);
	}
	setrlimit(RLIMIT_NOFILE, &all);
	ok(opened && !hurts, "with up to %u descriptors, each that is enough leaves the next enough: %s", (unsigned)enough,
	   hurts ? error.text : "");
}

int main(void)
{
	struct tracer_options options = { 0 };
	struct error error = { STATUS_OK, "" };
	struct tracer *tracer;
	struct stat own;

	test_comparing();
	if (unshare(CLONE_NEWNET) < 0 || !loopback_up()) {
		ok(true, "RSTs that no program saw # SKIP a network namespace cannot be made here: %s", strerror(errno));
		return done_testing();
	}
	/* Of what happens elsewhere on this host nothing is told then; it is counted. */
	options.netns = stat("/proc/self/ns/net", &own) == 0 ? (uint32_t)own.st_ino : 0;
	tracer = tracer_open(&options, &error);
	if (!tracer) {
		ok(true, "RSTs that no program saw # SKIP %s", error.text);
		return done_testing();
	}
	test_tracer(tracer);
	test_perf();
	test_runs_unknown();
	test_few_descriptors(&options);
	return done_testing();
}
