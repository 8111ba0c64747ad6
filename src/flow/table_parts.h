/*
 * The inside of the hash table, for the one caller that looks up so many entries that a call for each would show: the
 * survey. Everybody else includes flow/table.h.
 */
#ifndef TCPWHY_FLOW_TABLE_PARTS_H
#define TCPWHY_FLOW_TABLE_PARTS_H

#include "flow/pool.h"
#include "flow/slots.h"
#include "flow/table.h"

/* References are indices into one of two pools, plus one so that none is 0. */
#define TABLE_REF_V6 0x80000000u

/* Slots that a hint looks at without a branch: with half of them taken, 97 searches in 100 end there. */
#define TABLE_HINT_SLOTS 6
_Static_assert(TABLE_HINT_SLOTS <= SLOTS_TAIL, "a hint stays inside the array");

/* What stands behind the value, which begins the entry. */
struct table_tail {
	uint32_t tuple_size;  /* 0 where the entry is free */
	uint8_t tuple[];
};

struct table {
	struct slots slots;
	struct pool pools[2];      /* IPv4, IPv6 */
	size_t tail;               /* offset of struct table_tail */
	uint64_t seed;
	struct table_options options;
	uint64_t crowded_out;
	unsigned hand_pool;        /* the sweep goes round like the hand of a clock */
	uint32_t hand;
};

/* Of a hash the table looks at these bits only. */
static inline uint32_t table_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

/* A hash that is as good as the one that the tag was taken from. */
static inline uint64_t table_hash_of_tag(uint32_t tag)
{
	return (uint64_t)tag << 32;
}

static inline void *table_entry(const struct table *t, uint32_t ref)
{
	return pool_entry(&t->pools[ref >= TABLE_REF_V6], (ref & ~TABLE_REF_V6) - 1);
}

static inline struct table_tail *table_tail(const struct table *t, const void *value)
{
	return (struct table_tail *)((uintptr_t)value + t->tail);
}

/* As table_prefetch(), and for all slots of a hint: most often they lie in two cache lines. */
static inline void table_ask(const struct table *t, uint32_t tag)
{
	const struct slot *home = slots_home(&t->slots, tag);

	__builtin_prefetch(home);
	__builtin_prefetch(home + TABLE_HINT_SLOTS - 1);
}

/*
 * As table_hint(), but a guess: NULL also where the search would have been a long one. Which slot it is cannot be
 * foreseen by the processor, so there is no branch on it.
 */
static inline void *table_guess(const struct table *t, uint32_t tag)
{
	uint32_t ref = 0;
	const struct slot *slot = slots_home(&t->slots, tag);
	void *entry;

#pragma GCC unroll 6
	for (int i = TABLE_HINT_SLOTS - 1; i >= 0; i--) {
		uint32_t there = slot[i].ref;

		ref = __builtin_expect_with_probability(slot[i].tag == tag, 1, 0.5) ? there : ref;
	}
	if (!ref)
		return NULL;
	entry = table_entry(t, ref);
	__builtin_prefetch(entry, 1);
	return entry;
}

/* Whether the entry has this IPv4 tuple, the first 8 and the next 4 bytes of it; a free one has none. */
static inline bool table_has_v4(const struct table *t, const void *entry, uint64_t addresses, uint32_t ports)
{
	const struct table_tail *tail = table_tail(t, entry);
	uint64_t its_addresses;
	uint32_t its_ports;

	memcpy(&its_addresses, tail->tuple, sizeof its_addresses);
	memcpy(&its_ports, tail->tuple + sizeof its_addresses, sizeof its_ports);
	return tail->tuple_size == TUPLE_SIZE_V4 && its_addresses == addresses && its_ports == ports;
}

#endif
