/* What gets lost on the way, and what follows from it for silence and for speed. Private to src/probe. */
#ifndef TCPWHY_PROBE_LOSS_H
#define TCPWHY_PROBE_LOSS_H

#include "base/clock.h"
#include "probe/scan.h"

/* How often a port must have been silent for its silence to be none of loss. */
unsigned loss_tries_needed(const struct scan *scan);
/* Whether so much gets lost that silence, even after so many tries, means little. */
bool loss_is_too_much(const struct scan *scan, unsigned tries);
/* After a round that began at `began_ns`: slow down where answers are limited. */
void loss_mind_limits(struct scan *scan, int64_t began_ns);

#endif
