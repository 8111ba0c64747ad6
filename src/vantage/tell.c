/* One verdict for what several captures told of one reset. */
#include "vantage/tell.h"

#include <stdlib.h>

#include "base/parallel.h"
#include "base/text.h"

/* A thread is not worth it for fewer. */
#define TOLD_MANY 256

static void find_passages(void *context, unsigned part)
{
	struct vantages *v = context;
	struct account *account = &v->accounts[part];
	size_t near = 0;

	for (size_t i = 0; i < account->count; i++) {
		struct told *told = &account->told[i];

		told->mark = ways_mark(&v->ways, told->lookout, told->file_place, told->frame, &near);
		told->time_ns = align_time(&v->match.clock[told->lookout], told->time_ns);
		if (told->mark)
			told->passage = told->mark->passage;
	}
}

/* RSTs by the packet; endings by the connection and who fell silent; those that nobody else has stand alone. */
static uint64_t unit_of(const struct vantages *v, const struct told *told)
{
	const struct passage *p;

	if (told->passage == NONE)
		return UINT64_MAX;
	p = &v->match.passages[told->passage];
	return told->is_ending ? 1ULL << 40 | (uint64_t)p->group << 1 | p->from_client : told->passage;
}

/* One of all that the captures told, with what it is sorted by at hand. */
struct item {
	const struct told *told;
	uint64_t unit;
	int64_t time_ns;
};

static int by_unit(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	if (x->told->lookout != y->told->lookout)
		return x->told->lookout < y->told->lookout ? -1 : 1;
	return (x->told->frame > y->told->frame) - (x->told->frame < y->told->frame);
}

/* A run of items that is one reset. */
struct unit {
	const struct item *items;
	size_t count;
	int64_t time_ns;
};

static int by_time(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->items > y->items) - (x->items < y->items);
}

static void add_way(const struct vantages *v, const struct told *told, struct evidence *e)
{
	const struct mark *mark = told->mark;

	if (!mark || mark->passage == NONE)
		way_alone(&v->ways, told->lookout, e);
	else if (told->is_ending)
		way_of_ending(&v->ways, told->lookout, mark, e);
	else
		way_of_rst(&v->ways, told->lookout, told->file_place, mark, e);
}

/* Nearer to whoever sent it, what drew it can be seen best. */
static unsigned distance(const struct vantages *v, const struct told *told)
{
	bool from_client = told->passage != NONE && v->match.passages[told->passage].from_client;

	return fate_place(&v->match, told->lookout, from_client != told->is_ending);
}

struct opinion_of_one {
	struct evidence alone, evidence;  /* the other one: with what the others add, where that helps */
	struct verdict verdict, before;   /* … and of itself, with its place among the others */
};

static void judge_one(const struct unit *unit, size_t which, struct opinion_of_one *all)
{
	struct opinion_of_one *one = &all[which];
	bool more = false;

	one->evidence = one->alone;
	for (size_t i = 0; i < unit->count; i++)
		if (i != which)
			more |= evidence_merge(&one->evidence, &all[i].alone, (uint8_t)(unit->items[i].told->lookout + 1));
	diagnose(&one->evidence, &one->verdict);
	one->before = one->verdict;
	if (!more)
		return;
	diagnose(&one->alone, &one->before);
	if (one->before.certainty <= one->verdict.certainty)
		return;
	/* What they add is no help, but that they contradict each other still counts. */
	one->alone.contradicted = one->evidence.contradicted;
	one->evidence = one->alone;
	diagnose(&one->evidence, &one->verdict);
}

static bool better(const struct vantages *v, const struct unit *unit, const struct opinion_of_one *all, size_t a,
                   size_t b)
{
	const struct verdict *x = &all[a].verdict, *y = &all[b].verdict;

	if (x->certainty != y->certainty)
		return x->certainty > y->certainty;
	if (x->certainty == CERTAINTY_CERTAIN && cause_get(x->cause)->rank != cause_get(y->cause)->rank)
		return cause_get(x->cause)->rank < cause_get(y->cause)->rank;
	return distance(v, unit->items[a].told) < distance(v, unit->items[b].told);
}

static void doubt_by(const struct verdict *one, struct verdict *verdict)
{
	enum cause_id other = one->cause;

	if (one->certainty != CERTAINTY_CERTAIN || verdict->certainty != CERTAINTY_CERTAIN || other == verdict->cause ||
	    cause_descends(other, verdict->cause) || cause_descends(verdict->cause, other) ||
	    (cause_get(verdict->cause)->rank < RANK_SPECIFIC && cause_get(verdict->cause)->rank < cause_get(other)->rank))
		return;
	verdict->certainty = CERTAINTY_LIKELY;
	if (verdict->candidate_count < CANDIDATES_MAX)
		verdict->candidates[verdict->candidate_count++] = (uint8_t)other;
}

/* Two certain verdicts that exclude each other, before their facts were put together or after: neither is. */
static void doubt(const struct unit *unit, const struct opinion_of_one *all, size_t best, struct verdict *verdict)
{
	for (size_t i = 0; i < unit->count; i++) {
		if (i != best)
			doubt_by(&all[i].verdict, verdict);
		doubt_by(&all[i].before, verdict);
	}
}

