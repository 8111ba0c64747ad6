/* A record of the kernel's events → evidence, for the same diagnosis as that of a capture. Pure. */
#ifndef TCPWHY_LIVE_FACTS_H
#define TCPWHY_LIVE_FACTS_H

#include "live/reasons.h"
#include "live/record.h"
#include "reset/evidence.h"

struct facts_context {
	const struct reasons *reasons;
	int64_t realtime_offset_ns;   /* what added to CLOCK_MONOTONIC gives the time of day */
	int64_t tick_ns;              /* length of a jiffy */
	bool sees_no_socket;          /* see tracer_sees_no_socket() */
	bool sees_drops;              /* see tracer_sees_drops() */
	uint32_t netns;               /* the network namespace that alone is looked at; 0: all */
	bool complete;                /* no event is missing of what is looked at */
};

/* Whether a record without a RST is an end that a user takes for one: nobody answered, or ICMP said no. */
bool facts_is_ending(const struct live_record *record);
/* Whether a timer made a socket that lives send this RST: whoever runs then was only interrupted. */
bool facts_is_timer(const struct live_event *event, const struct reasons *reasons);
/* Fill *ret_evidence, which points to *ret_testimony. Who did it is corrected in the record by what the kernel says. */
void facts_fill(struct evidence *ret_evidence, struct testimony *ret_testimony, struct live_record *record,
                const struct facts_context *context);

#endif
