#include "vantage/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "base/permute.h"
#include "base/sort.h"
#include "vantage/parts.h"

_Static_assert(LOOKOUTS_MAX <= PARALLEL_MAX, "each capture has a part of the work");

/* More samples do not tell more of a clock. */
#define SAMPLES_MAX (1u << 11)
/* So many packets in common tell where a clock stands. */
#define SAMPLES_ENOUGH 16
/* Of more with the same numbers none is looked at for comparing clocks. */
#define ALIKE_MAX 16

static uint32_t shifted(const struct match *m, unsigned lookout, const struct mark *mark, unsigned side,
                        uint32_t number)
{
	return number + m->shift[side][match_leg(m, lookout, mark->leg)];
}

uint32_t match_seq(const struct match *m, unsigned lookout, const struct mark *mark)
{
	return shifted(m, lookout, mark, mark_side(mark), mark->seq);
}

uint32_t match_ack(const struct match *m, unsigned lookout, const struct mark *mark)
{
	return mark->flags & TCP_ACK ? shifted(m, lookout, mark, !mark_side(mark), mark->ack) : mark->ack;
}

static void add_sample(struct joining *j, const struct key *mark_key, const struct key *passage_key)
{
	struct match *m = j->match;
	const struct passage *p = &m->passages[passage_key->index];
	const struct mark *there = &m->lookout[j->lookout].marks[mark_key->index];
	unsigned lookout;
	const struct mark *here = first_mark(m, p, &lookout);
	int like = likeness(here, there, (struct kept){ false, false }), hops = order_hops(here, there);

	if (like == APART)
		return;
	if (both_have_ids(here, there)) {
		j->ids_equal += here->ip_id == there->ip_id;
		j->ids_other += here->ip_id != there->ip_id;
	}
	j->options_equal += here->options_hash == there->options_hash;
	j->options_other += here->options_hash != there->options_hash;
	j->nearer += p->from_client ? hops < 0 : hops > 0;
	j->farther += p->from_client ? hops > 0 : hops < 0;
	if (j->step++ % (1 + j->mark_count / SAMPLES_MAX) == 0 && j->sample_count < SAMPLES_MAX)
		j->samples[j->sample_count++] = (struct sample){ there->time_ns, match_time(m, lookout, here), p->from_client };
}

static size_t run_length(const struct key *keys, size_t from, size_t count)
{
	size_t to = from + 1;

	while (to < count && key_order(&keys[from], &keys[to]) == 0)
		to++;
	return to - from;
}

/* The first of the keys that belongs to this group or to a later one. */
static size_t first_of_group(const struct key *keys, size_t count, uint32_t group)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = (low + count) / 2;

		if (keys[middle].group < group)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

/* Call `each` with every run of marks and the run of passages with the same key, of some of the groups. */
static void each_run(struct joining *j, struct range groups,
                     void (*each)(struct joining *j, size_t mark, size_t marks, size_t passage, size_t passages))
{
	size_t a = first_of_group(j->marks, j->mark_count, groups.from);
	size_t b = first_of_group(j->passages, j->passage_count, groups.from);
	size_t a_end = first_of_group(j->marks, j->mark_count, groups.end);
	size_t b_end = first_of_group(j->passages, j->passage_count, groups.end);

	while (a < a_end && b < b_end) {
		int order = key_order(&j->marks[a], &j->passages[b]);
		size_t marks = run_length(j->marks, a, a_end), passages = run_length(j->passages, b, b_end);

		if (order == 0)
			each(j, a, marks, b, passages);
		a += order <= 0 ? marks : 0;
		b += order >= 0 ? passages : 0;
	}
}

static bool is_like(const struct joining *j, size_t mark, size_t passage)
{
	const struct mark *there = &j->match->lookout[j->lookout].marks[j->marks[mark].index];
	unsigned lookout;
	const struct mark *here = first_mark(j->match, &j->match->passages[j->passages[passage].index], &lookout);

	return likeness(here, there, (struct kept){ true, true }) >= LIKE_ID;
}

/* The one of several passages that is this mark, and no other one, beyond doubt; SIZE_MAX where there is none. */
static size_t only_like(const struct joining *j, size_t mark, size_t marks, size_t at, size_t passage, size_t passages)
{
	size_t only = SIZE_MAX;

	for (size_t i = passage; i < passage + passages; i++) {
		if (!is_like(j, at, i))
			continue;
		if (only != SIZE_MAX)
			return SIZE_MAX;
		only = i;
	}
	for (size_t i = mark; only != SIZE_MAX && i < mark + marks; i++)
		if (i != at && is_like(j, i, only))
			return SIZE_MAX;
	return only;
}

