/*
 * Which connections the second pass looks at: by the hash of their tuple. A false match costs time, never a verdict.
 * And the numbers of those connections, which only the survey can count.
 */
#ifndef TCPWHY_ANALYSIS_SELECTION_H
#define TCPWHY_ANALYSIS_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct selection;

/* NULL when out of memory. */
struct selection *selection_new(void);
/* False when out of memory: then everything is selected. */
bool selection_add(struct selection *selection, uint64_t tuple_hash);
/* The connection that begins with `frame` (of the run, see frame_in_run()) has this number. */
bool selection_add_number(struct selection *selection, uint64_t frame, uint32_t number);
/* To be called between the last addition and the first question. */
bool selection_finish(struct selection *selection);
/* Call `each` with the hash of every connection. The lowest bit of the hashes is not theirs. */
void selection_each(const struct selection *selection, void (*each)(void *context, uint64_t tuple_hash), void *context);
bool selection_has(const struct selection *selection, uint64_t tuple_hash);
/* Start loading what selection_has() needs. */
void selection_prefetch(const struct selection *selection, uint64_t tuple_hash);
/* 0 where it has none. */
uint32_t selection_number(const struct selection *selection, uint64_t frame);
/* Memory ran out: selection_has() says yes to everything. */
bool selection_is_everything(const struct selection *selection);
/* NULL is allowed. */
void selection_free(struct selection *selection);

#endif
