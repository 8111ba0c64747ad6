/* The law: every entry gets to its place, whatever the circles are, and nothing else is touched. */
#include <stdlib.h>
#include <string.h>

#include "base/permute.h"
#include "tap.h"

#define COUNT 1000

struct entry {
	uint32_t value, spare[4];
};

static uint32_t to[COUNT];

static void is_permuted(const char *what)
{
	static struct entry entries[COUNT + 1];
	unsigned wrong = 0;

	for (uint32_t i = 0; i < COUNT; i++)
		entries[i] = (struct entry){ i, { i, 0, 0, ~i } };
	entries[COUNT].value = 77;
	ok(permute(entries, sizeof *entries, COUNT, to), "%s", what);
	for (uint32_t i = 0; i < COUNT; i++)
		wrong += entries[to[i]].value != i || entries[to[i]].spare[3] != ~i;
	ok(!wrong && entries[COUNT].value == 77, "%s: all are where they belong", what);
}

int main(void)
{
	uint32_t state = 1;

	for (uint32_t i = 0; i < COUNT; i++)
		to[i] = i;
	is_permuted("nothing to do");
	for (uint32_t i = 0; i < COUNT; i++)
		to[i] = (i + 1) % COUNT;
	is_permuted("one circle");
	for (uint32_t i = 0; i < COUNT; i++)
		to[i] = i ^ 1;
	is_permuted("pairs");
	for (uint32_t i = COUNT; i-- > 1;) {
		uint32_t other = (state = state * 1664525 + 1013904223) % (i + 1), was = to[i];

		to[i] = to[other];
		to[other] = was;
	}
	is_permuted("whatever");
	ok(permute(to, sizeof *to, 0, to), "nothing at all");
	return done_testing();
}
