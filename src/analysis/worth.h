/* How much a connection is worth keeping when the table is full, and when it may go. */
#ifndef TCPWHY_ANALYSIS_WORTH_H
#define TCPWHY_ANALYSIS_WORTH_H

#include "base/clock.h"
#include "flow/flow.h"

/* A connection that is over keeps its place for late segments so long: Linux's TIME_WAIT (TCP_TIMEWAIT_LEN). */
#define LINGER_NS (60 * NS_PER_S)
/* A survey only counts, and a small table is a fast one: Zeek, too, is done with a connection 5 s after its end. */
#define LINGER_SURVEY_NS (5 * NS_PER_S)

/* 0: may go. Classes: a lone SYN, over but recent, begun, established; within a class the more recently used. */
static inline unsigned flow_worth(const struct flow *flow, int64_t idle_ns, int64_t linger_ns)
{
	int64_t idle_s = idle_ns / NS_PER_S;
	unsigned class, recent = idle_s < 0 ? 0xffffff : idle_s > 0xffffff ? 0 : 0xffffff - (unsigned)idle_s;

	if (flow_is_over(flow)) {
		if (idle_ns > linger_ns)
			return 0;
		class = 2;
	} else if (flow_ending(flow) == ENDING_UNANSWERED) {
		class = 1;
	} else {
		class = flow->half[0].seen & flow->half[1].seen & HALF_ACK ? 4 : 3;
	}
	return class << 24 | recent;
}

#endif
