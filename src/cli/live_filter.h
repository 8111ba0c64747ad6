/* Which resets `watch` and `run` tell of. */
#ifndef TCPWHY_CLI_LIVE_FILTER_H
#define TCPWHY_CLI_LIVE_FILTER_H

#include <pcap/dlt.h>

#include "diagnose/diagnose.h"
#include "source/filter.h"

struct live_filter {
	bool follow;              /* only what concerns followed processes */
	const char *command;      /* of a process at either end; NULL: any */
	const char *cgroup;       /* its path, or that of one above it; NULL: any */
	enum cause_id cause;      /* or a refinement of it; CAUSE_NONE: any */
	enum harm harm;           /* or worse */
	struct filter *packets;   /* in libpcap's language, on the RST; NULL: any */
};

/* Understand a word; NULL is any harm. False where it is none. */
bool live_filter_harm(struct live_filter *filter, const char *word);
/* Whether the reset is told; `followed`: of a followed process. */
bool live_filter_passes(const struct live_filter *filter, const struct verdict *verdict, bool followed);

#define LIVE_FRAME_MAX 128
/* The RST of the evidence as a frame, as far as it is known; returns its length. */
size_t live_filter_frame(const struct evidence *evidence, uint8_t frame[LIVE_FRAME_MAX]);

#endif
