/*
 * A ring that is too small for what comes costs time, and no port its true state: what could not be read is counted,
 * asked again, and never called filtered. In a network namespace of its own, over its loopback.
 */
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/engine.h"
#include "probe/scan.h"
#include "support/loopback.h"
#include "tap.h"

static struct target *loopback(void)
{
	struct target *target = calloc(1, sizeof *target);
	struct address address = { .version = 4, .bytes = { 127, 0, 0, 1 } };
	struct error error = { STATUS_OK, "" };

	if (target && path_find(&address, 0, &target->path, &error) != STATUS_OK)
		printf("# %s\n", error.text);
	return target;
}

static size_t count(const struct scan *scan, enum port_state state)
{
	size_t found = 0;

	for (size_t i = 0; i < scan->ask_count; i++)
		found += scan->asks[i].state == state;
	return found;
}

int main(void)
{
	/* 16 packets; 32 are sent before the next look. */
	struct scan_options options = { .ring_bytes = 4096 };
	struct error error = { STATUS_OK, "" };
	struct port_set ports = { 0 };
	struct scan *scan = NULL;

	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
		puts("1..0 # SKIP network namespaces cannot be made here");
		return 0;
	}
	ok(loopback_up(), "a network of its own");
	ports_parse("1-3000", &ports, NULL);
	if (!ok(scan_new(loopback(), 1, &ports, &options, &scan, &error) == STATUS_OK, "a tiny ring %s", error.text))
		return done_testing();
	scan_run(scan);
	ok(scan->counts.dropped > 0, "answers were dropped: %llu", (unsigned long long)scan->counts.dropped);
	is_number((long long)count(scan, PORT_FILTERED), 0, "no port is called filtered for it");
	is_number((long long)count(scan, PORT_CLOSED), 3000, "all are closed, as they are");
	ok(scan->counts.sent > 3000, "they were asked again: %llu SYNs", (unsigned long long)scan->counts.sent);
	scan_free(scan);
	return done_testing();
}
