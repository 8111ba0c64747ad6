/*
 * Which connections the second pass looks at: by the hash of their tuple. A false match costs time, never a verdict.
 * And what only the survey can count: their numbers, and how many segments each of them has.
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
/* Another connection of a tuple began: if it is selected, what ends is not the last of it. */
void selection_recur(struct selection *selection, uint64_t tuple_hash);

struct selection_place {
	uint64_t frame;       /* of the run, see frame_in_run(): the connection begins with it */
	uint32_t number;      /* of the connection */
	uint32_t segments;    /* that the connection has; 0: unknown */
};
bool selection_add_place(struct selection *selection, const struct selection_place *place);
/* To be called between the last addition and the first question. */
bool selection_finish(struct selection *selection);
/* Call `each` with the hash of every connection. The lowest two bits of the hashes are not theirs. */
void selection_each(const struct selection *selection, void (*each)(void *context, uint64_t tuple_hash), void *context);
bool selection_has(const struct selection *selection, uint64_t tuple_hash);
/* Start loading what selection_has() needs. */
void selection_prefetch(const struct selection *selection, uint64_t tuple_hash);
/* The connection that begins with this frame of the run; NULL where none does that is selected. */
const struct selection_place *selection_place(const struct selection *selection, uint64_t frame);
/* Whether several connections of this tuple were seen, the later of them after one was selected. */
bool selection_recurs(const struct selection *selection, uint64_t tuple_hash);
/* Memory ran out: selection_has() says yes to everything. */
bool selection_is_everything(const struct selection *selection);
/* NULL is allowed. */
void selection_free(struct selection *selection);

#endif
