#include "vantage/fate.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "base/sequence.h"
#include "base/sort.h"
#include "flow/look.h"
#include "vantage/parts.h"

/* What is longer under way than others by this, and by so many times what they differ by, got lost. */
#define QUEUE_NS (200 * NS_PER_MS)
#define QUEUES 4
#define QUEUE_MAX_NS (60 * NS_PER_S)

/* What one capture has of one direction of a connection. */
struct extent {
	uint32_t *cuts;        /* mark_end and seq in one number, sorted: see cut_of() */
	struct stretch {
		int64_t from, to;
	} *stretches;          /* bytes, merged and sorted */
	size_t room;           /* for each of both: they serve one connection after the other */
	size_t count, stretch_count;
	uint32_t base;         /* numbers count from here */
	int64_t acked;         /* highest that the other direction acknowledges of these; INT64_MIN: none */
	const struct passage *last; /* that it has; NULL: none */
	bool passed, beside;   /* it has any but RSTs; they had passed no router */
	int64_t least_ns, most_ns;  /* how long those took here since they were seen first */
};

/* The extents of a connection: by lookout, from the server and from the client. */
struct extents {
	struct extent of[LOOKOUTS_MAX][2];
};

static int64_t offset_of(const struct extent *e, uint32_t seq)
{
	return seq_diff(seq, e->base);
}

