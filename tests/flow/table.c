/*
 * The table finds what was added and nothing else, whatever happens in between; a value keeps its address; the ceiling
 * holds; each value is let go once.
 */
#include "tap.h"

#include "flow/table.h"

#define KEYS 20000

/* What the table is compared with: an array of all possible keys. */
struct value {
	uint32_t key;       /* plus one, so that a zeroed value is told */
	uint32_t worth;
	uint8_t bytes[40];
};

struct model {
	void *hint;                  /* one that was right once */
	struct table *table;
	struct value *at[KEYS];      /* where the table put the value, NULL where it has none */
	size_t count, added, removed, swept, crowded, twice;
	uint64_t random;
};

static struct model model;

static uint64_t next_random(struct model *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

/* Every third key is an IPv6 one. */
static struct tuple key_tuple(uint32_t key)
{
	uint8_t version = key % 3 ? 4 : 6;
	struct endpoint a = { { { 192, 0, 2, 1 }, version }, 443 };
	struct endpoint b = { { { 10, (uint8_t)(key >> 16), (uint8_t)(key >> 8), (uint8_t)key }, version }, 1024 };
	struct tuple tuple;

	tuple_of(&a, &b, &tuple);
	return tuple;
}

static unsigned worth(const void *value, int64_t now_ns)
{
	const struct value *v = value;

	return (int64_t)v->worth > now_ns ? v->worth : 0;
}

static void let_go(void *user, void *value, bool crowded_out)
{
	struct model *m = user;
	struct value *v = value;

	if (!v->key || v->key > KEYS || m->at[v->key - 1] != v) {
		m->twice++;
		return;
	}
	m->at[v->key - 1] = NULL;
	m->count--;
	if (crowded_out)
		m->crowded++;
	else
		m->swept++;
}

static void begin(size_t max_entries)
{
	struct table_options options = {
		.value_size = sizeof(struct value), .max_entries = max_entries, .worth = worth, .let_go = let_go, .user = &model,
	};

	memset(&model, 0, sizeof model);
	model.random = 88172645463325252u;
	model.table = table_new(&options);
}

/* Get `key`, as the program does; false where the table disagrees with the model. */
static bool get(struct model *m, uint32_t key, uint32_t value_worth, int64_t now_ns)
{
	struct tuple tuple = key_tuple(key);
	uint64_t hash = table_hash(m->table, &tuple);
	struct value *had = m->at[key], *value;
	void *hint;
	bool added;

	/* Half of the lookups take the way for many at once; the hint of some is out of date or of another key. */
	table_prefetch(m->table, hash);
	hint = key % 8 == 1 ? m->hint : table_hint(m->table, hash);
	m->hint = hint ? hint : m->hint;
	value = key % 2 ? table_get_hinted(m->table, &tuple, hash, hint, now_ns, &added)
	                : table_get(m->table, &tuple, hash, now_ns, &added);
	if (!value || added == (had != NULL) || (had && value != had))
		return false;
	if (added) {
		if (value->key || value->bytes[39])
			return false;
		m->count++;
		m->added++;
		m->at[key] = value;
		memset(value, 0xff, sizeof *value);
	}
	value->key = key + 1;
	value->worth = value_worth;
	return true;
}

static bool find(const struct model *m, uint32_t key)
{
	struct tuple tuple = key_tuple(key), stored;
	struct value *value = table_find(m->table, &tuple, table_hash(m->table, &tuple));

	if (value != m->at[key] || (value && value->key != key + 1))
		return false;
	if (value)
		table_key(m->table, value, &stored);
	return !value || memcmp(&stored, &tuple, sizeof tuple) == 0;
}

static bool agrees(const struct model *m)
{
	bool all = table_count(m->table) == m->count;

	for (uint32_t key = 0; key < KEYS; key++)
		all = all && find(m, key);
	return all;
}

static void take_out(struct model *m, uint32_t key)
{
	if (!m->at[key])
		return;
	table_remove(m->table, m->at[key]);
	m->at[key] = NULL;
	m->count--;
	m->removed++;
}

static void end(const char *name)
{
	table_free(model.table);
	ok(model.count == 0 && model.twice == 0, "%s: each is let go exactly once", name);
	ok(model.added == model.removed + model.swept + model.crowded, "%s: none is lost", name);
}

static void check_growth(void)
{
	bool right = true;

	begin(KEYS);
	for (uint32_t key = 0; key < KEYS; key++) {
		right = right && get(&model, key, 100, 0);
		right = right && find(&model, key / 2) && find(&model, KEYS - 1 - key / 2);
	}
	ok(right, "growth: every key is found at every size");
	ok(agrees(&model), "growth: %zu entries, each where it was put", table_count(model.table));
	is_number((long long)table_crowded_out(model.table), 0, "growth: none is crowded out below the ceiling");
	end("growth");
}

static void check_random(void)
{
	bool right = true, same = true;

	begin(KEYS);
	for (unsigned i = 0; i < 400000 && right; i++) {
		uint64_t r = next_random(&model);
		uint32_t key = (uint32_t)(r >> 32) % KEYS;

		if ((r & 0xff) < 90)
			take_out(&model, key);
		else if ((r & 0xff) < 140)
			right = find(&model, key);
		else
			right = get(&model, key, 100, 0);
		if (i % 40000 == 0)
			same = same && agrees(&model);
	}
	ok(right && same && agrees(&model), "random: additions, removals and searches agree with the model");
	for (uint32_t key = 0; key < KEYS; key++)
		take_out(&model, key);
	ok(table_count(model.table) == 0 && agrees(&model), "random: empty after all are removed");
	end("random");
}

static void check_ceiling(size_t max)
{
	bool right = true, below = true;

	begin(max);
	for (unsigned i = 0; i < 200000; i++) {
		right = right && get(&model, (uint32_t)next_random(&model) % KEYS, (uint32_t)next_random(&model) % 50 + 1, 0);
		below = below && table_count(model.table) <= max;
	}
	ok(right && agrees(&model), "ceiling %zu: agrees with the model", max);
	ok(below && table_count(model.table) == max, "ceiling %zu: reached and never exceeded", max);
	ok(table_crowded_out(model.table) == model.crowded && model.crowded, "ceiling %zu: the crowded out are counted", max);
	end("ceiling");
}

/* Those that are worth little go before those that are worth much, and those that are worth nothing first of all. */
static void check_worth(void)
{
	size_t kept = 0;

	begin(1000);
	for (uint32_t key = 0; key < 1000; key++)
		get(&model, key, key % 2 ? 1000 : 10, 0);
	for (uint32_t key = 1000; key < 1400; key++)
		get(&model, key, 500, 0);
	for (uint32_t key = 1; key < 1000; key += 2)
		kept += model.at[key] != NULL;
	is_number((long long)kept, 500, "worth: the worthy stay");
	is_number((long long)model.crowded, 400, "worth: one goes for each that comes");
	for (uint32_t key = 1400; key < 1500; key++)
		get(&model, key, 2000, 700);
	is_number((long long)model.crowded, 400, "worth: the worthless go without being called crowded out");
	end("worth");
}

static void check_sweep(void)
{
	begin(KEYS);
	for (uint32_t key = 0; key < 6000; key++)
		get(&model, key, key % 4 ? 5 : 1000, 0);
	is_number((long long)model.swept, 0, "sweep: nothing goes while it is worth anything");
	table_sweep(model.table, 100, 50);
	ok(model.swept > 0 && model.swept <= 100, "sweep: no more is looked at than asked for");
	for (uint32_t key = 6000; key < 12000; key++)
		get(&model, key, 1000, 50);
	is_number((long long)model.swept, 4500, "sweep: additions take the worthless out");
	ok(agrees(&model), "sweep: agrees with the model");
	end("sweep");
}

/* A ceiling that one IP version had filled is there for the other, too. */
static void check_versions(void)
{
	bool right = true;

	begin(3000);
	for (uint32_t key = 0; key < 9000; key++)
		right = right && (key % 3 == 0 || get(&model, key, 10, 0));
	for (unsigned round = 0; round < 3; round++) {
		for (uint32_t key = 0; key < KEYS; key += 3)
			right = right && get(&model, key, 20, 0) && table_count(model.table) <= 3000;
	}
	ok(right && agrees(&model), "versions: IPv6 takes the place of IPv4");
	end("versions");
}

static void check_empty(void)
{
	begin(0);
	ok(get(&model, 1, 1, 0) && get(&model, 2, 1, 0) && table_count(model.table) == 1, "a ceiling of 0 means 1");
	end("one");
	table_free(NULL);
	ok(true, "table_free(NULL) is allowed");
}

int main(void)
{
	check_growth();
	check_random();
	check_ceiling(1);
	check_ceiling(100);
	check_ceiling(5000);
	check_worth();
	check_sweep();
	check_versions();
	check_empty();
	return done_testing();
}
