/* One verdict for what several captures told of one reset. */
#include "vantage/tell.h"

#include <stdlib.h>

#include "base/parallel.h"
#include "base/text.h"

static void find_passages(struct vantages *v)
{
	for (size_t i = 0; i < v->told_count; i++) {
		struct told *told = &v->told[i];

		told->mark = ways_mark(&v->ways, told->lookout, told->file_place, told->frame);
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

static int by_unit(const void *a, const void *b, void *context)
{
	const struct told *x = a, *y = b;
	uint64_t one = unit_of(context, x), other = unit_of(context, y);

	if (one != other)
		return one < other ? -1 : 1;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->lookout != y->lookout ? (x->lookout < y->lookout ? -1 : 1) : (x->frame > y->frame) - (x->frame < y->frame);
}

/* A run of told[] that is one reset. */
struct unit {
	size_t first, count;
	int64_t time_ns;
};

static int by_time(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->first > y->first) - (x->first < y->first);
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

static void judge_one(const struct vantages *v, const struct unit *unit, size_t which, struct opinion_of_one *all)
{
	struct opinion_of_one *one = &all[which];
	bool more = false;

	one->evidence = one->alone;
	for (size_t i = 0; i < unit->count; i++)
		if (i != which)
			more |= evidence_merge(&one->evidence, &all[i].alone, (uint8_t)(v->told[unit->first + i].lookout + 1));
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
	return distance(v, &v->told[unit->first + a]) < distance(v, &v->told[unit->first + b]);
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

/* A stretch of units that is judged at once, and then told in its order: 1.2 MB. */
#define OUTCOMES 256

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
		evidence_unpack(v->told[unit->first + i].packed, &all[i].alone);
		add_way(v, &v->told[unit->first + i], &all[i].alone);
	}
	for (size_t i = 0; i < unit->count; i++)
		judge_one(v, unit, i, all);
	for (size_t i = 1; i < unit->count; i++)
		best = better(v, unit, all, i, best) ? i : best;
	doubt(unit, all, best, &all[best].verdict);
	outcome->evidence = all[best].evidence;
	outcome->verdict = all[best].verdict;
	outcome->verdict.evidence = &outcome->evidence;
}

static void judge_part(void *context, unsigned part)
{
	const struct jury *jury = context;

	for (size_t i = part; i < jury->count; i += PARALLEL_PARTS)
		judge(jury->v, &jury->units[i], &jury->all[part * LOOKOUTS_MAX], &jury->outcomes[i]);
}

static void tell_units(struct vantages *v, const struct unit *units, size_t count, struct jury *jury)
{
	for (size_t from = 0; from < count; from += OUTCOMES) {
		jury->units = units + from;
		jury->count = count - from < OUTCOMES ? count - from : OUTCOMES;
		/* A thread is not worth it for a few. */
		parallel_run(judge_part, jury, PARALLEL_PARTS, jury->count < OUTCOMES);
		for (size_t i = 0; v->sink.verdict && i < jury->count; i++)
			v->sink.verdict(v->sink.user, &jury->outcomes[i].verdict);
	}
}

/* At most one of each lookout belongs to one reset; of damaged files that claim more, each stands alone. */
static size_t unit_length(const struct vantages *v, size_t from)
{
	uint64_t unit = unit_of(v, &v->told[from]);
	size_t to = from + 1;
	unsigned seen = 1u << v->told[from].lookout;

	while (unit != UINT64_MAX && to < v->told_count && unit_of(v, &v->told[to]) == unit &&
	       !(seen >> v->told[to].lookout & 1))
		seen |= 1u << v->told[to++].lookout;
	return to - from;
}

enum status tell_all(struct vantages *v, struct error *error)
{
	struct unit *units = calloc(v->told_count + 1, sizeof *units);
	struct jury jury = {
		.v = v, .outcomes = calloc(OUTCOMES, sizeof *jury.outcomes),
		.all = calloc((size_t)LOOKOUTS_MAX * PARALLEL_PARTS, sizeof *jury.all),
	};
	bool ready = units && jury.outcomes && jury.all;
	size_t count = 0;

	if (ready) {
		find_passages(v);
		if (v->told_count)
			qsort_r(v->told, v->told_count, sizeof *v->told, by_unit, v);
		for (size_t i = 0; i < v->told_count; i += units[count++].count)
			units[count] = (struct unit){ i, unit_length(v, i), v->told[i].time_ns };
		qsort(units, count, sizeof *units, by_time);
		tell_units(v, units, count, &jury);
	}
	free(units);
	free(jury.outcomes);
	free(jury.all);
	return ready ? STATUS_OK : error_set(error, STATUS_MEMORY, _("out of memory"));
}
