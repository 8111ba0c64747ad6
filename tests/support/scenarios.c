#include "support/scenarios.h"

const struct scenario_list *const scenario_lists[SCENARIO_LISTS] = {
	&scenarios_refused, &scenarios_aborted, &scenarios_closed, &scenarios_network, &scenarios_rest,
};

bool scenario_plays(const struct scenario *s, const struct setting *setting)
{
	bool both = setting->stack[CLIENT] == &stack_linux && setting->stack[SERVER] == &stack_linux;

	return !((s->conditions & ONLY_V4 && setting->version != 4) || (s->conditions & ONLY_V6 && setting->version != 6) ||
	         (s->conditions & ONLY_LINUX && !both) || (s->conditions & WITHOUT_TIMESTAMPS && setting->timestamps) ||
	         (s->conditions & WITH_TIMESTAMPS && !setting->timestamps));
}

bool scenario_tells(const struct scenario *s, const struct setting *setting)
{
	static const unsigned not_at[VANTAGES] = { NOT_AT_CLIENT, NOT_IN_MIDDLE, NOT_AT_SERVER };

	return !(s->conditions & not_at[setting->vantage]);
}

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define TRIED_EVERY 5
#endif
#elif defined __SANITIZE_ADDRESS__
#define TRIED_EVERY 5
#endif
#ifndef TRIED_EVERY
#define TRIED_EVERY 1
#endif

bool is_next_tried(void)
{
	static unsigned count;

	return count++ % TRIED_EVERY == 0;
}
