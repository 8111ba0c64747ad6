#include "vantage/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "vantage/parts.h"

/* What makes two segments candidates for being the same packet. */
#define KEY_FLAGS (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)
/* More samples do not tell more of a clock. */
#define SAMPLES_MAX (1u << 16)
/* Where nothing but numbers tell, the times must agree so well: queues on the way are hardly longer. */
#define GATE_NS (500 * NS_PER_MS)
/* Alike segments that are tried for one. */
#define TRIED_MAX 64
/* Most packets keep their IP IDs on the way, or all are written anew. */
#define KEPT_SHARE 9

struct key {
	uint32_t group, seq, ack, len;
	uint32_t index;             /* of the mark, or of the passage */
	uint16_t flags;
	int64_t time_ns;            /* marks: by their own clock; passages: by the first one's */
};

/* One lookout on its way into the passages. */
struct joining {
	struct match *match;
	unsigned lookout;
	struct key *marks, *passages;
	size_t mark_count, passage_count;
	struct sample *samples;
	size_t sample_count, step;
	uint64_t ids_equal, ids_other, nearer, farther;
};

static uint32_t shifted(const struct match *m, unsigned lookout, const struct mark *mark, unsigned side, uint32_t number)
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

static struct key key_of(const struct match *m, unsigned lookout, const struct mark *mark)
{
	return (struct key){
		.group = m->group_of_leg[match_leg(m, lookout, mark->leg)], .seq = match_seq(m, lookout, mark),
		.ack = match_ack(m, lookout, mark), .len = mark->payload_len, .flags = mark->flags & KEY_FLAGS,
		.time_ns = mark->time_ns,
	};
}

static int by_key(const struct key *x, const struct key *y)
{
	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	if (x->ack != y->ack)
		return x->ack < y->ack ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return (x->flags > y->flags) - (x->flags < y->flags);
}

