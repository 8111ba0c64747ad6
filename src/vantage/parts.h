/* What match.c is made of. For this folder alone. */
#ifndef TCPWHY_VANTAGE_PARTS_H
#define TCPWHY_VANTAGE_PARTS_H

#include "vantage/match.h"

/* Most packets keep their IP IDs, options and order on the way, or none does. */
#define KEPT_SHARE 9

/* Packets, from so many on are worth a thread. */
#define MATCH_MANY 4096

/* Groups from the first to the one before the end. */
struct range {
	uint32_t from, end;
};

/* What makes two segments candidates for being the same packet. */
struct key {
	uint32_t group, seq, ack, len;
	uint32_t index;             /* of the mark, or of the passage */
	uint16_t flags;
	int64_t time_ns;            /* marks: by their own clock; passages: by the first one's */
};

/* One lookout on its way into the passages. */
struct joining {
	struct match *match;
	unsigned lookout;
	struct key *marks, *passages;
	bool listed[2];
	size_t mark_count, passage_count;
	struct sample *samples;
	size_t sample_count, step;
	uint64_t ids_equal, ids_other, options_equal, options_other, nearer, farther;
};

/* What a pair of marks says: APART: two packets; else how much speaks for one. */
enum { APART = -1, LIKE_WINDOW = 1, LIKE_OPTIONS = 2, LIKE_ID = 4, LIKE_TIMESTAMP = 8 };

/* What no box between these two captures changes, as a rule. */
struct kept {
	bool ids, options;
};

/* Of groups, which know nothing of each other, the share of one part of PARALLEL_PARTS. */
struct range match_range(const struct match *match, unsigned part);
/* parallel_run() with PARALLEL_PARTS, where there is enough to do. */
void match_each_part(const struct match *match, void (*work)(void *context, unsigned part), void *context);
/* The mark of the first lookout that has it. */
const struct mark *first_mark(const struct match *match, const struct passage *passage, unsigned *ret_lookout);
/* Whether IP IDs can be compared. */
bool both_have_ids(const struct mark *a, const struct mark *b);
/* APART, or the sum of LIKE_…: what two marks with the same numbers have in common. */
int likeness(const struct mark *a, const struct mark *b, struct kept kept);


/* keys.c: list the keys of the marks and of the passages, sorted by key and time. False when out of memory. */
bool keys_list(struct joining *joining);
/* 0: the same packet, as far as keys tell. */
int key_order(const struct key *one, const struct key *other);

/* ---- pair.c ---- */
void pair_join(struct match *match, uint32_t passage, unsigned lookout, uint32_t mark);
/* Of marks and passages with the same numbers, join those that are the same packets. */
void pair_run(struct joining *joining, size_t mark, size_t mark_count, size_t passage, size_t passage_count);

/* groups.c: which legs are of one connection, and how their numbers are shifted. False when out of memory. */
bool groups_find(struct match *match);
/* order.c: who is nearer to the client. All clocks are aligned. */
void order_find(struct match *match, const uint8_t place[LOOKOUTS_MAX]);
/* How many hops more one mark has behind it than the other, of the same packet: 0 where it cannot be told. */
int order_hops(const struct mark *one, const struct mark *other);

#endif
