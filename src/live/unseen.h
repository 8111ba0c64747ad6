/*
 * What the programs in the kernel were not run for: they are not where one would interrupt itself, and some kernels
 * keep them out of more. perf counts how often the same tracepoints were passed, wherever that was.
 */
#ifndef TCPWHY_LIVE_UNSEEN_H
#define TCPWHY_LIVE_UNSEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "live/event.h"

/* How often something was passed without being seen. All zero: nothing was passed, and nothing seen. */
struct unseen_tally {
	int64_t ahead;      /* of the passes, the programs' runs: the latter began to be counted at another time */
	uint64_t passes;    /* when it was looked at last */
	uint64_t count;
};

/*
 * What passed until the look before this one should have been seen by now. What was seen since hides as many that were
 * not, so it is never too many, and right when it is quiet.
 */
void unseen_compare(struct unseen_tally *tally, uint64_t passes, uint64_t runs);

struct unseen;
/* How often each program has run; false: it cannot be read, and nothing follows from it. */
typedef bool unseen_runs_fn(void *user, uint64_t ret_runs[LIVE_RUNS]);

/*
 * Begin to count what is wanted, on all processors, when their programs are attached; this waits for a few
 * milliseconds. NULL where perf, tracefs or `runs` does not let: STATUS_IO, STATUS_UNSUPPORTED, STATUS_MEMORY.
 */
struct unseen *unseen_open(const bool wanted[LIVE_RUNS], unseen_runs_fn *runs, void *user, struct error *error);
/* Compare, if it is some time since the last look; often, for what is new is found by the second look that follows. */
void unseen_look(struct unseen *unseen, int64_t now_ns);
/* Of all together. NULL: 0. */
uint64_t unseen_count(const struct unseen *unseen);
/* NULL is allowed. */
void unseen_close(struct unseen *unseen);

#endif