static int by_key_and_time(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int order = by_key(x, y);

	if (order)
		return order;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* The mark of the first lookout that has it. */
static const struct mark *first_mark(const struct match *m, const struct passage *p, unsigned *ret_lookout)
{
	unsigned lookout = (unsigned)__builtin_ctz(p->seen);

	*ret_lookout = lookout;
	return match_mark(m, p, lookout);
}

/* What a pair of marks says: < 0: two packets; else how much speaks for one. */
enum { APART = -1, LIKE_WINDOW = 1, LIKE_OPTIONS = 2, LIKE_ID = 4, LIKE_TIMESTAMP = 8 };

static bool both_have_ids(const struct mark *a, const struct mark *b)
{
	return a->bits & b->bits & MARK_V4 && a->ip_id && b->ip_id;
}

static int likeness(const struct mark *a, const struct mark *b, bool ids_kept)
{
	int like = (a->window == b->window) * LIKE_WINDOW + (a->options_hash == b->options_hash) * LIKE_OPTIONS;

	if (a->payload_hash && b->payload_hash && a->payload_hash != b->payload_hash)
		return APART;
	if (a->bits & b->bits & MARK_TIMESTAMP) {
		if (a->ts_value != b->ts_value || a->ts_echo != b->ts_echo)
			return APART;
		like += LIKE_TIMESTAMP;
	}
	if (both_have_ids(a, b)) {
		if (a->ip_id == b->ip_id)
			like += LIKE_ID;
		else if (ids_kept)
			return APART;
	}
	return like;
}

static void add_sample(struct joining *j, const struct key *mark_key, const struct key *passage_key)
{
	struct match *m = j->match;
	const struct passage *p = &m->passages[passage_key->index];
	const struct mark *there = &m->lookout[j->lookout].marks[mark_key->index];
	unsigned lookout;
	const struct mark *here = first_mark(m, p, &lookout);
	int like = likeness(here, there, false), hops = order_hops(here, there);

	if (like == APART)
		return;
	if (both_have_ids(here, there)) {
		j->ids_equal += here->ip_id == there->ip_id;
		j->ids_other += here->ip_id != there->ip_id;
	}
	j->nearer += p->from_client ? hops < 0 : hops > 0;
	j->farther += p->from_client ? hops > 0 : hops < 0;
	if (j->step++ % (1 + j->mark_count / SAMPLES_MAX) == 0 && j->sample_count < SAMPLES_MAX)
		j->samples[j->sample_count++] = (struct sample){ there->time_ns, match_time(m, lookout, here), p->from_client };
}

static size_t run_length(const struct key *keys, size_t from, size_t count)
{
	size_t to = from + 1;

	while (to < count && by_key(&keys[from], &keys[to]) == 0)
		to++;
	return to - from;
}

/* Call `each` with every run of marks and the run of passages with the same key. */
static void each_run(struct joining *j, void (*each)(struct joining *j, size_t mark, size_t marks, size_t passage,
                                                     size_t passages))
{
	size_t a = 0, b = 0;

	while (a < j->mark_count && b < j->passage_count) {
		int order = by_key(&j->marks[a], &j->passages[b]);
		size_t marks = run_length(j->marks, a, j->mark_count), passages = run_length(j->passages, b, j->passage_count);

		if (order == 0)
			each(j, a, marks, b, passages);
		a += order <= 0 ? marks : 0;
		b += order >= 0 ? passages : 0;
	}
}

static void sample_run(struct joining *j, size_t mark, size_t marks, size_t passage, size_t passages)
{
	if (marks == 1 && passages == 1)
		add_sample(j, &j->marks[mark], &j->passages[passage]);
}

static int64_t apart(const struct joining *j, const struct mark *there, const struct key *passage_key)
{
	const struct alignment *clock = &j->match->clock[j->lookout];
	bool from_client = j->match->passages[passage_key->index].from_client;

	return llabs(align_time(clock, there->time_ns) - clock->transit_ns[from_client] - passage_key->time_ns);
}

/* The passage that this mark belongs to, NONE where it is another packet. */
static uint32_t best_of(const struct joining *j, const struct mark *there, size_t passage, size_t passages)
{
	const struct match *m = j->match;
	const struct alignment *clock = &m->clock[j->lookout];
	bool ids_kept = j->ids_equal > KEPT_SHARE * j->ids_other;
	int64_t nearest = INT64_MAX;
	uint32_t best = NONE;
	int most = APART;

	for (size_t i = passage; i < passage + passages; i++) {
		const struct passage *p = &m->passages[j->passages[i].index];
		int64_t ns = apart(j, there, &j->passages[i]);
		unsigned lookout;
		int like = p->seen >> j->lookout & 1 ? APART : likeness(first_mark(m, p, &lookout), there, ids_kept);

		if (like < LIKE_ID && ns > GATE_NS + 4 * clock->error_ns)
			continue;
		if (like > most || (like == most && like != APART && ns < nearest)) {
			best = j->passages[i].index;
			nearest = ns;
			most = like;
		}
	}
	return best;
}

static void join(struct match *m, uint32_t passage, unsigned lookout, uint32_t mark)
{
	m->passages[passage].at[lookout] = mark;
	m->passages[passage].seen |= (uint8_t)(1u << lookout);
	m->lookout[lookout].marks[mark].passage = passage;
}

/* Both are in the order of their times: what lies far behind cannot be meant any more. */
static void join_run(struct joining *j, size_t mark, size_t marks, size_t passage, size_t passages)
{
	struct match *m = j->match;
	size_t from = passage, end = passage + passages;

	for (size_t i = mark; i < mark + marks; i++) {
		size_t tried = end - from < TRIED_MAX ? end - from : TRIED_MAX;
		uint32_t best = best_of(j, &m->lookout[j->lookout].marks[j->marks[i].index], from, tried);

		if (best != NONE)
			join(m, best, j->lookout, j->marks[i].index);
		while (from < end && m->passages[j->passages[from].index].seen >> j->lookout & 1)
			from++;
	}
}

static void new_passage(struct match *m, unsigned lookout, uint32_t index)
{
	const struct mark *mark = &m->lookout[lookout].marks[index];
	const struct leg *leg = &m->lookout[lookout].legs[mark->leg];
	struct passage *p = &m->passages[m->passage_count];

	memset(p->at, 0xff, sizeof p->at);
	p->group = m->group_of_leg[match_leg(m, lookout, mark->leg)];
	p->from_client = mark_side(mark) == (unsigned)leg->client;
	p->seen = 0;
	join(m, (uint32_t)m->passage_count++, lookout, index);
}

static void list_keys(struct joining *j)
{
	struct match *m = j->match;
	const struct lookout *lookout = &m->lookout[j->lookout];

	for (size_t i = 0; i < lookout->mark_count; i++) {
		if (lookout->marks[i].bits & MARK_DUPLICATE)
			continue;
		j->marks[j->mark_count] = key_of(m, j->lookout, &lookout->marks[i]);
		j->marks[j->mark_count++].index = (uint32_t)i;
	}
	for (size_t i = 0; i < m->passage_count; i++) {
		unsigned first;
		const struct mark *mark = first_mark(m, &m->passages[i], &first);

		j->passages[i] = key_of(m, first, mark);
		j->passages[i].time_ns = match_time(m, first, mark);
		j->passages[i].index = (uint32_t)i;
	}
	j->passage_count = m->passage_count;
	qsort(j->marks, j->mark_count, sizeof *j->marks, by_key_and_time);
	qsort(j->passages, j->passage_count, sizeof *j->passages, by_key_and_time);
}

static int order_of(const struct joining *j, uint8_t place)
{
	if (place)
		return place == 1 ? -1 : 1;
	if (j->farther > KEPT_SHARE * j->nearer)
		return 1;
	return j->nearer > KEPT_SHARE * j->farther ? -1 : 0;
}

static void join_lookout(struct joining *j, uint8_t place)
{
	struct match *m = j->match;

	list_keys(j);
	if (j->lookout) {
		each_run(j, sample_run);
		align(j->samples, j->sample_count, order_of(j, place), &m->clock[j->lookout]);
	}
	if (m->clock[j->lookout].known && j->lookout)
		each_run(j, join_run);
	for (size_t i = 0; i < j->mark_count; i++)
		if (m->lookout[j->lookout].marks[j->marks[i].index].passage == NONE)
			new_passage(m, j->lookout, j->marks[i].index);
}

static bool run_lookout(struct match *m, unsigned lookout, uint8_t place)
{
	struct joining j = {
		.match = m, .lookout = lookout,
		.marks = calloc(m->lookout[lookout].mark_count + 1, sizeof *j.marks),
		.passages = calloc(m->passage_count + 1, sizeof *j.passages),
		.samples = calloc(SAMPLES_MAX, sizeof *j.samples),
	};
	bool done = j.marks && j.passages && j.samples;

	if (done)
		join_lookout(&j, place);
	free(j.marks);
	free(j.passages);
	free(j.samples);
	return done;
}

static int by_group_and_time(const void *a, const void *b)
{
	const struct passage *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
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

/* In the order of groups and times; the groups learn where theirs are. */
static void sort_passages(struct match *m)
{
	for (size_t i = 0; i < m->passage_count; i++)
		m->passages[i].time_ns = time_of(m, &m->passages[i]);
	qsort(m->passages, m->passage_count, sizeof *m->passages, by_group_and_time);
	for (size_t i = 0; i < m->passage_count; i++) {
		const struct passage *p = &m->passages[i];
		struct group *group = &m->groups[p->group];

		if (!group->count++)
			group->first = (uint32_t)i;
		group->seen[p->from_client] |= p->seen;
		m->shared += (p->seen & (p->seen - 1)) != 0;
		for (unsigned v = 0; v < m->count; v++)
			if (p->at[v] != NONE)
				m->lookout[v].marks[p->at[v]].passage = (uint32_t)i;
	}
}

bool match_run(struct match *m, const uint8_t place[LOOKOUTS_MAX])
{
	size_t marks = 0;

	m->leg_base[0] = 0;
	for (unsigned v = 0; v < m->count; v++) {
		m->leg_base[v + 1] = m->leg_base[v] + (uint32_t)m->lookout[v].leg_count;
		marks += m->lookout[v].mark_count;
	}
	m->passages = calloc(marks + 1, sizeof *m->passages);
	if (!m->passages || !groups_find(m))
		return false;
	m->clock[0] = (struct alignment){ .known = true };
	for (unsigned v = 0; v < m->count; v++)
		if (!run_lookout(m, v, place[v]))
			return false;
	sort_passages(m);
	order_find(m, place);
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
