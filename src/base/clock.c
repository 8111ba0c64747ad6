#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define READINGS_MAX 4     /* of two clocks */
#define READINGS_NS  2000  /* close enough together */

#define S_PER_MIN  60
#define S_PER_HOUR 3600
#define S_PER_DAY  86400

/* From a minute on two units say enough. */
static void long_duration(char text[CLOCK_TEXT_MAX], const char *sign, uint64_t seconds)
{
	if (seconds >= S_PER_DAY)
		snprintf(text, CLOCK_TEXT_MAX, "%s%" PRIu64 " d %" PRIu64 " h", sign, seconds / S_PER_DAY,
		         seconds % S_PER_DAY / S_PER_HOUR);
	else if (seconds >= S_PER_HOUR)
		snprintf(text, CLOCK_TEXT_MAX, "%s%" PRIu64 " h %" PRIu64 " min", sign, seconds / S_PER_HOUR,
		         seconds % S_PER_HOUR / S_PER_MIN);
	else
		snprintf(text, CLOCK_TEXT_MAX, "%s%" PRIu64 " min %" PRIu64 " s", sign, seconds / S_PER_MIN,
		         seconds % S_PER_MIN);
}

/* `value` in steps of `step` nanoseconds, to the nearest. */
static uint64_t rounded(uint64_t value, uint64_t step)
{
	return (value + step / 2) / step;
}

/* The unit is chosen after rounding, so that "1000.0 ms" and "60.000 s" never show. */
char *clock_duration(char text[CLOCK_TEXT_MAX], int64_t ns)
{
	uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	const char *sign = ns < 0 ? "-" : "";
	uint64_t us = rounded(size, NS_PER_US), tenths = rounded(size, NS_PER_MS / 10), ms = rounded(size, NS_PER_MS);

	if (size < NS_PER_US)
		snprintf(text, CLOCK_TEXT_MAX, "%s%" PRIu64 " ns", sign, size);
	else if (us < 1000)
		snprintf(text, CLOCK_TEXT_MAX, "%s%" PRIu64 " us", sign, us);
	else if (tenths < 10000)
		snprintf(text, CLOCK_TEXT_MAX, "%s%" PRIu64 ".%" PRIu64 " ms", sign, tenths / 10, tenths % 10);
	else if (ms < S_PER_MIN * 1000)
		snprintf(text, CLOCK_TEXT_MAX, "%s%" PRIu64 ".%03" PRIu64 " s", sign, ms / 1000, ms % 1000);
	else
		long_duration(text, sign, rounded(size, NS_PER_S));
	return text;
}

char *clock_timestamp(char text[CLOCK_TEXT_MAX], int64_t ns)
{
	int64_t fraction = ns % NS_PER_S;
	time_t seconds = ns / NS_PER_S;
	struct tm utc;
	size_t len;

	/* Before 1970 the division rounds up; RFC 3339 has no negative fractions. */
	if (fraction < 0) {
		fraction += NS_PER_S;
		seconds--;
	}
	gmtime_r(&seconds, &utc); /* cannot fail: int64 nanoseconds span the years 1677 to 2262 */
	len = strftime(text, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + len, CLOCK_TEXT_MAX - len, ".%09" PRId64 "Z", fraction);
	return text;
}

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_realtime(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_offset(int64_t (*clock)(void))
{
	int64_t offset = 0, closest = INT64_MAX;

	for (int i = 0; i < READINGS_MAX && closest > READINGS_NS; i++) {
		int64_t before = clock(), now = clock_realtime(), after = clock();

		if (after - before >= closest)
			continue;
		closest = after - before;
		offset = now - before - closest / 2;
	}
	return offset;
}

int64_t clock_tick(void)
{
	struct timespec resolution;

	return clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) == 0 ? resolution.tv_nsec : 4 * NS_PER_MS;
}
