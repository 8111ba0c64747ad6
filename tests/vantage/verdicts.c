/*
 * Law: several captures of one traffic, whatever their clocks say, never tell less than the best of them alone, and are
 * never certain of what is not so; what only both sides can tell is told. A survey of each first changes nothing.
 */
#include "support/scenarios.h"
#include "tap.h"

static struct play play;
static struct told_all all, surveyed;

static const struct play_clock clocks[][VANTAGES] = {
	{ { 0, 0 }, { 0, 0 }, { 0, 0 } },
	{ { 0, 0 }, { 86400 * NS_PER_S, 50000 }, { -86400 * NS_PER_S, -50000 } },
	{ { -3600 * NS_PER_S, -50000 }, { 0, 0 }, { 7 * NS_PER_S, 50000 } },
};
#define CLOCKS (sizeof clocks / sizeof *clocks)

static const unsigned together[] = {
	1u << AT_CLIENT | 1u << IN_MIDDLE, 1u << AT_CLIENT | 1u << AT_SERVER, 1u << IN_MIDDLE | 1u << AT_SERVER,
	1u << AT_CLIENT | 1u << IN_MIDDLE | 1u << AT_SERVER,
};
#define SETS (sizeof together / sizeof *together)

/* How good a verdict is: 0 the cause and certain, 1 likely, 2 among the candidates, 3 not at all. */
static unsigned quality(const struct scenario *s, const struct told *t)
{
	if (!t)
		return 3;
	if (t->cause == s->cause)
		return t->certainty == CERTAINTY_CERTAIN ? 0 : 1;
	return told_names(t, s->cause) ? 2 : 3;
}

static bool is_honest(const struct scenario *s, const struct told *t)
{
	return !t || t->certainty != CERTAINTY_CERTAIN || t->cause == s->cause || s->certain_too >> t->cause & 1;
}

static unsigned best_alone(const struct scenario *s, const struct setting *setting, unsigned set)
{
	unsigned best = 3;

	for (unsigned v = 0; v < VANTAGES; v++) {
		struct setting one = *setting;
		unsigned its;

		one.vantage = (enum vantage)v;
		if (!(set >> v & 1))
			continue;
		play_begin(&play, &one);
		s->play(&play);
		play_explain(&play, &all);
		its = quality(s, told_subject(&all));
		best = its < best ? its : best;
	}
	return best;
}

static void describe(const struct scenario *s, const struct setting *setting, unsigned set, unsigned clock,
                     unsigned alone)
{
	const struct told *t = told_subject(&all);

	printf("#   %s: IPv%d, set %u, clock %u, alone %u: %s %s\n", s->title, setting->version, set, clock, alone,
	       t ? certainty_id(t->certainty) : "no", t ? cause_get(t->cause)->id : "verdict");
}

/* The twin of a leaked segment needs no explanation of its own, so a survey passes it by: see analysis/twins.h. */
static bool needs_a_twin(const struct scenario *s)
{
	return s->cause == CAUSE_conntrack_invalid;
}

/* Whether a survey of each capture first leads to the same verdicts as are in `all`. */
static bool is_same_surveyed(const struct scenario *s, const struct setting *setting, unsigned set, unsigned clock)
{
	bool same;

	play_begin(&play, setting);
	s->play(&play);
	play_explain_together(&play, set, clocks[clock], true, &surveyed);
	same = surveyed.count == all.count;
	for (unsigned i = 0; same && i < all.count; i++)
		same = surveyed.told[i].frame == all.told[i].frame && surveyed.told[i].cause == all.told[i].cause &&
		       surveyed.told[i].certainty == all.told[i].certainty;
	return same;
}

/* Returns how many were wrong. */
static unsigned try(const struct scenario *s, const struct setting *setting, unsigned set)
{
	unsigned alone = best_alone(s, setting, together[set]), wrong = 0;

	if (alone == 3)
		return 0;
	for (unsigned clock = 0; clock < CLOCKS; clock++) {
		const struct told *t;

		play_begin(&play, setting);
		s->play(&play);
		play_explain_together(&play, together[set], clocks[clock], false, &all);
		t = told_subject(&all);
		if (quality(s, t) <= alone && is_honest(s, t) &&
		    (clock != 1 || needs_a_twin(s) || is_same_surveyed(s, setting, together[set], clock)))
			continue;
		wrong++;
		describe(s, setting, set, clock, alone);
	}
	return wrong;
}

static void test(const struct scenario *s)
{
	unsigned wrong = 0, played = 0;

	for (uint8_t version = 4; version <= 6; version += 2)
		for (unsigned lossy = 0; lossy < 2; lossy++) {
			struct setting setting = {
				.stack = { &stack_linux, &stack_linux }, .version = version, .lossy = lossy,
				.timestamps = !(s->conditions & WITHOUT_TIMESTAMPS),
			};

			if (!scenario_plays(s, &setting))
				continue;
			for (unsigned set = 0; set < SETS; set++) {
				if (!is_next_tried())
					continue;
				played++;
				wrong += try(s, &setting, set);
			}
		}
	ok(played && !wrong, "%s: %s, no worse together", s->title, cause_get(s->cause)->id);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; i < SCENARIO_LISTS; i++)
		for (unsigned j = 0; j < scenario_lists[i]->count; j++)
			test(&scenario_lists[i]->scenarios[j]);
	return done_testing();
}