/* A stretch of units that is judged at once, and then told in its order: 5 MB, so that threads are rarely begun. */
#define OUTCOMES 1024

/* One verdict, ready to be told. */
struct outcome {
	struct evidence evidence;
	struct verdict verdict;
};

struct jury {
	const struct vantages *v;
	const struct unit *units;
	size_t count;
	struct outcome *outcomes;                  /* one for each unit */
	struct opinion_of_one *all;                /* LOOKOUTS_MAX for each part */
};

static void judge(const struct vantages *v, const struct unit *unit, struct opinion_of_one *all,
                  struct outcome *outcome)
{
	size_t best = 0;

	for (size_t i = 0; i < unit->count; i++) {
		const struct told *told = unit->items[i].told;

		evidence_unpack(told->packed, &all[i].alone);
		add_way(v, told, &all[i].alone);
	}
	for (size_t i = 0; i < unit->count; i++)
		judge_one(unit, i, all);
	for (size_t i = 1; i < unit->count; i++)
		best = better(v, unit, all, i, best) ? i : best;
	doubt(unit, all, best, &all[best].verdict);
	outcome->evidence = all[best].evidence;
	outcome->verdict = all[best].verdict;
	outcome->verdict.evidence = &outcome->evidence;
}

/* What a unit is about may lie anywhere: it is asked for while the one before is judged. */
static void ask_for(const struct match *m, const struct unit *unit)
{
	for (size_t i = 0; i < unit->count; i++) {
		const struct told *told = unit->items[i].told;

		if (told->passage == NONE)
			continue;
		__builtin_prefetch(told->mark);
		__builtin_prefetch(&m->passages[told->passage]);
	}
}

/* Neighbours each: what was told of them lies side by side, too. */
static void judge_part(void *context, unsigned part)
{
	const struct jury *jury = context;
	size_t end = jury->count * (part + 1) / PARALLEL_PARTS;

	for (size_t i = jury->count * part / PARALLEL_PARTS; i < end; i++) {
		if (i + 1 < end)
			ask_for(&jury->v->match, &jury->units[i + 1]);
		judge(jury->v, &jury->units[i], &jury->all[part * LOOKOUTS_MAX], &jury->outcomes[i]);
	}
}

static void tell_units(struct vantages *v, const struct unit *units, size_t count, struct jury *jury)
{
	for (size_t from = 0; from < count; from += OUTCOMES) {
		jury->units = units + from;
		jury->count = count - from < OUTCOMES ? count - from : OUTCOMES;
		parallel_run(judge_part, jury, PARALLEL_PARTS, jury->count < TOLD_MANY);
		for (size_t i = 0; v->sink.verdict && i < jury->count; i++)
			v->sink.verdict(v->sink.user, &jury->outcomes[i].verdict);
	}
}

/* At most one of each lookout belongs to one reset; of damaged files that claim more, each stands alone. */
static size_t unit_length(const struct item *items, size_t count)
{
	unsigned seen = 1u << items->told->lookout;
	size_t length = 1;

	while (items->unit != UINT64_MAX && length < count && items[length].unit == items->unit &&
	       !(seen >> items[length].told->lookout & 1))
		seen |= 1u << items[length++].told->lookout;
	return length;
}

/* Everything that was told, `told_count` in all, by resets. Returns how many these are. */
static size_t list_units(struct vantages *v, size_t told_count, struct item *items, struct unit *units)
{
	size_t item_count = 0, count = 0;

	parallel_run(find_passages, v, v->count, told_count < TOLD_MANY);
	for (unsigned lookout = 0; lookout < v->count; lookout++)
		for (size_t i = 0; i < v->accounts[lookout].count; i++) {
			const struct told *told = &v->accounts[lookout].told[i];

			items[item_count++] = (struct item){ told, unit_of(v, told), told->time_ns };
		}
	qsort(items, item_count, sizeof *items, by_unit);
	for (size_t i = 0; i < item_count; i += units[count++].count)
		units[count] = (struct unit){ &items[i], unit_length(&items[i], item_count - i), items[i].time_ns };
	qsort(units, count, sizeof *units, by_time);
	return count;
}

enum status tell_all(struct vantages *v, struct error *error)
{
	struct jury jury = {
		.v = v, .outcomes = calloc(OUTCOMES, sizeof *jury.outcomes),
		.all = calloc((size_t)LOOKOUTS_MAX * PARALLEL_PARTS, sizeof *jury.all),
	};
	struct item *items;
	struct unit *units;
	size_t count = 0;
	bool ready;

	for (unsigned i = 0; i < v->count; i++)
		count += v->accounts[i].count;
	items = calloc(count + 1, sizeof *items);
	units = calloc(count + 1, sizeof *units);
	ready = items && units && jury.outcomes && jury.all;
	if (ready)
		tell_units(v, units, list_units(v, count, items, units), &jury);
	free(items);
	free(units);
	free(jury.outcomes);
	free(jury.all);
	return ready ? STATUS_OK : error_set(error, STATUS_MEMORY, _("out of memory"));
}
