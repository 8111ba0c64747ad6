/*
 * Two clocks, from packets alone. A segment that both captures have was first here, then there: what went one way
 * bounds the offset from above, what went the other way from below, as NTP has it (RFC 5905 section 8). Half of what
 * lies between the bounds is the error.
 */
#ifndef TCPWHY_VANTAGE_ALIGN_H
#define TCPWHY_VANTAGE_ALIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A segment that was seen by both. */
struct sample {
	int64_t there_ns;        /* by the clock that is to be aligned … */
	int64_t here_ns;         /* … and by the one that it is aligned to */
	bool from_client;
};

struct alignment {
	bool known;              /* there was something to go by */
	bool one_way;            /* only one direction was seen: the offset is that of the fastest segment */
	int order;               /* 1: `there` is farther from the client than `here`; -1: nearer; 0: nothing tells */
	int64_t anchor_ns;       /* by the other clock; drift counts from here */
	int64_t offset_ns;       /* here = there + offset + drift × (there − anchor) */
	double drift;            /* 0.00005: the other clock loses 50 us a second */
	bool runaway;            /* it drifts more than any clock does: times are those of no drift, and may be off */
	int64_t error_ns;        /* of the offset, either way … */
	int64_t from_ns, to_ns;  /* … between the first sample and the last, by this clock; outside it grows */
	double drift_error;      /* by so much */
	int64_t transit_ns[2];   /* from `there` to `here`, the median: of what the server sent, and of what the client sent */
	size_t samples;
};

/* `order` where it is known already (by hops), else 0. */
void align(const struct sample *samples, size_t count, int order, struct alignment *ret_alignment);
/* How wrong a time of the other clock may come out by this one, either way. */
int64_t align_error(const struct alignment *alignment, int64_t here_ns);
/* A time of the other clock by this one. */
int64_t align_time(const struct alignment *alignment, int64_t there_ns);
/* A time of this clock by the other one, as near as a nanosecond. */
int64_t align_back(const struct alignment *alignment, int64_t here_ns);

#endif
