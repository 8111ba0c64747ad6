/* What belongs to one end of a connection, or to both. For this folder alone. */
#ifndef TCPWHY_LIVE_PAIRING_H
#define TCPWHY_LIVE_PAIRING_H

#include "live/record.h"

/* The same connection, seen by the same end; namespaces may hold equal ones. */
bool same_end(const struct live_tuple *a, const struct live_tuple *b);
/* … or by its peer, in whatever namespace. */
bool other_end(const struct live_tuple *a, const struct live_tuple *b);
/* As its peer sees it, in a namespace that is not known. */
struct live_tuple turned(const struct live_tuple *tuple);

/* It asks for a new connection, whatever was before on the same ports. */
bool begins_anew(const struct live_segment *segment);
/* Nobody had the connection that it answers for. */
bool met_nobody(const struct live_record *record);
/*
 * A socket is CLOSE, and is found no more, before the RST is sent with which it goes: an answer that another processor
 * makes meanwhile knows nothing of that. Tell it, where both are of one end; of the other end, one RST was received.
 */
void pair_goodbye(struct live_record *goodbye, struct live_record *answer);

#endif
