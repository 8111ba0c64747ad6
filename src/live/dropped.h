/*
 * What netfilter dropped, a segment a place: for the programs in the kernel, which write it, and for the tracer, which
 * reads it. An LRU map would do but for one thing: what it has forgotten nobody knows, and then a RST of netfilter's
 * looks like one that was forged.
 */
#ifndef TCPWHY_LIVE_DROPPED_H
#define TCPWHY_LIVE_DROPPED_H

#include "live/event.h"

#define DROPPED 4096 /* places, a power of two */

struct live_dropped {
	struct live_tuple sender;       /* of the last segment that was dropped at this place */
	struct live_drop drop;
	uint64_t seal;                  /* of all of that: what does not fit was written by two at once */
	uint32_t begun, done;           /* how often somebody began to write it, and was done */
};
typedef uint64_t __attribute__((may_alias)) live_word;
_Static_assert(sizeof(struct live_dropped) % sizeof(live_word) == 0, "it is sealed by words");

/* 2^64 divided by the golden ratio spreads the low bits. */
static inline uint64_t live_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

/* Who chooses tuples that share a place makes the tracer doubt, and no more. */
static inline uint32_t live_dropped_place(const struct live_tuple *sender)
{
	const live_word *words = (const live_word *)sender;
	uint64_t hash = (uint64_t)sender->local_port << 16 | sender->remote_port;

	for (int i = 0; i < 4; i++)
		hash = live_mix(hash, words[i]);
	return (uint32_t)hash & (DROPPED - 1);
}

static inline uint64_t live_dropped_seal(const struct live_dropped *dropped)
{
	const live_word *words = (const live_word *)dropped;
	uint64_t seal = 1; /* of zeros it is not zero */

	for (int i = 0; i < (int)(__builtin_offsetof(struct live_dropped, seal) / sizeof *words); i++)
		seal = live_mix(seal, words[i]);
	return seal;
}

#endif