static void sample_run(struct joining *j, size_t mark, size_t marks, size_t passage, size_t passages)
{
	if (marks == 1 && passages == 1) {
		add_sample(j, &j->marks[mark], &j->passages[passage]);
		return;
	}
	for (size_t i = mark; marks <= ALIKE_MAX && passages <= ALIKE_MAX && i < mark + marks; i++) {
		size_t only = only_like(j, mark, marks, i, passage, passages);

		if (only != SIZE_MAX)
			add_sample(j, &j->marks[i], &j->passages[only]);
	}
}

static void new_passage(struct match *m, unsigned lookout, uint32_t index)
{
	const struct mark *mark = &m->lookout[lookout].marks[index];
	const struct leg *leg = &m->lookout[lookout].legs[mark->leg];
	struct passage *p = &m->passages[m->passage_count];

	*p = (struct passage){
		.group = m->group_of_leg[match_leg(m, lookout, mark->leg)],
		.from_client = mark_side(mark) == (unsigned)leg->client,
	};
	memset(p->at, 0xff, sizeof p->at);
	pair_join(m, (uint32_t)m->passage_count++, lookout, index);
}

static int order_of(const struct joining *j, uint8_t place)
{
	int given = place == 1 ? -1 : place == 2;

	if (given && j->farther + j->nearer)
		return (given > 0 ? j->farther : j->nearer) ? given : 0;
	if (place)
		return given;
	if (j->farther > KEPT_SHARE * j->nearer)
		return 1;
	return j->nearer > KEPT_SHARE * j->farther ? -1 : 0;
}

static void pair_part(void *context, unsigned part)
{
	struct joining *j = context;

	each_run(j, match_range(j->match, part), pair_run);
}

/* `least`: so many packets have to be in common, else it has to wait until more others are joined. */
static bool join_lookout(struct joining *j, uint8_t place, size_t least, bool *ret_joined)
{
	struct match *m = j->match;

	*ret_joined = false;
	if (!keys_list(j))
		return false;
	each_run(j, (struct range){ 0, (uint32_t)m->group_count }, sample_run);
	if (j->sample_count < least)
		return true;
	*ret_joined = true;
	align(j->samples, j->sample_count, order_of(j, place), &m->clock[j->lookout]);
	if (m->clock[j->lookout].known)
		match_each_part(m, pair_part, j);
	for (size_t i = 0; i < j->mark_count; i++)
		if (m->lookout[j->lookout].marks[j->marks[i].index].passage == NONE)
			new_passage(m, j->lookout, j->marks[i].index);
	return true;
}

/* Nothing to compare with: each mark is a passage. */
static void first_lookout(struct match *m)
{
	for (size_t i = 0; i < m->lookout[0].mark_count; i++)
		if (!(m->lookout[0].marks[i].bits & MARK_DUPLICATE))
			new_passage(m, 0, (uint32_t)i);
}

static bool run_lookout(struct match *m, unsigned lookout, uint8_t place, size_t least, bool *ret_joined)
{
	struct joining j = { .match = m, .lookout = lookout, .samples = calloc(SAMPLES_MAX, sizeof *j.samples) };
	bool done = j.samples && join_lookout(&j, place, least, ret_joined);

	free(j.marks);
	free(j.passages);
	free(j.samples);
	return done;
}

/*
 * In the order in which they were given, but for those that have little in common with the ones before: they may have
 * more with later ones, and wait as long as any other can be joined.
 */
static bool run_lookouts(struct match *m, const uint8_t place[LOOKOUTS_MAX])
{
	static const size_t least[] = { SAMPLES_ENOUGH, 1, 0 };
	unsigned waiting[LOOKOUTS_MAX], count = 0;

	first_lookout(m);
	for (unsigned v = 1; v < m->count; v++)
		waiting[count++] = v;
	for (unsigned at = 0, round = 0; count;) {
		unsigned v = waiting[at];
		bool joined;

		if (!run_lookout(m, v, place[v], count > 1 ? least[round] : 0, &joined))
			return false;
		/* With this one, those that had too little may have enough. */
		if (joined) {
			memmove(&waiting[at], &waiting[at + 1], (--count - at) * sizeof *waiting);
			at = round = 0;
		} else if (++at == count) {
			at = 0;
			round++;
		}
	}
	return true;
}

static int by_time(const void *a, const void *b)
{
	const struct passage *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	for (unsigned v = 0; v < LOOKOUTS_MAX; v++)
		if (x->at[v] != y->at[v])
			return x->at[v] < y->at[v] ? -1 : 1;
	return 0;
}

