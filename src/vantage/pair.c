/* Which of several segments with the same numbers are the same packet. */
#include "base/clock.h"
#include "vantage/parts.h"

/* Where nothing but numbers tell, the times must agree so well: queues on the way are hardly longer. */
#define GATE_NS (500 * NS_PER_MS)
/* Alike segments that are tried for one at a time. */
#define TRIED_MAX 8

const struct mark *first_mark(const struct match *m, const struct passage *p, unsigned *ret_lookout)
{
	unsigned lookout = (unsigned)__builtin_ctz(p->seen);

	*ret_lookout = lookout;
	return match_mark(m, p, lookout);
}

bool both_have_ids(const struct mark *a, const struct mark *b)
{
	return a->bits & b->bits & MARK_V4 && a->ip_id && b->ip_id;
}

int likeness(const struct mark *a, const struct mark *b, struct kept kept)
{
	int like = (a->window == b->window) * LIKE_WINDOW + (a->options_hash == b->options_hash) * LIKE_OPTIONS;

	if (a->payload_hash && b->payload_hash && a->payload_hash != b->payload_hash)
		return APART;
	/* A SYN is what boxes write into. */
	if (kept.options && a->options_hash != b->options_hash && !(a->flags & TCP_SYN))
		return APART;
	if (a->bits & b->bits & MARK_TIMESTAMP) {
		if (a->ts_value != b->ts_value || a->ts_echo != b->ts_echo)
			return APART;
		like += LIKE_TIMESTAMP;
	}
	if (both_have_ids(a, b)) {
		if (a->ip_id == b->ip_id)
			like += LIKE_ID;
		else if (kept.ids)
			return APART;
	}
	return like;
}

static int64_t apart(const struct joining *j, const struct mark *there, const struct key *passage_key)
{
	const struct alignment *clock = &j->match->clock[j->lookout];
	bool from_client = j->match->passages[passage_key->index].from_client;

	__int128 ns = (__int128)align_time(clock, there->time_ns) - clock->transit_ns[from_client] - passage_key->time_ns;

	ns = ns < 0 ? -ns : ns;
	return ns > CLOCK_MAX ? CLOCK_MAX : (int64_t)ns;
}

/* How well a mark and a passage fit. */
struct fit {
	int like;                /* APART: not at all */
	int64_t ns;
};

static struct fit fit_of(const struct joining *j, const struct key *mark_key, const struct key *passage_key)
{
	const struct match *m = j->match;
	const struct mark *there = &m->lookout[j->lookout].marks[mark_key->index];
	const struct passage *p = &m->passages[passage_key->index];
	const struct kept kept = {
		j->ids_equal > KEPT_SHARE * j->ids_other, j->options_equal > KEPT_SHARE * j->options_other,
	};
	unsigned lookout;
	struct fit fit = { APART, apart(j, there, passage_key) };

	if (p->seen >> j->lookout & 1 || there->passage != NONE)
		return fit;
	fit.like = likeness(first_mark(m, p, &lookout), there, kept);
	if (fit.like < LIKE_ID && fit.ns > GATE_NS + 4 * m->clock[j->lookout].error_ns)
		fit.like = APART;
	return fit;
}

static bool fits_better(struct fit one, struct fit other)
{
	return one.like > other.like || (one.like == other.like && one.like != APART && one.ns < other.ns);
}

/* A stretch of keys. */
struct keys {
	size_t from, end;
};

static struct keys window_of(struct keys keys)
{
	return (struct keys){ keys.from, keys.end - keys.from > TRIED_MAX ? keys.from + TRIED_MAX : keys.end };
}

/* The passage that fits a mark best; SIZE_MAX: none does. */
static size_t best_passage(const struct joining *j, size_t mark, struct keys passages)
{
	struct fit best = { APART, 0 };
	size_t found = SIZE_MAX;

	for (size_t i = passages.from; i < passages.end; i++) {
		struct fit fit = fit_of(j, &j->marks[mark], &j->passages[i]);

		if (fits_better(fit, best)) {
			best = fit;
			found = i;
		}
	}
	return found;
}

/* Whether no other mark fits the passage better than this one. */
static bool is_best_mark(const struct joining *j, size_t passage, size_t mark, struct keys marks)
{
	struct fit own = fit_of(j, &j->marks[mark], &j->passages[passage]);

	for (size_t i = marks.from; i < marks.end; i++)
		if (i != mark && fits_better(fit_of(j, &j->marks[i], &j->passages[passage]), own))
			return false;
	return true;
}

void pair_join(struct match *m, uint32_t passage, unsigned lookout, uint32_t mark)
{
	m->passages[passage].at[lookout] = mark;
	m->passages[passage].seen |= (uint8_t)(1u << lookout);
	m->lookout[lookout].marks[mark].passage = passage;
}

/* Join those that fit each other best. False where there are none. */
static bool join_some(struct joining *j, struct keys marks, struct keys passages)
{
	bool any = false;

	for (size_t i = marks.from; i < marks.end; i++) {
		size_t best = best_passage(j, i, passages);

		if (best == SIZE_MAX || !is_best_mark(j, best, i, marks))
			continue;
		pair_join(j->match, j->passages[best].index, j->lookout, j->marks[i].index);
		any = true;
	}
	return any;
}

/*
 * As many on both sides, and nothing tells more for another partner than for the one in the same place: packets keep
 * their order, however late all of them are.
 */
static bool pair_in_order(struct joining *j, size_t mark, size_t passage, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fit own = fit_of(j, &j->marks[mark + i], &j->passages[passage + i]);

		if (own.like == APART)
			return false;
		for (size_t other = 0; other < count; other++)
			if (fit_of(j, &j->marks[mark + i], &j->passages[passage + other]).like > own.like)
				return false;
	}
	for (size_t i = 0; i < count; i++)
		pair_join(j->match, j->passages[passage + i].index, j->lookout, j->marks[mark + i].index);
	return true;
}

/*
 * Alike segments on both sides, in the order of their times: what got lost leaves one without a partner. Where the
 * first ones fit nothing, the earlier of them has none.
 */
void pair_run(struct joining *j, size_t mark, size_t mark_count, size_t passage, size_t passage_count)
{
	const struct match *m = j->match;
	const struct alignment *clock = &m->clock[j->lookout];
	struct keys marks = { mark, mark + mark_count }, passages = { passage, passage + passage_count };

	if (mark_count == passage_count && mark_count <= TRIED_MAX && pair_in_order(j, mark, passage, mark_count))
		return;
	while (marks.from < marks.end && passages.from < passages.end) {
		const struct passage *p = &m->passages[j->passages[passages.from].index];

		if (m->lookout[j->lookout].marks[j->marks[marks.from].index].passage != NONE)
			marks.from++;
		else if (p->seen >> j->lookout & 1)
			passages.from++;
		else if (join_some(j, window_of(marks), window_of(passages)))
			continue;
		else if (align_time(clock, j->marks[marks.from].time_ns) < j->passages[passages.from].time_ns)
			marks.from++;
		else
			passages.from++;
	}
}
