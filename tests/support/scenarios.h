/* For every cause that a capture can tell, or name as a candidate: how it looks, after measured packets. */
#ifndef TCPWHY_TESTS_SCENARIOS_H
#define TCPWHY_TESTS_SCENARIOS_H

#include "support/play.h"

#define BIT(cause) (1ULL << CAUSE_##cause)

enum condition {
	ONLY_V4 = 1 << 0,
	ONLY_V6 = 1 << 1,
	ONLY_LINUX = 1 << 2,        /* both ends */
	WITHOUT_TIMESTAMPS = 1 << 3,
	NOT_AT_CLIENT = 1 << 4,     /* what tells it does not pass there: any honest answer will do */
	NOT_IN_MIDDLE = 1 << 5,
	NOT_AT_SERVER = 1 << 6,
	HARM_SURE = 1 << 7,         /* `harm` is checked */
	WITH_TIMESTAMPS = 1 << 8,
};

struct scenario {
	const char *title;
	enum cause_id cause;
	enum certainty at_least;    /* of a whole capture */
	uint64_t or_named;          /* causes that may be named instead, with `cause` among the candidates */
	uint64_t certain_too;       /* what else a capture may be certain of that misses the start or the place */
	unsigned conditions;        /* enum condition */
	enum acceptance accepted;   /* ACCEPTANCE_UNKNOWN: not checked */
	enum part part;
	enum harm harm;
	enum role sender;           /* ROLE_UNKNOWN: not checked */
	void (*play)(struct play *play);
};

struct scenario_list {
	const struct scenario *scenarios;
	unsigned count;
};

#define SCENARIO_LISTS 5
extern const struct scenario_list scenarios_refused, scenarios_aborted, scenarios_closed, scenarios_network;
extern const struct scenario_list scenarios_rest;
extern const struct scenario_list *const scenario_lists[SCENARIO_LISTS];

/* Whether the scenario is about this cause from here, and the setting fits its conditions at all. */
bool scenario_plays(const struct scenario *scenario, const struct setting *setting);
bool scenario_tells(const struct scenario *scenario, const struct setting *setting);

/*
 * Whether to try the next one of many conditions: each of them, but under the sanitizers, which take ten times as long
 * and look for other faults than wrong verdicts, one in five, which are others from scenario to scenario.
 */
bool is_next_tried(void);

#endif
