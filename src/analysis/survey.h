/* The first of two passes: keeps a cache line a connection, and finds those that need an explanation. */
#ifndef TCPWHY_ANALYSIS_SURVEY_H
#define TCPWHY_ANALYSIS_SURVEY_H

#include "analysis/analysis.h"
#include "analysis/selection.h"

struct survey;

/* Counts into *totals (connections, endings, connections_let_go). NULL when out of memory. */
struct survey *survey_new(size_t max_connections, uint64_t seed, struct selection *selection,
                          struct analysis_totals *totals);
/* Segments of one batch, in order; `file` numbers the source. */
void survey_segments(struct survey *survey, const struct segment *segments, size_t count, unsigned file);
void survey_icmp(struct survey *survey, const struct icmp_error *error);
/* Count what is left, complete the selection and free the survey. NULL is allowed. */
void survey_finish(struct survey *survey);

#endif
