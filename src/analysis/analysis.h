/*
 * Frames in, verdicts out: ties the layers together. Two ways through the same code:
 *
 * one pass    every connection is kept in full until it is over and its resets are sealed; verdicts come as they
 *             are ready.
 *             For pipes, compressed files, small files, and where every connection is asked for.
 * two passes  a survey keeps 48 bytes a connection and finds those that need an explanation; the second pass looks at
 *             these only. For large plain files. The verdicts are the same.
 */
#ifndef TCPWHY_ANALYSIS_ANALYSIS_H
#define TCPWHY_ANALYSIS_ANALYSIS_H

#include "base/error.h"
#include "diagnose/diagnose.h"
#include "flow/conversation.h"
#include "packet/decoder.h"
#include "source/source.h"

struct analysis_options {
	size_t max_connections;   /* ceiling of the flow table; 0: ANALYSIS_MAX_CONNECTIONS */
	bool all_connections;     /* the sink wants connection() for every one: one pass */
	bool one_pass;            /* read a large file as a pipe would be read */
	bool two_passes;          /* survey even a small file */
};

#define ANALYSIS_MAX_CONNECTIONS 4000000  /* in a survey: 0.4 GB */
#define ANALYSIS_MAX_CONVERSATIONS 100000 /* in full: 0.4 GB */

/* Where results go. Any may be NULL. What is passed lives until the call returns. */
struct analysis_sink {
	void *user;
	/* One call a RST and one an ending, in the order of their frames (an ending: when it is known). */
	void (*verdict)(void *user, const struct verdict *verdict);
	/* Before each of these: true where the evidence is all that is wanted, so that there is no verdict. */
	bool (*evidence)(void *user, const struct evidence *evidence);
	/* A connection is over, crowded out or at the end of the input. Only with all_connections. */
	void (*connection)(void *user, const struct conversation *conversation);
	/* Every segment that is looked at in full, as it comes: for the ladder. The conversation's ticket is the sink's. */
	void (*note)(void *user, struct conversation *conversation, const struct note *note,
	             const struct segment *segment);
	/* Now and then while reading; `pass` is 1 or 2 of `passes`. */
	void (*progress)(void *user, const struct source_position *position, unsigned pass, unsigned passes);
	/* A source could not be read to its end; what came before counts, and the next source follows. */
	void (*failure)(void *user, const struct source *source, const struct error *error);
};

/* Numbers for the summary. */
struct analysis_totals {
	uint64_t frames, segments, connections, resets;
	uint64_t endings[ENDINGS];          /* of the connections */
	uint64_t connections_let_go;        /* crowded out of a full table before their end was seen */
	uint64_t resets_sealed_early;       /* too many at once: sealed before all that could follow had followed */
	uint64_t duplicates;                /* frames captured twice (among those looked at in full) */
	uint64_t dropped;                   /* lost before they were looked at: for whoever captures to fill in */
	struct decoder_counts decoded;
	int64_t first_time_ns, last_time_ns;
	unsigned passes;
};

struct analysis;

/* NULL when out of memory. The sink is copied. */
struct analysis *analysis_new(const struct analysis_options *options, const struct analysis_sink *sink);
/*
 * Read the sources to their ends, one after the other, as one run of time. STATUS_OK, or the last failure (each was
 * given to the sink). To be called once; analysis_finish() follows. The names of the sources outlive the analysis.
 */
enum status analysis_run(struct analysis *analysis, struct source *const *sources, size_t count, struct error *error);
/* Or feed frames one by one (one pass). */
void analysis_frame(struct analysis *analysis, const struct frame *frame);
/* Nothing came for a while: seal what `now_ns` (in the time of the frames) has passed by. */
void analysis_advance(struct analysis *analysis, int64_t now_ns);
/* The end of the input: seal and report everything. */
void analysis_finish(struct analysis *analysis);
const struct analysis_totals *analysis_totals(const struct analysis *analysis);
/* The same while frames are still fed one by one. */
void analysis_totals_so_far(const struct analysis *analysis, struct analysis_totals *ret_totals);
void analysis_free(struct analysis *analysis);

#endif
