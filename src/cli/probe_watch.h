/* `probe --watch` and `--wait-open`: the same ports again and again. */
#ifndef TCPWHY_CLI_PROBE_WATCH_H
#define TCPWHY_CLI_PROBE_WATCH_H

#include "cli/command.h"
#include "probe/scan.h"

struct probe_watch_options {
	bool json;
	int64_t interval_ns;       /* from one probe to the next */
	uint64_t count;            /* probes; 0: until it is stopped */
	bool (*stopped)(void *user);
};

/* Probe the one port of the scan, and tell of each probe, of changes, and at the end of all. */
enum exit_status probe_watch(struct scan *scan, const struct probe_watch_options *options);

#endif
