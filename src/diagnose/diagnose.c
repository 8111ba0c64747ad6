#include "diagnose/diagnose.h"

/* Below this a cause that merely fits is no verdict: `unknown` is the better answer. */
#define LIKELY_MIN 25
/* A refinement this strong is named instead of its established parent, as likely. */
#define REFINEMENT_MIN 60

_Static_assert(FACTS <= UINT8_MAX && CAUSES <= UINT8_MAX, "verdicts and opinions keep them in bytes");

struct opinions {
	struct opinion of[CAUSES];
	uint8_t standing[CAUSES];   /* those that are not excluded, in the order of the catalogue */
	unsigned standing_count;
};

/* Made by somebody else than the end in whose name it comes, or so that captures at both sides look like it. */
static bool may_be_elsewhere(const struct cause *cause)
{
	return cause->sender == ROLE_MIDDLEBOX || cause->family == FAMILY_NETWORK || cause == &cause_backend_refused ||
	       cause == &cause_backend_timeout || cause == &cause_failover || cause == &cause_unsigned_reset;
}

/*
 * The end in whose name it came did not send it. That the capture near that end merely missed it is out of the question
 * where that end went on, where several are missing, and where what it answers never came there, with nothing dropped.
 */
static bool was_not_sent(const struct evidence *e)
{
	return yes(e, FACT_NOT_SENT) && (yes(e, FACT_SENDER_STAYED) || number(e, FACT_MADE_ON_THE_WAY) > 1 ||
	                                 (yes(e, FACT_TRIGGER_STOPPED) && yes(e, FACT_NOTHING_DROPPED)));
}

/* A capture that should have it does not: what speaks for that end is no proof then. */
#define DOUBTED 60

static struct opinion doubted(const struct evidence *e, const struct cause *cause, struct opinion opinion)
{
	if (!yes(e, FACT_NOT_SENT) || may_be_elsewhere(cause) || opinion.stance != STANCE_ESTABLISHED)
		return opinion;
	opinion.stance = STANCE_POSSIBLE;
	opinion.strength = DOUBTED;
	return opinion;
}

/* Whether a kernel says who made the RST, and it was not who the cause says. */
static bool is_denied(const struct evidence *e, const struct cause *cause)
{
	bool box = cause->sender == ROLE_MIDDLEBOX;

	/* What netfilter dropped met no TCP that could have answered. */
	if (!box && yes(e, FACT_KERNEL_REJECTED))
		return true;
	if (was_not_sent(e) && !may_be_elsewhere(cause))
		return true;
	return (box && yes(e, FACT_KERNEL_SENT)) || (!box && yes(e, FACT_KERNEL_SILENT) && cause != &cause_unsigned_reset);
}

static void weigh_all(const struct evidence *e, struct opinions *all)
{
	all->standing_count = 0;
	for (unsigned id = 0; id < CAUSES; id++) {
		const struct cause *cause = cause_get((enum cause_id)id);
		bool ending = cause->family == FAMILY_ENDING;

		all->of[id] = cause->weigh && ending == e->is_ending && !is_denied(e, cause)
		               ? doubted(e, cause, cause->weigh(e)) : opinion_excluded();
		if (all->of[id].stance != STANCE_EXCLUDED)
			all->standing[all->standing_count++] = (uint8_t)id;
	}
}

/* Whether a is the better verdict of two that stand: established before possible, then rank, then strength. */
static bool better(const struct opinions *all, unsigned a, unsigned b)
{
	const struct opinion *x = &all->of[a], *y = &all->of[b];

	if (x->stance != y->stance)
		return x->stance > y->stance;
	if (x->stance == STANCE_ESTABLISHED && cause_get(a)->rank != cause_get(b)->rank)
		return cause_get(a)->rank < cause_get(b)->rank;
	/* The closer description of the same thing. */
	if (x->stance == STANCE_ESTABLISHED && cause_descends((enum cause_id)a, (enum cause_id)b))
		return true;
	return x->strength > y->strength;
}

static enum cause_id best(const struct opinions *all)
{
	enum cause_id top = CAUSE_NONE;

