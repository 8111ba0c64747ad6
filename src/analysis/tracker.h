/* Conversations in full, and the resets among them that wait for what follows. */
#ifndef TCPWHY_ANALYSIS_TRACKER_H
#define TCPWHY_ANALYSIS_TRACKER_H

#include "analysis/analysis.h"
#include "analysis/selection.h"

struct tracker;

struct tracker_options {
	size_t max_conversations;
	const struct selection *selection;    /* NULL: look at every connection, and count them in the totals */
	const struct analysis_sink *sink;
	struct analysis_totals *totals;
};

/* NULL when out of memory. Options and what they point to outlive the tracker, but for the struct itself. */
struct tracker *tracker_new(const struct tracker_options *options);
/* From now on segments come from this capture. */
void tracker_file(struct tracker *tracker, unsigned file, const char *name);
/* Up to TRACKER_BATCH segments, in order: what they need is fetched from memory for all before the first is used. */
#define TRACKER_BATCH 8
void tracker_segments(struct tracker *tracker, struct segment *segments, size_t count);
void tracker_icmp(struct tracker *tracker, const struct icmp_error *error);
/* Seal what has waited long enough at `now_ns`. */
void tracker_advance(struct tracker *tracker, int64_t now_ns);
/* Seal and report everything, and free the tracker. NULL is allowed. */
void tracker_finish(struct tracker *tracker);

#endif
