/* A conversation of which a test wants to see facts: short words for the player and for what comes out. */
#ifndef TCPWHY_TESTS_STAGE_H
#define TCPWHY_TESTS_STAGE_H

#include "support/play.h"
#include "tap.h"

static struct play play;
static struct told_all all;

static const struct setting usual = {
	.stack = { &stack_linux, &stack_linux }, .version = 4, .timestamps = true, .vantage = IN_MIDDLE,
};

static inline void stage(const struct setting *setting)
{
	play_begin(&play, setting);
	play_shake(&play);
	play_exchange(&play);
}

/* The evidence of the RST that was marked; an empty one where there is none. */
static inline const struct evidence *evidence_of_subject(void)
{
	static const struct evidence none;
	const struct told *t;

	play_explain(&play, &all);
	t = told_subject(&all);
	return t ? &t->evidence : &none;
}

__attribute__((unused))
static inline bool is_so(const struct evidence *e, enum fact fact, const char *name)
{
	return ok(yes(e, fact), "%s: %s", name, fact_name(fact));
}

__attribute__((unused))
static inline bool is_not_so(const struct evidence *e, enum fact fact, const char *name)
{
	return ok(no(e, fact), "%s: not %s", name, fact_name(fact));
}

__attribute__((unused))
static inline bool is_unknown(const struct evidence *e, enum fact fact, const char *name)
{
	return ok(!yes(e, fact) && !no(e, fact), "%s: %s is not known", name, fact_name(fact));
}

__attribute__((unused))
static inline bool counts(const struct evidence *e, enum fact fact, uint64_t want, const char *name)
{
	bool right = ok(yes(e, fact) && number(e, fact) == want, "%s: %s is %llu", name, fact_name(fact),
	                (unsigned long long)want);

	if (!right)
		printf("#   got %s%llu\n", yes(e, fact) ? "" : "none, ", (unsigned long long)number(e, fact));
	return right;
}

#endif