static int by_from(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

static void merge_stretches(struct extent *e)
{
	size_t kept = 0;

	sort_few(e->stretches, e->stretch_count, sizeof *e->stretches, by_from);
	for (size_t i = 0; i < e->stretch_count; i++) {
		struct stretch *last = kept ? &e->stretches[kept - 1] : NULL;

		if (!last || e->stretches[i].from > last->to)
			e->stretches[kept++] = e->stretches[i];
		else if (e->stretches[i].to > last->to)
			last->to = e->stretches[i].to;
	}
	e->stretch_count = kept;
}

/* Whether all bytes of [from, to) are there. */
static bool covers(const struct extent *e, int64_t from, int64_t to)
{
	size_t low = 0, high = e->stretch_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (e->stretches[middle].from <= from)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && e->stretches[low - 1].to >= to;
}

/* A segment's place and length, for telling the same cut from another one; collisions only make it cautious. */
static uint32_t cut_of(uint32_t seq, uint32_t end)
{
	return seq * 2654435761u ^ (end - seq) * 40503u;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool has_cut(const struct extent *e, uint32_t seq, uint32_t end)
{
	uint32_t cut = cut_of(seq, end);

	return e->count && bsearch(&cut, e->cuts, e->count, sizeof cut, by_number);
}

/* The numbers of a passage as all lookouts have them. */
static void numbers_of(const struct match *m, const struct passage *p, uint32_t *ret_seq, uint32_t *ret_end,
                       uint32_t *ret_ack, uint16_t *ret_flags)
{
	unsigned first = (unsigned)__builtin_ctz(p->seen);
	const struct mark *mark = match_mark(m, p, first);

	*ret_seq = match_seq(m, first, mark);
	*ret_end = *ret_seq + (mark_end(mark) - mark->seq);
	*ret_ack = match_ack(m, first, mark);
	*ret_flags = mark->flags;
}

static void take_time(const struct match *m, struct extent *own, const struct passage *p, unsigned v)
{
	const struct mark *mark = match_mark(m, p, v);
	int64_t ns = match_time(m, v, mark) - p->time_ns;

	if (!own->last || ns < own->least_ns)
		own->least_ns = ns;
	if (!own->last || ns > own->most_ns)
		own->most_ns = ns;
	own->last = p;
	if (mark->flags & TCP_RST)
		return;
	own->beside = (own->beside || !own->passed) && !hops_of(mark->hop_limit);
	own->passed = true;
}

static void take(const struct match *m, struct extents *extents, const struct passage *p)
{
	uint32_t seq, end, ack;
	uint16_t flags;

	numbers_of(m, p, &seq, &end, &ack, &flags);
	for (unsigned v = 0; v < m->count; v++)
		if (p->seen >> v & 1)
			take_time(m, &extents->of[v][p->from_client], p, v);
	for (unsigned v = 0; !(flags & TCP_RST) && v < m->count; v++) {
		struct extent *own = &extents->of[v][p->from_client], *other = &extents->of[v][!p->from_client];

		/* Whoever saw the acknowledgement, it counts: a filter may have left it out elsewhere. */
		if (flags & TCP_ACK && offset_of(other, ack) > other->acked)
			other->acked = offset_of(other, ack);
		if (!(p->seen >> v & 1) || end == seq)
			continue;
		own->cuts[own->count++] = cut_of(seq, end);
		own->stretches[own->stretch_count++] = (struct stretch){ offset_of(own, seq), offset_of(own, end) };
	}
}

/* Numbers count from the first segment of each direction; where there is none, from what is acknowledged. */
static void find_bases(const struct match *m, const struct group *group, uint32_t base[2])
{
	bool found[2] = { false, false };

	for (uint32_t i = group->first; i < group->first + group->count && !(found[0] && found[1]); i++) {
		const struct passage *p = &m->passages[i];
		uint32_t seq, end, ack;
		uint16_t flags;

		numbers_of(m, p, &seq, &end, &ack, &flags);
		if (flags & TCP_RST)
			continue;
		if (!found[p->from_client]) {
			base[p->from_client] = seq;
			found[p->from_client] = true;
		}
		if (flags & TCP_ACK && !found[!p->from_client])
			base[!p->from_client] = ack;
	}
}

static void free_extents(const struct match *m, struct extents *extents)
{
	for (unsigned v = 0; v < m->count; v++)
		for (unsigned way = 0; way < 2; way++) {
			free(extents->of[v][way].cuts);
			free(extents->of[v][way].stretches);
		}
}

/* Room for so many segments, and none yet. False when out of memory. */
static bool begin_extent(struct extent *e, size_t segments, uint32_t base)
{
	if (segments > e->room) {
		free(e->cuts);
		free(e->stretches);
		e->cuts = malloc(segments * sizeof *e->cuts);
		e->stretches = malloc(segments * sizeof *e->stretches);
		e->room = segments;
	}
	*e = (struct extent){
		.cuts = e->cuts, .stretches = e->stretches, .room = e->room, .base = base, .acked = INT64_MIN,
	};
	return e->cuts && e->stretches;
}

static bool fill_extents(const struct match *m, const struct group *group, struct extents *extents)
{
	uint32_t base[2] = { 0, 0 };
	bool done = true;

	find_bases(m, group, base);
	for (unsigned v = 0; v < m->count; v++)
		for (unsigned way = 0; way < 2; way++)
			done &= begin_extent(&extents->of[v][way], group->count + 1, base[way]);
	for (uint32_t i = group->first; done && i < group->first + group->count; i++)
		take(m, extents, &m->passages[i]);
	for (unsigned v = 0; done && v < m->count; v++)
		for (unsigned way = 0; way < 2; way++) {
			struct extent *e = &extents->of[v][way];

			sort_few(e->cuts, e->count, sizeof *e->cuts, by_number);
			merge_stretches(e);
		}
	return done;
}

bool fate_covers(const struct match *m, unsigned lookout, int64_t time_ns)
{
	const struct lookout *l = &m->lookout[lookout];
	int64_t there_ns = align_back(&m->clock[lookout], time_ns), error_ns = align_error(&m->clock[lookout], time_ns);

	return m->clock[lookout].known && l->first_ns <= there_ns - error_ns && there_ns + error_ns <= l->last_ns;
}

/* What a capture must have shown to be believed that it was not told to leave such segments out. */
static unsigned like_kind(const struct mark *mark)
{
	enum kind kind = mark_kind(mark);

	return kind == KIND_END || kind == KIND_SYN ? (unsigned)kind | KIND_ACK : (unsigned)kind;
}

bool fate_witness(const struct match *m, const struct passage *p, unsigned v)
{
	const struct group *group = &m->groups[p->group];
	const struct mark *mark = match_mark(m, p, (unsigned)__builtin_ctz(p->seen));

	return group->seen[p->from_client] >> v & 1 && group->shares[v] & p->seen &&
	       m->lookout[v].kinds & like_kind(mark) && fate_covers(m, v, p->time_ns) && p->time_ns >= group->kept_from_ns;
}

/* Where it was not seen: the nearest to those that saw it, on either side; -1: none. And in between. */
struct gaps {
	int before, after, within;
	unsigned first, last;     /* lookouts that saw it, nearest to the sender and to the receiver */
};

static void find_ends(const struct match *m, const struct passage *p, struct gaps *g)
{
	bool any = false;

	for (unsigned v = 0; v < m->count; v++) {
		unsigned place = fate_place(m, v, p->from_client);

		if (!(p->seen >> v & 1))
			continue;
		if (!any || place < fate_place(m, g->first, p->from_client))
			g->first = v;
		if (!any || place > fate_place(m, g->last, p->from_client))
			g->last = v;
		any = true;
	}
}

static struct gaps find_gaps(const struct match *m, const struct passage *p)
{
	struct gaps g = { -1, -1, -1, 0, 0 };
	unsigned first, last;

	find_ends(m, p, &g);
	first = fate_place(m, g.first, p->from_client);
	last = fate_place(m, g.last, p->from_client);
	for (unsigned v = 0; v < m->count; v++) {
		unsigned place = fate_place(m, v, p->from_client);

		if (p->seen >> v & 1 || !fate_witness(m, p, v))
			continue;
		if (place < first && (g.before < 0 || place > fate_place(m, (unsigned)g.before, p->from_client)))
			g.before = (int)v;
		if (place > last && (g.after < 0 || place < fate_place(m, (unsigned)g.after, p->from_client)))
			g.after = (int)v;
		if (place > first && place < last)
			g.within = (int)v;
	}
	return g;
}

/* No way leads around it: it stands beside this end, as far as its packets or somebody who named it tell. */
static bool is_at_end(const struct match *m, const struct extents *extents, unsigned v, bool client)
{
	return extents->of[v][client].beside || m->place[v] == (client ? 1 : 2);
}

/*
 * Ways change. What one in the middle lacks may have passed elsewhere, unless later packets still came past there, or
 * one at the end lacks it, too.
 */
static bool is_anchored(const struct match *m, const struct extents *extents, const struct passage *p,
                        const struct gaps *g, bool made)
{
	bool end = made ? p->from_client : !p->from_client;

	for (unsigned v = 0; v < m->count; v++) {
		unsigned place = fate_place(m, v, p->from_client);

		if (p->seen >> v & 1 || !fate_witness(m, p, v) ||
		    (made ? place >= fate_place(m, g->first, p->from_client) : place <= fate_place(m, g->last, p->from_client)))
			continue;
		if (extents->of[v][p->from_client].last > p || is_at_end(m, extents, v, end))
			return true;
	}
	return false;
}

/* It would have got there: a later packet did, or the capture ran on for longer than any queue lasts. */
static bool had_time(const struct match *m, const struct extents *extents, const struct passage *p, unsigned v)
{
	const struct extent *e = &extents->of[v][p->from_client];

	int64_t differ_ns = e->most_ns - e->least_ns < QUEUE_MAX_NS ? e->most_ns - e->least_ns : QUEUE_MAX_NS;

	return (e->last && e->last > p) || fate_covers(m, v, p->time_ns + QUEUE_NS + QUEUES * differ_ns);
}

/* What a lookout has in place of it. */
static enum fate missing_at(const struct match *m, const struct extents *extents, const struct passage *p, unsigned v,
                            enum fate otherwise)
{
	const struct extent *e = &extents->of[v][p->from_client];
	uint32_t seq, end, ack;
	uint16_t flags;
	int64_t from, to;

	numbers_of(m, p, &seq, &end, &ack, &flags);
	from = offset_of(e, seq);
	to = offset_of(e, end);
	if (to <= from || flags & TCP_RST)
		return otherwise;
	if (covers(e, from, to))
		return has_cut(e, seq, end) ? otherwise : FATE_RECUT;
	/* The receiver acknowledges what this one never saw. What lies before all that it saw is of another time. */
	if (e->acked >= to && e->stretch_count && from >= e->stretches[0].from - 1)
		return FATE_NOT_CAPTURED;
	/* What may have been acknowledged is not called made: of each direction it can be the first that passed here. */
	return otherwise == FATE_MADE && e->acked >= to ? FATE_PERHAPS_MADE : otherwise;
}

static void settle(const struct match *m, const struct extents *extents, struct passage *p,
                   uint64_t missed[LOOKOUTS_MAX])
{
	struct gaps g = find_gaps(m, p);
	int missing = g.before >= 0 ? g.before : g.after;
	uint16_t flags = match_mark(m, p, g.first)->flags;

	p->fate = (p->seen & (p->seen - 1)) ? FATE_PASSED : FATE_UNKNOWN;
	p->between[0] = (uint8_t)(g.before >= 0 ? (unsigned)g.before : g.last);
	p->between[1] = (uint8_t)(g.before >= 0 ? g.first : missing >= 0 ? (unsigned)missing : g.last);
	if (missing >= 0)
		p->fate = (uint8_t)missing_at(m, extents, p, (unsigned)missing, g.before >= 0 ? FATE_MADE : FATE_LOST);
	if (p->fate == FATE_LOST && !(had_time(m, extents, p, (unsigned)missing) && is_anchored(m, extents, p, &g, false)))
		p->fate = FATE_PERHAPS_LOST;
	if (p->fate == FATE_MADE && flags & (TCP_RST | TCP_SYN) && !is_anchored(m, extents, p, &g, true))
		p->fate = FATE_PERHAPS_MADE;
	/* Forgers make RSTs, and SYNs that draw an answer; other segments were rather missed than made. */
	if (p->fate == FATE_NOT_CAPTURED || (p->fate == FATE_MADE && !(flags & (TCP_RST | TCP_SYN))))
		missed[missing]++;
	if (g.within >= 0) {
		missed[g.within]++;
		p->fate = p->fate == FATE_PASSED ? FATE_NOT_CAPTURED : p->fate;
	}
}

/* A copy of a packet comes soon after it. */
#define TWINS_TRIED 64
/* A SYN is sent again after a second (RFC 6298 section 2), some stacks take a third of it. */
#define SYN_AGAIN_NS (300 * NS_PER_MS)

static bool is_twin(const struct match *m, const struct passage *p, const struct passage *other, unsigned lookout)
{
	unsigned first = (unsigned)__builtin_ctz(p->seen);
	const struct mark *a = match_mark(m, p, first), *b = match_mark(m, other, lookout);

	if (!b || (a->flags & TCP_SYN && (clock_elapsed(p->time_ns, other->time_ns) > SYN_AGAIN_NS ||
	                                  clock_elapsed(other->time_ns, p->time_ns) > SYN_AGAIN_NS)))
		return false;
	return other != p && other->from_client == p->from_client && (a->flags & ~TCP_PSH) == (b->flags & ~TCP_PSH) &&
	       match_seq(m, first, a) == match_seq(m, lookout, b) && match_ack(m, first, a) == match_ack(m, lookout, b) &&
	       a->ip_id == b->ip_id;
}

/* A lookout has one that looks the same: a mirror, or files that overlap, may show one packet twice. */
static bool has_twin(const struct match *m, const struct passage *p, unsigned lookout)
{
	const struct group *group = &m->groups[p->group];
	size_t at = (size_t)(p - m->passages), first = group->first, end = first + group->count;

	if (at - first > TWINS_TRIED)
		first = at - TWINS_TRIED;
	if (end - at > TWINS_TRIED)
		end = at + TWINS_TRIED;
	for (size_t i = first; i < end; i++)
		if (is_twin(m, p, &m->passages[i], lookout))
			return true;
	return false;
}

/* Captures that are known to miss some prove nothing by what they lack. */
static void doubt(struct match *m)
{
	for (size_t i = 0; i < m->passage_count; i++) {
		struct passage *p = &m->passages[i];
		bool lone = match_mark(m, p, (unsigned)__builtin_ctz(p->seen))->flags & (TCP_RST | TCP_SYN);

		if (p->fate == FATE_MADE && (m->missed[p->between[0]] || (lone && has_twin(m, p, p->between[0]))))
			p->fate = FATE_PERHAPS_MADE;
		if (p->fate == FATE_LOST && (m->missed[p->between[1]] || (lone && has_twin(m, p, p->between[1]))))
			p->fate = FATE_PERHAPS_LOST;
	}
}

/* From when on all segments of a connection were kept by all. */
static void find_kept(struct match *m)
{
	for (size_t i = 0; i < m->group_count; i++)
		m->groups[i].kept_from_ns = INT64_MIN;
	for (unsigned v = 0; v < m->count; v++)
		for (uint32_t i = 0; i < m->lookout[v].leg_count; i++) {
			const struct leg *leg = &m->lookout[v].legs[i];
			struct group *group = &m->groups[m->group_of_leg[match_leg(m, v, i)]];
			int64_t from_ns = leg->left_out ? align_time(&m->clock[v], leg->kept_from_ns) : INT64_MIN;

			if (from_ns > group->kept_from_ns)
				group->kept_from_ns = from_ns;
		}
}

/* Some of the groups each, and what their lookouts turned out to have missed. */
struct settling {
	struct match *m;
	uint64_t missed[PARALLEL_PARTS][LOOKOUTS_MAX];
	bool done[PARALLEL_PARTS];
};

static void settle_part(void *context, unsigned part)
{
	struct settling *s = context;
	struct range groups = match_range(s->m, part);
	struct extents extents = { 0 };

	s->done[part] = true;
	for (uint32_t i = groups.from; i < groups.end && s->done[part]; i++) {
		const struct group *group = &s->m->groups[i];

		s->done[part] = fill_extents(s->m, group, &extents);
		for (uint32_t at = group->first; s->done[part] && at < group->first + group->count; at++)
			settle(s->m, &extents, &s->m->passages[at], s->missed[part]);
	}
	free_extents(s->m, &extents);
}

bool fate_find(struct match *m)
{
	struct settling s = { .m = m };
	bool done = true;

	find_kept(m);
	match_each_part(m, settle_part, &s);
	for (unsigned v = 0; v < m->count; v++)
		m->missed[v] += m->lookout[v].left_out + m->lookout[v].dropped;
	for (unsigned part = 0; part < PARALLEL_PARTS; part++) {
		for (unsigned v = 0; v < m->count; v++)
			m->missed[v] += s.missed[part][v];
		done &= s.done[part];
	}
	if (done)
		doubt(m);
	return done;
}

const char *fate_id(enum fate fate)
{
	static const char *const ids[FATES] = {
		"unknown", "passed", "lost", "made", "recut", "not-captured", "perhaps-lost", "perhaps-made",
	};

	return ids[fate];
}