/* The first of its marks along its way, or by time where nobody knows who comes first. */
static int64_t time_of(const struct match *m, const struct passage *p)
{
	int64_t time_ns = INT64_MAX;

	for (unsigned v = 0; v < m->count; v++) {
		const struct mark *mark = match_mark(m, p, v);

		if (mark && match_time(m, v, mark) < time_ns)
			time_ns = match_time(m, v, mark);
	}
	return time_ns;
}

/* The group learns who saw it, and the marks where their passages are. */
static void describe(struct match *m, struct group *group)
{
	for (uint32_t i = group->first; i < group->first + group->count; i++) {
		const struct passage *p = &m->passages[i];

		group->seen[p->from_client] |= p->seen;
		group->shared += (p->seen & (p->seen - 1)) != 0;
		for (unsigned v = 0; v < m->count; v++)
			if (p->seen >> v & 1) {
				group->shares[v] |= (uint8_t)(p->seen & ~(1u << v));
				m->lookout[v].marks[p->at[v]].passage = i;
			}
	}
}

static void sort_part(void *context, unsigned part)
{
	struct match *m = context;
	struct range groups = match_range(m, part);

	for (uint32_t i = groups.from; i < groups.end; i++) {
		struct group *group = &m->groups[i];
		struct passage *passages = m->passages + group->first;

		for (uint32_t p = 0; p < group->count; p++)
			passages[p].time_ns = time_of(m, &passages[p]);
		sort_few(passages, group->count, sizeof *passages, by_time);
		describe(m, group);
	}
}

/* By groups, which numbers do at once, then each by time. False when out of memory. */
static bool sort_passages(struct match *m)
{
	uint32_t *at = calloc(m->group_count + 1, sizeof *at);
	uint32_t *to = malloc((m->passage_count + 1) * sizeof *to);
	bool done = at && to;

	for (size_t i = 0; done && i < m->passage_count; i++)
		m->groups[m->passages[i].group].count++;
	for (size_t i = 0, from = 0; done && i < m->group_count; from += m->groups[i++].count)
		m->groups[i].first = at[i] = (uint32_t)from;
	for (size_t i = 0; done && i < m->passage_count; i++)
		to[i] = at[m->passages[i].group]++;
	done = done && permute(m->passages, sizeof *m->passages, m->passage_count, to);
	free(at);
	free(to);
	if (done)
		match_each_part(m, sort_part, m);
	return done;
}

/* Copies learn where the passages of what they are copies of are. */
static void describe_copies(struct lookout *lookout)
{
	for (size_t i = 0; i < lookout->mark_count; i++) {
		struct mark *mark = &lookout->marks[i];

		if (mark->bits & MARK_DUPLICATE)
			mark->passage = lookout->marks[mark->passage].passage;
	}
}

struct range match_range(const struct match *m, unsigned part)
{
	return (struct range){
		(uint32_t)(m->group_count * part / PARALLEL_PARTS), (uint32_t)(m->group_count * (part + 1) / PARALLEL_PARTS),
	};
}

void match_each_part(const struct match *m, void (*work)(void *context, unsigned part), void *context)
{
	parallel_run(work, context, PARALLEL_PARTS, m->passage_count < MATCH_MANY);
}

static void prepare(void *context, unsigned part)
{
	struct match *m = context;
	struct lookout *lookout = &m->lookout[part];

	m->ready[part] = lookout_gather(lookout) && lookout_look_through(lookout);
}

bool match_run(struct match *m, const uint8_t place[LOOKOUTS_MAX])
{
	size_t marks = 0;

	m->leg_base[0] = 0;
	parallel_run(prepare, m, m->count, false);
	for (unsigned v = 0; v < m->count; v++) {
		m->leg_base[v + 1] = m->leg_base[v] + (uint32_t)m->lookout[v].leg_count;
		marks += m->lookout[v].mark_count;
		if (!m->ready[v])
			return false;
	}
	m->passages = malloc((marks + 1) * sizeof *m->passages);
	if (!m->passages || !groups_find(m))
		return false;
	m->clock[0] = (struct alignment){ .known = true };
	if (!run_lookouts(m, place))
		return false;
	if (!sort_passages(m))
		return false;
	for (size_t i = 0; i < m->group_count; i++)
		m->shared += m->groups[i].shared;
	for (unsigned v = 0; v < m->count; v++)
		if (m->lookout[v].copies)
			describe_copies(&m->lookout[v]);
	order_find(m, place);
	for (unsigned v = 0; v < m->count; v++)
		m->place[v] = m->misplaced ? 0 : place[v];
	return true;
}

void match_clear(struct match *m)
{
	for (unsigned v = 0; v < m->count; v++)
		lookout_clear(&m->lookout[v]);
	free(m->group_of_leg);
	free(m->shift[0]);
	free(m->shift[1]);
	free(m->passages);
	free(m->groups);
	*m = (struct match){ 0 };
}