	for (unsigned i = 0; i < all->standing_count; i++)
		if (top == CAUSE_NONE || better(all, all->standing[i], top))
			top = (enum cause_id)all->standing[i];
	return top;
}

/* The strongest refinement of an established cause that deserves to be named instead. */
static enum cause_id refine(const struct opinions *all, enum cause_id top)
{
	enum cause_id chosen = top;
	unsigned strongest = REFINEMENT_MIN;

	for (unsigned i = 0; i < all->standing_count; i++) {
		enum cause_id id = (enum cause_id)all->standing[i];

		if (all->of[id].stance == STANCE_POSSIBLE && all->of[id].strength >= strongest && cause_descends(id, top)) {
			chosen = id;
			strongest = all->of[id].strength + 1;
		}
	}
	return chosen;
}

/* Whether `top`, established, leaves no room for `other`. */
static bool hides(const struct opinions *all, enum cause_id top, enum cause_id other)
{
	enum rank rank = cause_get(top)->rank;
	bool siblings = cause_get(top)->parent != CAUSE_NONE && cause_get(top)->parent == cause_get(other)->parent;

	/* What a kernel tells of itself is not contested by what it may have looked like. */
	if (cause_get(top)->told_by >= TOLD_BY_KERNEL && all->of[other].stance == STANCE_POSSIBLE)
		return true;
	/* What only a kernel could tell does not contest what the packets show. */
	if (siblings && cause_get(other)->told_by == TOLD_BY_KERNEL && all->of[other].stance == STANCE_POSSIBLE)
		return true;

	if (cause_descends(other, top) || cause_descends(top, other))
		return true;
	if (rank >= RANK_SPECIFIC && rank == cause_get(other)->rank)
		return false;
	/* The early ranks hide whatever is worse; among aborts, what a user acts on hides how the kernel did it. */
	if (rank < RANK_SPECIFIC)
		return rank < cause_get(other)->rank || all->of[other].stance == STANCE_POSSIBLE;
	return rank >= RANK_ACTION && rank < cause_get(other)->rank;
}

static bool is_contradicted(const struct evidence *e)
{
	for (unsigned word = 0; word < FACT_WORDS; word++)
		if (e->contradicted.words[word])
			return true;
	return false;
}

static enum certainty certainty(const struct evidence *e, const struct opinions *all, enum cause_id top)
{
	if (all->of[top].stance == STANCE_POSSIBLE)
		return all->of[top].strength >= LIKELY_MIN ? CERTAINTY_LIKELY : CERTAINTY_UNKNOWN;
	/* Captures that contradict each other show that somebody changed it on its way. */
	if (is_contradicted(e))
		return CERTAINTY_LIKELY;
	/* What a RST says of itself comes before what it looks like. */
	if (yes(e, FACT_RST_CUT) && cause_get(top)->rank >= RANK_SPECIFIC)
		return CERTAINTY_LIKELY;
	for (unsigned i = 0; i < all->standing_count; i++)
		if (all->standing[i] != top && !hides(all, top, (enum cause_id)all->standing[i]))
			return CERTAINTY_LIKELY;
	return CERTAINTY_CERTAIN;
}

/* Likeliest first. A certain verdict keeps its refinements only: a capture cannot tell them. */
static void collect_candidates(const struct opinions *all, struct verdict *v)
{
	for (unsigned i = 0; i < all->standing_count; i++) {
		enum cause_id id = (enum cause_id)all->standing[i];
		unsigned at = v->candidate_count;

		if (id == v->cause || id == CAUSE_unknown)
			continue;
		if (v->certainty == CERTAINTY_CERTAIN && !cause_descends(id, v->cause))
			continue;
		if (at == CANDIDATES_MAX && !better(all, id, v->candidates[--at]))
			continue;
		for (; at > 0 && better(all, id, v->candidates[at - 1]); at--)
			v->candidates[at] = v->candidates[at - 1];
		v->candidates[at] = (uint8_t)id;
		if (v->candidate_count < CANDIDATES_MAX)
			v->candidate_count++;
	}
}

/* Whether one fact was seen before the other; what no frame shows comes last. */
static bool seen_before(const struct evidence *e, enum fact one, enum fact other)
{
	const struct fact_value *a = &e->facts[one], *b = &e->facts[other];

	if (!a->frame || !b->frame || a->time_ns == b->time_ns)
		return a->frame && (!b->frame || a->frame < b->frame);
	return a->time_ns < b->time_ns;
}

