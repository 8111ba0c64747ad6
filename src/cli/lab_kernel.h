/* What the kernel told of a play; for lab_kernel.c and lab_kernel_judge.c. */
#ifndef TCPWHY_CLI_LAB_KERNEL_H
#define TCPWHY_CLI_LAB_KERNEL_H

#include <pthread.h>
#include <stdatomic.h>

#include "cli/cmd_lab.h"
#include "live/session.h"

#define TESTIMONIES_MAX 1024
#define WHOLE PARTIES /* not of one host alone: of both ends, as they are on one machine */

/* A reset as the kernel told it, judged: as it is seen with both ends, or from one host alone. */
struct told_reset {
	uint32_t netns;      /* 0: whole */
	unsigned at;         /* enum party, or WHOLE */
	struct evidence evidence;
	struct testimony testimony;
	struct verdict verdict;
};

struct lab_kernel {
	struct session *session;
	pthread_t thread;
	bool listens;        /* the thread is there */
	const struct record *record; /* the play */
	atomic_bool played;
	struct told_reset *resets;
	size_t count;
	uint64_t not_kept;
	uint64_t missed;     /* events of the whole host: until the play began, then those since */
};

#endif
