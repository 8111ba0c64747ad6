/*
 * What became of every packet between the captures. A capture may have missed what it does not have; where that is
 * proven of a packet (it has passed there, or its receiver acknowledged it), nothing else that this capture lacks is
 * called lost or made any more.
 */
#ifndef TCPWHY_VANTAGE_FATE_H
#define TCPWHY_VANTAGE_FATE_H

#include "vantage/match.h"

enum fate {
	FATE_UNKNOWN,       /* nobody was there to see */
	FATE_PASSED,        /* every capture that it should pass has it */
	FATE_LOST,          /* those nearer to its receiver do not have it */
	FATE_MADE,          /* those nearer to its sender do not have it: it came into being on the way */
	FATE_RECUT,         /* its bytes passed in other segments (offload, a box) */
	FATE_NOT_CAPTURED,  /* it passed, and a capture missed it */
	FATE_PERHAPS_LOST,  /* lost, or not captured: by one that misses some, or that ended too soon after */
	FATE_PERHAPS_MADE,
	FATES,
};

/* Settles the fates of all passages; missed[] may hold what captures say of themselves. False when out of memory. */
bool fate_find(struct match *match);
const char *fate_id(enum fate fate);

/* How far a lookout is from the sender of such packets: the least is the nearest. */
static inline unsigned fate_place(const struct match *match, unsigned lookout, bool from_client)
{
	return from_client ? match->rank[lookout] : (unsigned)LOOKOUTS_MAX - match->rank[lookout];
}

/* Whether a lookout can be asked for a packet that it lacks: whether it would have it, had that passed. */
bool fate_witness(const struct match *match, const struct passage *passage, unsigned lookout);

/* Whether the capture was running, and its connections kept, at this time of the first lookout's clock. */
bool fate_covers(const struct match *match, unsigned lookout, int64_t time_ns);

#endif
