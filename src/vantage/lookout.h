/*
 * What one capture of several shows of the connections that are of interest: a mark for each of their segments. A
 * vantage is a place where packets were captured; a lookout is what was seen from there.
 */
#ifndef TCPWHY_VANTAGE_LOOKOUT_H
#define TCPWHY_VANTAGE_LOOKOUT_H

#include "flow/tuple.h"
#include "packet/segment.h"
#include "source/source.h"

#define LOOKOUTS_MAX 8
/* Ceilings of each: 64 MiB of marks, 8 MiB of legs. What no longer fits is counted. */
#define LOOKOUT_MARKS_MAX (1u << 20)
#define LEGS_MAX (1u << 16)
/* Of one connection the first segments and the last are kept. */
#define LEG_MARKS_MAX (1u << 15)
#define LEG_HEAD 64
#define NONE UINT32_MAX

enum mark_bit {
	MARK_TIMESTAMP = 1 << 0,  /* ts_value and ts_echo are valid */
	MARK_SIDE = 1 << 1,       /* sent by side 1 of its leg's tuple */
	MARK_V4 = 1 << 2,         /* ip_id is valid where it is not 0 */
	MARK_DUPLICATE = 1 << 3,  /* the same packet as another mark, which `passage` names at first */
};

/* What packet filters tell apart: a capture that has none of a kind may have been told to leave it out. */
enum kind {
	KIND_SYN = 1 << 0,
	KIND_DATA = 1 << 1,
	KIND_END = 1 << 2,        /* FIN or RST without data */
	KIND_ACK = 1 << 3,
};

/* A segment as this capture has it. */
struct mark {
	uint64_t frame;          /* as frame_in_run(): which file of the run, and its number there */
	int64_t time_ns;         /* by the clock of this capture */
	uint32_t seq, ack, payload_len;
	uint32_t payload_hash;   /* of its first bytes; 0: none, or they were not captured */
	uint32_t options_hash;
	uint32_t ts_value, ts_echo;
	uint32_t leg;
	uint32_t next;           /* mark of the same leg, NONE for the last */
	uint32_t passage;        /* see match.h; NONE before */
	uint16_t flags, window, ip_id;
	uint8_t hop_limit, bits; /* enum mark_bit */
};

/* A connection as this capture has it: all segments between the same two ends. */
struct leg {
	struct tuple tuple;
	struct endpoint end[2];
	uint32_t first, last;    /* marks; NONE: none */
	uint32_t turning;        /* the newest of those that are kept for good */
	uint32_t count;          /* marks that are kept */
	uint32_t left_out;       /* marks that were let go */
	uint32_t hash;           /* of the tuple, as far as it tells where it is found */
	int64_t kept_from_ns;    /* where some were let go: all from here on are kept */
	int8_t client;           /* side that opened it; -1: no SYN was seen */
};

struct lookout {
	char name[64];           /* hostile text as it was given, or from the file's name */
	bool named;              /* it was given */
	unsigned files;          /* source files that it consists of … */
	unsigned file_first;     /* … the first of which has this place in the run */
	struct mark *marks;
	size_t mark_count, mark_room;
	struct leg *legs;
	size_t leg_count, leg_room;
	uint32_t *by_frame;      /* marks in the order of their frames, once they are gathered */
	uint32_t *hellos;        /* marks with a SYN, once they were looked through */
	size_t hello_count, hello_room;
	bool copies;             /* some of its marks are the same packet as others */
	uint32_t *slots;         /* hash table of legs */
	uint8_t kinds;           /* of its marks, enum kind */
	uint64_t left_out;       /* marks and legs that there was no room for */
	uint64_t dropped;        /* frames that the capture says it lost … */
	bool unaccounted;        /* … and one of its files does not say */
	uint64_t frames;
	int64_t first_ns, last_ns; /* of all frames of the capture; 0, 0: it has none with a time */
};

/* False when out of memory. */
bool lookout_init(struct lookout *lookout, const char *name, bool named);
void lookout_clear(struct lookout *lookout);
/* Forget what was seen. */
void lookout_reset(struct lookout *lookout);
/* Take in what a capture says of itself, once it was read: it ran before its first frame and after its last. */
void lookout_statistics(struct lookout *lookout, const struct source *source);
/* The leg of a tuple; with `add`, a new one where there is none. NONE where there is none or no room. */
uint32_t lookout_leg(struct lookout *lookout, const struct tuple *tuple, uint64_t hash, bool add);
/* The leg between the same ends as one of another lookout, whose hashes are of the same seed. NONE: it has none. */
uint32_t lookout_leg_like(const struct lookout *lookout, const struct leg *leg);
/* Remember a segment of this leg; `side` as tuple_of() gave it, and its frame as among the files of this capture. */
void lookout_add(struct lookout *lookout, uint32_t leg, unsigned side, const struct segment *segment);
/*
 * Lay the marks of each leg side by side: from here on they are looked at connection by connection, and what lies
 * scattered costs a wait for the memory each. To be called once, after the last mark. False when out of memory.
 */
bool lookout_gather(struct lookout *lookout);
/*
 * Once they are gathered: list the SYNs, and mark what is the same packet once more. A capture on several interfaces
 * of one place holds packets twice, with one hop less where it is a router; a mirror shows what comes in and what goes
 * out; files of one capture may overlap. False when out of memory.
 */
bool lookout_look_through(struct lookout *lookout);
/* A mark of no leg. */
struct mark mark_of_segment(const struct segment *segment, unsigned side);

static inline unsigned mark_side(const struct mark *mark)
{
	return (mark->bits & MARK_SIDE) != 0;
}

static inline enum kind mark_kind(const struct mark *mark)
{
	return mark->flags & TCP_SYN ? KIND_SYN : mark->flags & TCP_RST ? KIND_END : mark->payload_len ? KIND_DATA
	       : mark->flags & TCP_FIN ? KIND_END : KIND_ACK;
}

static inline uint32_t mark_end(const struct mark *mark)
{
	return mark->seq + mark->payload_len + ((mark->flags & TCP_SYN) != 0) + ((mark->flags & TCP_FIN) != 0);
}

#endif
