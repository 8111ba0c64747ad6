/*
 * What the survey's reading thread makes of each frame: a few numbers of the segment in it, for the thread that looks
 * them up in the table.
 */
#ifndef TCPWHY_ANALYSIS_SIGHTING_H
#define TCPWHY_ANALYSIS_SIGHTING_H

#include "analysis/ahead.h"
#include "analysis/trail.h"
#include "flow/tuple.h"
#include "packet/decoder.h"

enum sighting_kind {
	SIGHTING_IPV4,
	SIGHTING_IPV6,            /* its tuple stands apart, as does that of an ICMP error */
	SIGHTING_ICMP,            /* no segment, but an ICMP error about one of either version */
};

/*
 * One segment on its way to its flow: what flows look at, and no more, for it goes from the cache of one core to that
 * of another. In few and wide parts, for each is a store that waits for the other core to let go of the line.
 */
struct sighting {
	uint64_t addresses;       /* first word of the tuple */
	uint64_t tag_ports;       /* table_tag() of the tuple's hash; below, an IPv4 tuple's next four bytes */
	uint64_t seq_ack;
	uint64_t ms_payload;      /* time since the start in milliseconds; below, the length of the payload */
	uint64_t flags_side_kind;
};

static inline uint64_t pair(uint32_t high, uint32_t low)
{
	return (uint64_t)high << 32 | low;
}

static inline uint32_t high(uint64_t pair)
{
	return (uint32_t)(pair >> 32);
}

static inline uint32_t low(uint64_t pair)
{
	return (uint32_t)pair;
}

static inline uint64_t pack_flags(unsigned flags, unsigned side, enum sighting_kind kind)
{
	return flags | side << 16 | (uint32_t)kind << 24;
}

static inline unsigned flags_of(const struct sighting *at)
{
	return at->flags_side_kind & 0xffff;
}

static inline unsigned side_of(const struct sighting *at)
{
	return at->flags_side_kind >> 16 & 1;
}

static inline enum sighting_kind kind_of(const struct sighting *at)
{
	return (enum sighting_kind)(at->flags_side_kind >> 24);
}

/* What few segments are asked for stands apart. */
struct sightings {
	size_t count;
	struct sighting of[AHEAD_FRAMES];
	uint64_t frames[AHEAD_FRAMES];         /* their numbers */
	struct tuple tuples[AHEAD_FRAMES];     /* where the kind is not SIGHTING_IPV4 */
};

/* What the reading thread uses, and nobody else. */
struct sighter {
	struct decoder *decoder;
	uint64_t glanced;         /* frames that the decoder did not see */
	uint64_t seed;            /* of the hashes */
	int64_t start_ns;
	bool started;
	struct trail *trail;
};

/* Make sightings of some frames, in order, behind those that are there. */
void sighter_add(struct sighter *sighter, struct sightings *sightings, const struct frame *frames, size_t count);
/* The tuple of a sighting of either kind. */
struct tuple sighting_tuple(const struct sightings *sightings, size_t i);

#endif
