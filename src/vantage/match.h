/*
 * Which segments of several captures are the same packet on its way. Numbers, length, payload, timestamps and IP ID
 * tell, whatever the addresses; times tell only where nothing else does. What was matched is a passage: one packet, and
 * the marks that it left.
 */
#ifndef TCPWHY_VANTAGE_MATCH_H
#define TCPWHY_VANTAGE_MATCH_H

#include "vantage/align.h"
#include "vantage/lookout.h"

struct passage {
	uint32_t at[LOOKOUTS_MAX]; /* mark of each lookout; NONE: it has none */
	uint32_t group;
	bool from_client;
	uint8_t fate;              /* enum fate, see fate.h */
	uint8_t between[2];        /* lookouts, nearer to its sender and nearer to its receiver, where that happened */
	uint8_t seen;              /* lookouts that have it, one bit each */
	int64_t time_ns;           /* when it was seen first along its way, by the first lookout's clock */
};

/* A connection: all legs that the captures have of it. */
struct group {
	uint32_t first, count;     /* its passages, in the order of their time */
	uint8_t seen[2];           /* lookouts that have segments from the server, from the client */
	const struct tuple *tuple; /* of one of its legs */
	int64_t kept_from_ns;      /* from here on all of its segments were kept */
	uint32_t shared;           /* passages that more than one lookout has */
	uint8_t shares[LOOKOUTS_MAX]; /* with which others a lookout has packets of it in common, one bit each */
	bool translated;           /* another leg has other ends */
};

struct match {
	struct lookout lookout[LOOKOUTS_MAX];
	struct alignment clock[LOOKOUTS_MAX]; /* to the first one's clock; that itself is known, with offset 0 */
	int before[LOOKOUTS_MAX][LOOKOUTS_MAX]; /* 1: the first is nearer to the client than the second; -1: farther */
	uint8_t rank[LOOKOUTS_MAX];           /* along the way from the client to the server; equal: nothing tells */
	uint8_t place[LOOKOUTS_MAX];          /* 1: somebody vouches that it is at the client; 2: at the server; 0: nobody */
	bool misplaced;                       /* hops contradict a place that was given: none counts */
	unsigned count;                       /* of lookouts */
	uint32_t leg_base[LOOKOUTS_MAX + 1];  /* legs of all lookouts in one row */
	uint32_t *group_of_leg;
	uint32_t *shift[2];                   /* to be added to sequence numbers of each side of a leg */
	struct passage *passages;
	size_t passage_count;
	struct group *groups;
	size_t group_count;
	uint64_t shared;                      /* passages that more than one lookout has */
	uint64_t missed[LOOKOUTS_MAX];        /* segments that passed each lookout, and were not captured there */
	bool ready[LOOKOUTS_MAX];             /* their marks are gathered */
	uint64_t proxied;                     /* legs with the same ends and other handshakes: somebody in between ends them */
};

/*
 * The lookouts are filled; now match them. `place` names what was given: 1 where a lookout is at the client, 2 at the
 * server, 0 anywhere. False when out of memory; to be cleared in any case.
 */
bool match_run(struct match *match, const uint8_t place[LOOKOUTS_MAX]);
void match_clear(struct match *match);

static inline uint32_t match_leg(const struct match *match, unsigned lookout, uint32_t leg)
{
	return match->leg_base[lookout] + leg;
}

/* When a mark was made, by the first lookout's clock. */
static inline int64_t match_time(const struct match *match, unsigned lookout, const struct mark *mark)
{
	return align_time(&match->clock[lookout], mark->time_ns);
}

static inline const struct mark *match_mark(const struct match *match, const struct passage *passage, unsigned lookout)
{
	return passage->at[lookout] == NONE ? NULL : &match->lookout[lookout].marks[passage->at[lookout]];
}

/* Numbers of a mark as the first lookout that has the connection knows them. */
uint32_t match_seq(const struct match *match, unsigned lookout, const struct mark *mark);
uint32_t match_ack(const struct match *match, unsigned lookout, const struct mark *mark);

#endif
