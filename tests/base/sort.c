/* The law: few or many, in their order already or not, entries come out sorted, and what lies beside is not touched. */
#include "base/sort.h"

#include "tap.h"

#define COUNT 100

struct entry {
	uint32_t value, place;
};

static struct entry entries[COUNT + 1];

static int by_value(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* `disorder`: 0 puts them into their order, a prime number into none. */
static void fill(size_t count, uint32_t disorder, uint32_t values)
{
	for (uint32_t i = 0; i <= COUNT; i++)
		entries[i] = (struct entry){ disorder ? i * disorder % values : i, i };
	entries[count].value = 0;
}

/* All places are there, in the order of their values; where `stable`, equal ones in that of their places. */
static void is_sorted(size_t count, bool stable, const char *what)
{
	uint32_t sum = 0;
	bool sorted = true;

	for (size_t i = 0; i < count; i++) {
		sum += entries[i].place;
		sorted &= i == 0 || entries[i - 1].value < entries[i].value ||
		          (entries[i - 1].value == entries[i].value && (!stable || entries[i - 1].place < entries[i].place));
	}
	ok(sorted && sum == count * (count - 1) / 2, "%s: %zu are sorted", what, count);
	ok(entries[count].value == 0 && entries[count].place == count, "%s: what follows %zu stays", what, count);
}

int main(void)
{
	static const size_t counts[] = { 1, 2, 3, SORT_FEW - 1, SORT_FEW, SORT_FEW + 1, COUNT };

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		fill(counts[i], 0, 1);
		sort_few(entries, counts[i], sizeof *entries, by_value);
		is_sorted(counts[i], true, "few in order");
		fill(counts[i], 7919, 10);
		sort_few(entries, counts[i], sizeof *entries, by_value);
		is_sorted(counts[i], counts[i] <= SORT_FEW, "few in disorder, some of them equal");
		fill(counts[i], 0, 1);
		sort_sorted(entries, counts[i], sizeof *entries, by_value);
		is_sorted(counts[i], true, "in order");
		fill(counts[i], 7919, 101);
		sort_sorted(entries, counts[i], sizeof *entries, by_value);
		is_sorted(counts[i], false, "in disorder");
	}
	sort_few(entries, 0, sizeof *entries, by_value);
	sort_sorted(NULL, 0, sizeof *entries, by_value);
	ok(true, "nothing at all");
	return done_testing();
}
