/* The law: times are shown in the unit that reads best, exact to what is shown, for every 64-bit number. */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/random.h"
#include "tap.h"

static void duration(int64_t ns, const char *want)
{
	char text[CLOCK_TEXT_MAX];

	is_text(clock_duration(text, ns), want, want);
}

static void timestamp(int64_t ns, const char *want)
{
	char text[CLOCK_TEXT_MAX];

	is_text(clock_timestamp(text, ns), want, want);
}

/* Who reads it first is held up before it can read the other. */
static int64_t held_up_once(void)
{
	static const struct timespec pause = { 0, 20 * NS_PER_MS };
	static bool held_up;
	int64_t now = clock_monotonic();

	if (!held_up)
		nanosleep(&pause, NULL);
	held_up = true;
	return now;
}

static void test_offset(void)
{
	int64_t offset = clock_offset(clock_monotonic), same = clock_offset(held_up_once);

	ok(llabs(same - offset) < 5 * NS_PER_MS, "how far two clocks are apart is read again where something came between");
}

int main(void)
{
	duration(0, "0 ns");
	duration(999, "999 ns");
	duration(92 * NS_PER_US, "92 us");
	duration(999499, "999 us");
	duration(999500, "1.0 ms");
	duration(14200 * NS_PER_US, "14.2 ms");
	duration(999949999, "999.9 ms");
	duration(999950000, "1.000 s");
	duration(3175 * NS_PER_MS, "3.175 s");
	duration(-3175 * NS_PER_MS, "-3.175 s");
	duration(59999499999, "59.999 s");
	duration(59999500000, "1 min 0 s");
	duration(125 * NS_PER_S, "2 min 5 s");
	duration(121 * 60 * NS_PER_S, "2 h 1 min");
	duration(100 * 3600 * NS_PER_S, "4 d 4 h");
	duration(INT64_MIN, "-106751 d 23 h");
	timestamp(0, "1970-01-01T00:00:00.000000000Z");
	timestamp(1776845730000000123, "2026-04-22T08:15:30.000000123Z");
	timestamp(-1, "1969-12-31T23:59:59.999999999Z");
	timestamp(INT64_MAX, "2262-04-11T23:47:16.854775807Z");
	timestamp(INT64_MIN, "1677-09-21T00:12:43.145224192Z");
	ok(clock_monotonic() <= clock_monotonic(), "the monotonic clock does not go back");
	test_offset();
	ok(random_seed() != random_seed(), "two seeds differ");
	return done_testing();
}
