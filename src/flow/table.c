#include "flow/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "flow/table_parts.h"

#define ENTRIES_MAX (TABLE_REF_V6 - 2)

/* An addition at the ceiling passes over so many entries, free ones included. */
#define CROWD_STEPS (8 * TABLE_CROWD)

static bool reserve(struct table *t)
{
	size_t max = t->options.max_entries;

	return slots_init(&t->slots) &&
	       pool_init(&t->pools[0], t->tail + sizeof(struct table_tail) + TUPLE_SIZE_V4, max) &&
	       pool_init(&t->pools[1], t->tail + sizeof(struct table_tail) + TUPLE_SIZE_V6, max);
}

struct table *table_new(const struct table_options *options)
{
	struct table *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->options = *options;
	if (!t->options.max_entries)
		t->options.max_entries = 1;
	if (t->options.max_entries > ENTRIES_MAX)
		t->options.max_entries = ENTRIES_MAX;
	t->tail = (options->value_size + 7) & ~(size_t)7;
	t->seed = options->seed ? options->seed : random_seed();
	if (reserve(t))
		return t;
	table_free(t);
	return NULL;
}

uint64_t table_hash(const struct table *t, const struct tuple *tuple)
{
	return tuple_hash(tuple, t->seed);
}

static unsigned pool_of(uint32_t tuple_size)
{
	return tuple_size == TUPLE_SIZE_V6;
}

static uint32_t ref_of(const struct table *t, const void *value, uint32_t tuple_size)
{
	unsigned pool = pool_of(tuple_size);

	return (pool ? TABLE_REF_V6 : 0) | (pool_index(&t->pools[pool], value) + 1);
}

void table_prefetch(const struct table *t, uint64_t hash)
{
	table_ask(t, table_tag(hash));
}

void *table_hint(const struct table *t, uint64_t hash)
{
	uint32_t tag = table_tag(hash);

	for (const struct slot *slot = slots_home(&t->slots, tag); slot->ref; slot++) {
		if (slot->tag == tag) {
			void *entry = table_entry(t, slot->ref);

			__builtin_prefetch(entry, 1);
			__builtin_prefetch(table_tail(t, entry));
			return entry;
		}
	}
	return NULL;
}

/* Lengths that the compiler knows make two or five comparisons of this. */
static bool same_tuple(const uint8_t *stored, const struct tuple *tuple)
{
	if (tuple->size == TUPLE_SIZE_V4)
		return memcmp(stored, tuple->bytes, TUPLE_SIZE_V4) == 0;
	return memcmp(stored, tuple->bytes, TUPLE_SIZE_V6) == 0;
}

void *table_find(const struct table *t, const struct tuple *tuple, uint64_t hash)
{
	uint32_t tag = table_tag(hash);
	unsigned pool = pool_of(tuple->size);

	for (const struct slot *slot = slots_home(&t->slots, tag); slot->ref; slot++) {
		void *entry;

		if (slot->tag != tag || (slot->ref >= TABLE_REF_V6) != pool)
			continue;
		entry = table_entry(t, slot->ref);
		if (same_tuple(table_tail(t, entry)->tuple, tuple))
			return entry;
	}
	return NULL;
}

void table_key(const struct table *t, const void *value, struct tuple *ret_tuple)
{
	const struct table_tail *tail = table_tail(t, value);

	memset(ret_tuple, 0, sizeof *ret_tuple);
	ret_tuple->size = (uint8_t)tail->tuple_size;
	memcpy(ret_tuple->bytes, tail->tuple, tail->tuple_size);
}

void table_remove(struct table *t, void *value)
{
	struct table_tail *tail = table_tail(t, value);
	uint32_t ref = ref_of(t, value, tail->tuple_size);
	struct tuple tuple;

	table_key(t, value, &tuple);
	for (struct slot *slot = slots_home(&t->slots, table_tag(table_hash(t, &tuple))); slot->ref; slot++) {
		if (slot->ref == ref) {
			slots_remove(&t->slots, slot);
			break;
		}
	}
	tail->tuple_size = 0;
	pool_remove(&t->pools[ref >= TABLE_REF_V6], (ref & ~TABLE_REF_V6) - 1);
}

static void let_go(struct table *t, void *value, bool crowded_out)
{
	if (t->options.let_go)
		t->options.let_go(t->options.user, value, crowded_out);
	table_remove(t, value);
}

