/* The first of two passes: keeps a cache line a connection, and finds those that need an explanation. */
#ifndef TCPWHY_ANALYSIS_SURVEY_H
#define TCPWHY_ANALYSIS_SURVEY_H

#include "analysis/ahead.h"
#include "analysis/analysis.h"
#include "analysis/selection.h"
#include "analysis/trail.h"

struct survey;

/* Frames that were surveyed, for counting and progress. */
typedef void survey_seen_fn(void *user, const struct ahead_batch *batch);

/* Counts into *totals (connections, endings, connections_let_go, resets, decoded). NULL when out of memory. */
struct survey *survey_new(size_t max_connections, uint64_t seed, struct selection *selection,
                          struct analysis_totals *totals, survey_seen_fn *seen, void *user);
/* Read a mapped source to its end; `file` numbers it. Leaves a trail. STATUS_OK or the failure that stopped it. */
enum status survey_run(struct survey *survey, struct source *source, unsigned file, struct trail *trail,
                       struct error *error);
/* Count what is left and free the survey; selection_finish() may follow. NULL is allowed. */
void survey_finish(struct survey *survey);

#endif
