/* How a scan goes about it: taking answers, sending, keeping time. Private to src/probe. */
#ifndef TCPWHY_PROBE_ENGINE_H
#define TCPWHY_PROBE_ENGINE_H

#include "base/clock.h"
#include "probe/scan.h"

/* Source ports of the channel's block: SYNs use the first in turn, those in disguise have one each. */
#define SLOT_TRIES 8
enum slot {
	SLOT_CLASS = SLOT_TRIES,
	SLOT_ROUTE,
	SLOT_CONTROL,
	SLOT_WALK,               /* and all that follow, in turn */
};

/* Take the answers that have come, some thousands at a time. */
void engine_hear(struct scan *scan);
/* Take one. */
void engine_take(struct scan *scan, enum heard heard, const struct channel_answer *answer);
/* Hear until `until_ns` of clock_monotonic(), the user stops it, the link fails, or nothing is left to wait for. */
void engine_listen(struct scan *scan, int64_t until_ns);
/* Look after the links and the user, a few times a second. */
void engine_look_around(struct scan *scan);
/* Ask everything in `pending` once. */
void engine_round(struct scan *scan);
/* How long an answer may take before its absence means something. */
int64_t engine_timeout(const struct scan *scan);
/* Ask the ports at `pending` again, one after the other with `gap_ns` in between, and listen. */
void engine_ask_slowly(struct scan *scan, int64_t gap_ns);
/* What arrived: fill the parts that every answer has. */
void engine_see(const struct scan *scan, const struct channel_answer *answer, struct sighting *ret_seen);
/* The target of that address, or NULL. */
struct target *engine_find_target(struct scan *scan, const struct address *address);
/* Answers to an extra (extra.h); whether it was one. */
bool engine_take_extra(struct scan *scan, struct target *target, const struct channel_answer *answer, bool icmp);
/* An index into scan->reporters. */
uint8_t engine_reporter(struct scan *scan, const struct address *address);
/* Send the RST that ends what a SYN-ACK began, where the kernel does not. */
void engine_reset(struct scan *scan, const struct target *target, const struct segment *syn_ack);

#endif