/* The next entry under the hand; NULL where it is free. */
static void *hand_next(struct table *t)
{
	void *entry;

	if (t->hand >= t->pools[t->hand_pool].used) {
		t->hand_pool ^= 1;
		t->hand = 0;
		if (!t->pools[t->hand_pool].used)
			return NULL;
	}
	entry = pool_entry(&t->pools[t->hand_pool], t->hand++);
	return table_tail(t, entry)->tuple_size ? entry : NULL;
}

/* The entries of the next sweep will be at hand by then. */
static void ask_ahead(const struct table *t)
{
	const struct pool *pool = &t->pools[t->hand_pool];

	for (uint32_t i = 0; i < TABLE_SWEPT_PER_ADDITION && t->hand + i < pool->used; i++)
		__builtin_prefetch(table_tail(t, pool_entry(pool, t->hand + i)));
}

static bool is_spent(const struct table *t, const void *value, int64_t now_ns)
{
	return t->options.is_spent ? t->options.is_spent(value, now_ns) : t->options.worth(value, now_ns) == 0;
}

void table_sweep(struct table *t, size_t entries, int64_t now_ns)
{
	while (entries--) {
		void *value = hand_next(t);

		if (value && is_spent(t, value, now_ns))
			let_go(t, value, false);
	}
	ask_ahead(t);
}

/* The least worthy of the next few entries, its worth in *ret_worth; NULL where the hand met none. */
static void *least_worthy(struct table *t, int64_t now_ns, unsigned *ret_worth)
{
	unsigned looked = 0;
	void *least = NULL;

	for (unsigned steps = 0; steps < CROWD_STEPS && looked < TABLE_CROWD; steps++) {
		void *value = hand_next(t);
		unsigned worth;

		if (!value)
			continue;
		looked++;
		worth = t->options.worth(value, now_ns);
		if (least && worth >= *ret_worth)
			continue;
		least = value;
		*ret_worth = worth;
		if (worth == 0)
			break;
	}
	return least;
}

/* Make room for a tuple of this hash; where the hand meets free entries only, at the cost of the nearest slot. */
static void crowd_out(struct table *t, uint64_t hash, int64_t now_ns)
{
	unsigned worth = 1;
	void *value = least_worthy(t, now_ns, &worth);

	if (!value) {
		const struct slot *slot = slots_any(&t->slots, table_tag(hash));

		if (!slot)
			return;
		value = table_entry(t, slot->ref);
	}
	t->crowded_out += worth != 0;
	let_go(t, value, worth != 0);
}

static void *add(struct table *t, const struct tuple *tuple, uint64_t hash)
{
	struct pool *pool = &t->pools[pool_of(tuple->size)];
	uint32_t index = pool_add(pool);
	struct table_tail *tail;
	void *value;

	if (index == POOL_NONE)
		return NULL;
	value = pool_entry(pool, index);
	if (!slots_add(&t->slots, table_tag(hash), ref_of(t, value, tuple->size))) {
		pool_remove(pool, index);
		return NULL;
	}
	tail = table_tail(t, value);
	tail->tuple_size = tuple->size;
	memcpy(tail->tuple, tuple->bytes, tuple->size);
	return value;
}

void *table_get(struct table *t, const struct tuple *tuple, uint64_t hash, int64_t now_ns, bool *ret_added)
{
	void *value = table_find(t, tuple, hash);

	*ret_added = !value;
	if (value)
		return value;
	if (t->slots.count >= t->options.max_entries)
		crowd_out(t, hash, now_ns);
	else
		table_sweep(t, TABLE_SWEPT_PER_ADDITION, now_ns);
	return add(t, tuple, hash);
}

/* Memory of entries is never given back before the end: a hint that has gone reads as free, or as another tuple. */
void *table_get_hinted(struct table *t, const struct tuple *tuple, uint64_t hash, void *hint, int64_t now_ns,
                       bool *ret_added)
{
	if (!hint || table_tail(t, hint)->tuple_size != tuple->size || !same_tuple(table_tail(t, hint)->tuple, tuple))
		return table_get(t, tuple, hash, now_ns, ret_added);
	*ret_added = false;
	return hint;
}

size_t table_count(const struct table *t)
{
	return t->slots.count;
}

uint64_t table_crowded_out(const struct table *t)
{
	return t->crowded_out;
}

static void let_go_of_pool(struct table *t, const struct pool *pool)
{
	for (uint32_t index = 0; t->options.let_go && index < pool->used; index++) {
		void *value = pool_entry(pool, index);

		if (table_tail(t, value)->tuple_size)
			t->options.let_go(t->options.user, value, false);
	}
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < 2; i++) {
		let_go_of_pool(t, &t->pools[i]);
		pool_clear(&t->pools[i]);
	}
	slots_clear(&t->slots);
	free(t);
}
