/*
 * A hash table from tuples to values of one fixed size, with a ceiling, for millions of connections. A value stays at
 * its address until it is removed. At the ceiling the least worthy of the next few entries is let go, so that memory
 * and time stay bounded whatever arrives.
 *
 * A value of 48 bytes costs 64 bytes with its IPv4 tuple (one cache line), 88 with an IPv6 one, and 11 to 22 in the
 * array that finds it, also while that array grows.
 */
#ifndef TCPWHY_FLOW_TABLE_H
#define TCPWHY_FLOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/tuple.h"

/* Entries that an addition looks at, for those that are worth nothing any more. */
#define TABLE_SWEPT_PER_ADDITION 4
/* Entries among which an addition at the ceiling looks for the least worthy. */
#define TABLE_CROWD 32

struct table;

struct table_options {
	size_t value_size;
	size_t max_entries;
	uint64_t seed;           /* of table_hash(), which is tuple_hash() with it; 0: a random one */
	/* How much an entry is worth keeping at time `now_ns`: 0, it may go at the next sweep; else the higher the better. */
	unsigned (*worth)(const void *value, int64_t now_ns);
	bool (*is_spent)(const void *value, int64_t now_ns);  /* worth() would give 0; NULL: ask worth() */
	/*
	 * Called before an entry goes: swept, crowded out, or at table_free(). Not by table_remove(). It must not change
	 * the table. May be NULL.
	 */
	void (*let_go)(void *user, void *value, bool crowded_out);
	void *user;
};

/* NULL when out of memory. */
struct table *table_new(const struct table_options *options);
uint64_t table_hash(const struct table *table, const struct tuple *tuple);
/*
 * For many lookups at once: start loading what the search needs for all of them, then find for each the value that is
 * most likely the right one, and start loading that. Then table_get() with it as a hint does not search again.
 */
void table_prefetch(const struct table *table, uint64_t hash);
void *table_hint(const struct table *table, uint64_t hash);
/* table_get() where `hint` may be the value; it may have gone since, or be NULL. */
void *table_get_hinted(struct table *table, const struct tuple *tuple, uint64_t hash, void *hint, int64_t now_ns,
                       bool *ret_added);
/*
 * Find the value of `tuple`, or add a zeroed one. *ret_added tells which. Each addition also sweeps a few entries: any
 * other value may go by it. NULL only when out of memory.
 */
void *table_get(struct table *table, const struct tuple *tuple, uint64_t hash, int64_t now_ns, bool *ret_added);
/* NULL where there is none. */
void *table_find(const struct table *table, const struct tuple *tuple, uint64_t hash);
/* Take out a value that the table returned. */
void table_remove(struct table *table, void *value);
/* The key of a value that the table returned. */
void table_key(const struct table *table, const void *value, struct tuple *ret_tuple);
/* Look at the next `entries` entries and let go of those that are worth nothing at `now_ns`. */
void table_sweep(struct table *table, size_t entries, int64_t now_ns);
size_t table_count(const struct table *table);
/* Entries that were crowded out at the ceiling. */
uint64_t table_crowded_out(const struct table *table);
/* Lets go of every entry, in no particular order, and frees the table. NULL is allowed. */
void table_free(struct table *table);

#endif
