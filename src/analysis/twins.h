/*
 * Which connection an endpoint opened last. A segment that a translator lets through untranslated reaches its host
 * from an address that the host never spoke to; its numbers tell which connection it belongs to. Bounded: an endpoint
 * forgets its connection when another one with the same hash opens one.
 *
 * In the second of two passes only connections that need an explanation are looked at, so there the twin is known if
 * it needs one itself. As a rule it does: when its client writes next, it is reset, too.
 */
#ifndef TCPWHY_ANALYSIS_TWINS_H
#define TCPWHY_ANALYSIS_TWINS_H

#include "flow/conversation.h"
#include "reset/reset.h"

struct twins;

/* NULL when out of memory; every function takes NULL and then knows nothing. */
struct twins *twins_new(void);
/* `c` begins, with its first segment. What begins in the middle does not replace what an endpoint opened before. */
void twins_add(struct twins *twins, const struct conversation *c, const struct tuple *tuple, bool opened);
/* `c` will get no more segments, and goes: keep of it what twins_compare() needs. */
void twins_keep(struct twins *twins, const struct conversation *c, const struct tuple *tuple);

struct twin {
	struct tuple tuple;
	bool kept;                   /* it is gone, and this is left of the endpoint's side of it: */
	struct half half;
	struct moment last;
};
/* The connection that this endpoint opened last. False where nobody knows. */
bool twins_find(const struct twins *twins, const struct endpoint *end, struct twin *ret_twin);
/* What is known of the endpoint's side now, from the conversation itself. */
void twins_look(const struct conversation *c, const struct endpoint *end, struct twin *twin);
/* Whether the segment that `reset` answers, the first of its conversation, belongs to `twin`; adds the fact. */
void twins_compare(struct reset *reset, const struct twin *twin);
void twins_free(struct twins *twins);

#endif
