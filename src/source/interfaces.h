/* The interfaces of a capture over all its sections, and the clocks of their timestamps. */
#ifndef TCPWHY_SOURCE_INTERFACES_H
#define TCPWHY_SOURCE_INTERFACES_H

#include <stdint.h>

#include "source/source.h"

/* How the ticks of a pcapng interface become nanoseconds (if_tsresol, if_tsoffset). */
struct tick_clock {
	uint8_t resolution;  /* 10^-n seconds, or 2^-n with the highest bit set */
	int64_t offset_s;    /* seconds to be added */
};

#define TICK_RESOLUTION_DEFAULT 6 /* microseconds */

struct interface {
	struct source_interface description;  /* its name is owned */
	struct tick_clock clock;
};

struct interfaces {
	struct interface *list;
	uint32_t count, capacity;
};

/*
 * Add interface `index`, which is at most `count`. `name` is `name_len` bytes, cut where it is long or holds a NUL;
 * NULL for none. An index that is known, after a rewind, keeps its name, because callers may hold it.
 * STATUS_LIMIT; STATUS_MEMORY.
 */
enum status interfaces_put(struct interfaces *interfaces, uint32_t index, const struct interface *interface,
                           const uint8_t *name, size_t name_len, struct error *error);
void interfaces_clear(struct interfaces *interfaces);

/* Nanoseconds since the epoch; what does not fit is clamped. */
int64_t ticks_to_ns(const struct tick_clock *clock, uint64_t ticks);

#endif
