/* What vantage.c gathers, and tell.c makes verdicts of. For this folder alone. */
#ifndef TCPWHY_VANTAGE_TELL_H
#define TCPWHY_VANTAGE_TELL_H

#include <pthread.h>
#include <stddef.h>

#include "vantage/vantage.h"
#include "vantage/way.h"

/* What one capture alone told of a reset. */
struct told {
	const struct evidence_packed *packed;
	const char *file;
	uint64_t frame;
	struct endpoint src, dst;
	uint64_t isn[2];          /* one more than the number; 0: unknown */
	int64_t time_ns;          /* by the first clock */
	const struct mark *mark;  /* NULL: it was not kept */
	uint32_t passage;         /* NONE: no other capture has its connection */
	uint8_t lookout, file_place;
	bool is_ending;
};

/* A piece of memory that is filled with evidence, one after the other: to ask for memory for each takes longer. */
struct piece {
	struct piece *before;
	size_t used;
	max_align_t bytes[];
};

/* All that one capture told, in the order of its time and frames once it is read. Only its own thread adds to it. */
struct account {
	struct told *told;
	size_t count, room;
	struct piece *pieces;
	size_t piece_count;
};

struct vantages {
	struct vantage_input inputs[LOOKOUTS_MAX];
	unsigned count;
	struct analysis_options options;
	struct analysis_sink sink;
	struct recognition known;
	struct vantage_names names;
	struct analysis_totals totals;
	struct match match;
	struct ways ways;
	uint8_t place[LOOKOUTS_MAX];
	bool surveyed[LOOKOUTS_MAX]; /* the analysis took two passes */
	uint64_t seed;            /* of the hashes of tuples */
	struct account accounts[LOOKOUTS_MAX];
	pthread_mutex_t lock;     /* of the sink, while captures are analysed side by side */
};

/*
 * Match what the captures told of the same reset, merge it, and give one verdict each to the sink. The way is known.
 * STATUS_OK or STATUS_MEMORY.
 */
enum status tell_all(struct vantages *vantages, struct error *error);

#endif
