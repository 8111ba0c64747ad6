/* Conversations in full, and the resets among them that wait for what follows. */
#ifndef TCPWHY_ANALYSIS_TRACKER_H
#define TCPWHY_ANALYSIS_TRACKER_H

#include "analysis/analysis.h"
#include "analysis/selection.h"
#include "flow/tuple.h"

struct tracker;

struct tracker_options {
	size_t max_conversations;
	uint64_t seed;                        /* of the hashes of tuples */
	const struct selection *selection;    /* NULL: look at every connection, and count them in the totals */
	const struct analysis_sink *sink;
	struct analysis_totals *totals;
};

/* NULL when out of memory. Options and what they point to outlive the tracker, but for the struct itself. */
struct tracker *tracker_new(const struct tracker_options *options);
/* From now on segments come from this capture. */
void tracker_file(struct tracker *tracker, unsigned file, const char *name);

/* A segment, and what can be found out about it without its conversation. */
struct arrival {
	struct segment segment;
	struct options options;
	struct tuple tuple;
	uint64_t hash;            /* of the tuple */
	uint8_t side;
};

/* Derive everything else from the segment; `seed` as in the options. In whatever thread. */
void arrival_prepare(struct arrival *arrival, uint64_t seed);
/* Segments in order. What they need is fetched from memory for some before the first of them is used. */
void tracker_segments(struct tracker *tracker, struct arrival *arrivals, size_t count);
void tracker_icmp(struct tracker *tracker, const struct icmp_error *error);
/* Seal what has waited long enough at `now_ns`. */
void tracker_advance(struct tracker *tracker, int64_t now_ns);
/* Seal and report everything, and free the tracker. NULL is allowed. */
void tracker_finish(struct tracker *tracker);

#endif
