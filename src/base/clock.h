/* Time is an int64_t of nanoseconds since the Unix epoch (capture time), or a difference of two. */
#ifndef TCPWHY_BASE_CLOCK_H
#define TCPWHY_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define NS_PER_US 1000LL
#define NS_PER_MS 1000000LL
#define NS_PER_S  1000000000LL

/*
 * Times in captures are kept within 146 years of the epoch either way, so that no difference of two overflows, whatever
 * a file claims.
 */
#define CLOCK_MAX (INT64_MAX / 2)

static inline int64_t clock_clamp(int64_t ns)
{
	return ns > CLOCK_MAX ? CLOCK_MAX : ns < -CLOCK_MAX ? -CLOCK_MAX : ns;
}

/* Nanoseconds from one moment to a later one; captures of several queues or clocks step back now and then: 0 then. */
static inline uint64_t clock_elapsed(int64_t from_ns, int64_t to_ns)
{
	return to_ns > from_ns ? (uint64_t)(to_ns - from_ns) : 0;
}

#define CLOCK_TEXT_MAX 40

/* Write "3.175 s", "14.2 ms", "92 us", "2 h 1 min" for a duration; negative ones with a sign. Returns `text`. */
char *clock_duration(char text[CLOCK_TEXT_MAX], int64_t ns);
/* Write RFC 3339 in UTC with nanoseconds, "2026-04-22T08:15:30.000000123Z". Returns `text`. */
char *clock_timestamp(char text[CLOCK_TEXT_MAX], int64_t ns);
/* The machine's monotonic clock, for progress, for pipes that fall silent, and that of the kernel's events. */
int64_t clock_monotonic(void);
/* That of packets and calls. */
int64_t clock_realtime(void);
/*
 * How far the clock of packets is ahead of this one, one of the above. Who reads two clocks may be held up in between:
 * the readings count that lay closest together.
 */
int64_t clock_offset(int64_t (*clock)(void));
/* A jiffy: by so much the kernel's coarse clocks go on at a time. */
int64_t clock_tick(void);

#endif