static void add_because(struct verdict *v, enum fact fact)
{
	for (unsigned i = 0; i < v->because_count; i++)
		if (v->because[i] == fact)
			return;
	if (v->because_count < BECAUSE_MAX)
		v->because[v->because_count++] = (uint8_t)fact;
}

/* In the order of their frames; facts without a frame after them. */
static void sort_because(struct verdict *v)
{
	for (unsigned i = 1; i < v->because_count; i++) {
		uint8_t fact = v->because[i];
		unsigned at = i;

		for (; at > 0 && seen_before(v->evidence, fact, v->because[at - 1]); at--)
			v->because[at] = v->because[at - 1];
		v->because[at] = fact;
	}
}

static void collect_because(const struct opinions *all, struct verdict *v)
{
	const struct opinion *o = &all->of[v->cause];

	for (unsigned i = 0; i < o->because_count; i++)
		add_because(v, (enum fact)o->because[i]);
	/* A refinement rests on what its parent rests on. */
	for (enum cause_id id = cause_get(v->cause)->parent; id != CAUSE_NONE; id = cause_get(id)->parent)
		for (unsigned i = 0; i < all->of[id].because_count; i++)
			add_because(v, (enum fact)all->of[id].because[i]);
	sort_because(v);
}

static enum role who_sent(const struct verdict *v)
{
	const struct cause *cause = cause_get(v->cause);

	bool box = cause->sender == ROLE_MIDDLEBOX;

	/* A box is only named where it is certain, or where the network layer shows it. */
	if (cause->sender != ROLE_UNKNOWN &&
	    (!box || v->certainty == CERTAINTY_CERTAIN || yes(v->evidence, FACT_HOPS_DIFFER)))
		return cause->sender;
	return v->evidence->sender_role;
}

static enum harm how_bad(const struct verdict *v)
{
	const struct evidence *e = v->evidence;
	enum harm usual = cause_get(v->cause)->harm;

	if (!e->is_ending && e->part == PART_IGNORED)
		return HARM_NONE;
	if (usual == HARM_NONE || e->part == PART_ECHO)
		return HARM_NONE;
	if (!e->lost_known)
		return usual;
	return e->lost_bytes ? HARM_DATA_LOST : HARM_RETRY;
}

void diagnose(const struct evidence *evidence, struct verdict *ret_verdict)
{
	struct opinions all;
	enum cause_id top;

	*ret_verdict = (struct verdict){ .evidence = evidence, .cause = CAUSE_unknown };
	weigh_all(evidence, &all);
	top = best(&all);
	if (top != CAUSE_NONE) {
		ret_verdict->certainty = certainty(evidence, &all, top);
		if (ret_verdict->certainty == CERTAINTY_CERTAIN && refine(&all, top) != top) {
			top = refine(&all, top);
			ret_verdict->certainty = CERTAINTY_LIKELY;
		}
		if (ret_verdict->certainty != CERTAINTY_UNKNOWN)
			ret_verdict->cause = top;
	}
	collect_candidates(&all, ret_verdict);
	collect_because(&all, ret_verdict);
	ret_verdict->sender = who_sent(ret_verdict);
	ret_verdict->harm = how_bad(ret_verdict);
}

bool verdict_has_candidate(const struct verdict *verdict, enum cause_id id)
{
	for (unsigned i = 0; i < verdict->candidate_count; i++)
		if (verdict->candidates[i] == id)
			return true;
	return false;
}

const char *certainty_id(enum certainty certainty)
{
	static const char *const ids[] = { "unknown", "likely", "certain" };

	return ids[certainty];
}

const char *role_id(enum role role)
{
	static const char *const ids[] = { "unknown", "client", "server", "middlebox" };

	return ids[role];
}

const char *part_id(enum part part)
{
	static const char *const ids[] = { "end", "echo", "ignored" };

	return ids[part];
}

const char *sealed_id(enum sealed sealed)
{
	static const char *const ids[] = { "open", "packets", "time", "eof" };

	return ids[sealed];
}
