#include "vantage/way.h"

#include <stdlib.h>
#include <string.h>

#include "base/run.h"
#include "flow/look.h"

/* Segments after and before a RST that are looked at: enough to see whether its sender goes on or sent in vain. */
#define LOOK_AFTER 1024
#define LOOK_BEFORE 1024
/* Those who make RSTs make several at a time. */
#define LOOK_AROUND 64

static uint64_t frame_at(const struct lookout *l, size_t place)
{
	return l->marks[l->by_frame[place]].frame;
}

const struct mark *ways_mark(const struct ways *w, unsigned lookout, unsigned file, uint64_t frame, size_t *near)
{
	const struct lookout *l = &w->match->lookout[lookout];
	uint64_t want = frame_in_run(l->file_first + file, frame);
	size_t low = 0, high = l->mark_count;

	/* In steps that grow, until it lies behind; from the start where it lies before. */
	if (*near < high && frame_at(l, *near) <= want) {
		low = *near;
		for (size_t step = 1; low + step < l->mark_count && high == l->mark_count; step *= 2)
			if (frame_at(l, low + step) <= want)
				low += step;
			else
				high = low + step;
	}
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (frame_at(l, middle) < want)
			low = middle + 1;
		else
			high = middle;
	}
	*near = low;
	if (low == l->mark_count || frame_at(l, low) != want)
		return NULL;
	return &l->marks[l->by_frame[low]];
}

/* The mark of the same leg with this frame of a file; NULL where it was not kept. The marks of a leg lie together. */
static const struct mark *mark_beside(const struct lookout *l, const struct mark *mark, unsigned file, uint64_t frame)
{
	uint64_t want = frame_in_run(l->file_first + file, frame);
	uint32_t low = l->legs[mark->leg].first, high = low + l->legs[mark->leg].count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (l->marks[middle].frame == want)
			return &l->marks[middle];
		if (l->marks[middle].frame < want)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* One RST or ending on its way to facts. */
struct scene {
	const struct ways *w;
	const struct match *m;
	const struct passage *p;
	const struct group *group;
	struct evidence *e;
	unsigned here;          /* whose evidence it is */
	int near, far;          /* lookouts nearest to the sender and to the receiver of the RST; -1: none */
};

/* The lookout that is nearest to the sender (or receiver) of these packets, where it is nearer than all others. */
static int extreme(const struct match *m, bool from_client, bool nearest)
{
	int best = -1;
	unsigned known = 0;
	bool tie = false;

	for (unsigned v = 0; v < m->count; v++) {
		unsigned place = fate_place(m, v, from_client), other = best < 0 ? 0 : fate_place(m, (unsigned)best, from_client);

		if (!m->clock[v].known)
			continue;
		known++;
		tie = best >= 0 && (place == other || (tie && (nearest ? place > other : place < other)));
		if (best < 0 || (nearest ? place < other : place > other))
			best = (int)v;
	}
	return tie || known < 2 ? -1 : best;
}

static bool has(const struct passage *p, int lookout)
{
	return lookout >= 0 && p->seen >> lookout & 1;
}

static bool is_complete(const struct scene *s, unsigned lookout)
{
	return !s->m->missed[lookout] && fate_witness(s->m, s->p, lookout);
}

static void say(struct evidence *e, enum fact fact, unsigned lookout, const struct mark *mark)
{
	evidence_number(e, fact, lookout + 1, mark ? mark->frame : 0, mark ? mark->time_ns : 0);
	e->from_vantage[fact] = mark ? (uint8_t)(lookout + 1) : 0;
}

static bool is_rst(const struct scene *s, const struct passage *p)
{
	return match_mark(s->m, p, (unsigned)__builtin_ctz(p->seen))->flags & TCP_RST;
}

static bool is_hello(const struct scene *s, const struct passage *p)
{
	return match_mark(s->m, p, (unsigned)__builtin_ctz(p->seen))->flags & TCP_SYN;
}

/* Before a handshake is over a RST ends nothing: its sender goes on with the handshake. */
static bool was_opening(const struct scene *s)
{
	for (uint32_t i = (uint32_t)(s->p - s->m->passages), n = 0; i-- > s->group->first && n < LOOK_BEFORE; n++) {
		const struct passage *p = &s->m->passages[i];
		uint16_t flags = match_mark(s->m, p, (unsigned)__builtin_ctz(p->seen))->flags;

		if (p->from_client == s->p->from_client && !(flags & TCP_RST))
			return flags & TCP_SYN;
	}
	return true;
}

/* After the RST had been seen, its sender sent something that no closed socket sends, and no new connection. */
static void sender_stayed(const struct scene *s)
{
	unsigned near = (unsigned)s->near;
	uint32_t at = (uint32_t)(s->p - s->m->passages), end = s->group->first + s->group->count;
	int64_t after_ns = s->p->time_ns + align_error(&s->m->clock[near], s->p->time_ns) +
	                   align_error(&s->m->clock[s->here], s->p->time_ns);

	if (was_opening(s))
		return;
	for (uint32_t i = at + 1; i < end && i - at < LOOK_AFTER; i++) {
		const struct passage *p = &s->m->passages[i];
		const struct mark *mark = match_mark(s->m, p, near);

		if (is_hello(s, p))
			return;
		if (!mark || p->from_client != s->p->from_client || mark->flags & TCP_RST ||
		    match_time(s->m, near, mark) <= after_ns)
			continue;
		say(s->e, FACT_SENDER_STAYED, near, mark);
		return;
	}
}

static bool same_numbers(const struct scene *s, const struct passage *p)
{
	unsigned v = (unsigned)__builtin_ctz(p->seen), own = (unsigned)__builtin_ctz(s->p->seen);
	const struct mark *a = match_mark(s->m, p, v), *b = match_mark(s->m, s->p, own);

	return p->from_client == s->p->from_client && match_seq(s->m, v, a) == match_seq(s->m, own, b);
}

/* Another RST that was made on the way. */
static bool is_made_too(const struct scene *s, const struct passage *p)
{
	return p->fate == FATE_MADE && is_rst(s, p) && !same_numbers(s, p);
}

/*
 * RSTs of this handshake that were made on the way, around this one. What has the same numbers is not counted: a mirror
 * shows it twice, and a kernel answers with the same numbers again and again.
 */
static uint64_t made_with(const struct scene *s)
{
	uint32_t at = (uint32_t)(s->p - s->m->passages), end = s->group->first + s->group->count;
	uint64_t made = 1;

	for (uint32_t i = at + 1; i < end && i - at < LOOK_AROUND && !is_hello(s, &s->m->passages[i]); i++)
		made += is_made_too(s, &s->m->passages[i]);
	for (uint32_t i = at; i-- > s->group->first && at - i < LOOK_AROUND && !is_hello(s, &s->m->passages[i]);)
		made += is_made_too(s, &s->m->passages[i]);
	return made;
}

/* Nearer to the sender there is a capture that does not have it. */
static void not_sent(const struct scene *s)
{
	unsigned near = (unsigned)s->near;
	bool made = s->p->fate == FATE_MADE && is_complete(s, near);
	uint64_t count = made ? made_with(s) : 0;

	sender_stayed(s);
	if (made) {
		say(s->e, FACT_NOT_SENT, near, NULL);
		if (!s->m->lookout[near].unaccounted)
			say(s->e, FACT_NOTHING_DROPPED, near, NULL);
		if (count > 1)
			evidence_number(s->e, FACT_MADE_ON_THE_WAY, count, 0, 0);
	} else {
		say(s->e, FACT_NOT_SENT_PERHAPS, near, NULL);
	}
	s->e->way.not_sent_by = made ? (uint8_t)(near + 1) : 0;
	if (s->p->fate != FATE_MADE && s->p->fate != FATE_PERHAPS_MADE)
		return;
	s->e->way.made_between[0] = (uint8_t)(s->p->between[0] + 1);
	s->e->way.made_between[1] = (uint8_t)(s->p->between[1] + 1);
}

/* What else came from there had passed no router either. */
static bool is_beside_sender(const struct scene *s)
{
	bool any = false;

	for (uint32_t i = s->group->first, n = 0; i < s->group->first + s->group->count && n < LOOK_BEFORE; i++, n++) {
		const struct mark *mark = match_mark(s->m, &s->m->passages[i], (unsigned)s->near);

		if (!mark || s->m->passages[i].from_client != s->p->from_client || mark->flags & TCP_RST)
			continue;
		if (hops_of(mark->hop_limit))
			return false;
		any = true;
	}
	return any;
}

static void sent(const struct scene *s)
{
	const struct mark *mark = match_mark(s->m, s->p, (unsigned)s->near);

	evidence_no(s->e, FACT_NOT_SENT);
	if (hops_of(mark->hop_limit) == 0 && is_beside_sender(s))
		say(s->e, FACT_SENT_BY_HOST, (unsigned)s->near, mark);
}

/* Nearer to the receiver there is a capture that does not have it. */
static void stopped(const struct scene *s)
{
	unsigned far = s->p->between[1];

	if (s->p->fate != FATE_LOST && s->p->fate != FATE_PERHAPS_LOST)
		return;
	say(s->e, s->p->fate == FATE_LOST ? FACT_RST_STOPPED : FACT_RST_STOPPED_PERHAPS, far, NULL);
	s->e->way.lost_between[0] = (uint8_t)(s->p->between[0] + 1);
	s->e->way.lost_between[1] = (uint8_t)(far + 1);
	if (s->p->fate == FATE_LOST)
		s->e->accepted = ACCEPTANCE_NO;
}

/* What a segment got as far as: the end that answered it, or that should have. */
static void arrival(const struct scene *s, const struct mark *trigger)
{
	const struct passage *p = &s->m->passages[trigger->passage];
	unsigned near = (unsigned)s->near;
	bool passed = p->seen >> near & 1 || p->fate == FATE_RECUT || p->fate == FATE_NOT_CAPTURED;

	if (passed)
		say(s->e, FACT_TRIGGER_ARRIVED, near, match_mark(s->m, p, near));
	else if (!s->m->missed[near] && fate_witness(s->m, p, near))
		say(s->e, FACT_TRIGGER_STOPPED, near, NULL);
}

static bool same_ends(const struct lookout *l, const struct mark *a, const struct mark *b)
{
	return memcmp(l->legs[a->leg].tuple.bytes, l->legs[b->leg].tuple.bytes, sizeof l->legs[a->leg].tuple.bytes) == 0;
}

/* Somewhere it has other ends than what the same host had sent before, and elsewhere it has the same. */
static void translation(const struct scene *s, const struct mark *trigger)
{
	const struct match *m = s->m;
	const struct passage *t = &m->passages[trigger->passage];
	int changed = -1;
	bool kept = false;

	for (uint32_t i = trigger->passage, n = 0; i-- > s->group->first && n < LOOK_BEFORE; n++) {
		const struct passage *p = &m->passages[i];

		if (p->from_client != t->from_client || is_rst(s, p))
			continue;
		for (unsigned v = 0; v < m->count; v++) {
			const struct mark *before = match_mark(m, p, v), *now = match_mark(m, t, v);

			if (!before || !now)
				continue;
			if (same_ends(&m->lookout[v], before, now))
				kept = true;
			else
				changed = (int)v;
		}
		if (kept || changed >= 0)
			break;
	}
	if (kept && changed >= 0)
		say(s->e, FACT_UNTRANSLATED, (unsigned)changed, match_mark(m, t, (unsigned)changed));
}

/* What the sender of the RST had sent again and again before, and none of which arrived. */
static void unheard(const struct scene *s)
{
	uint32_t at = (uint32_t)(s->p - s->m->passages), seq = 0;
	uint64_t times = 0;
	const struct mark *last = NULL;
	unsigned where = 0;

	for (uint32_t i = at, n = 0; i-- > s->group->first && n < LOOK_BEFORE; n++) {
		const struct passage *p = &s->m->passages[i];
		unsigned v = (unsigned)__builtin_ctz(p->seen);
		const struct mark *mark = match_mark(s->m, p, v);

		if (p->from_client != s->p->from_client || !mark->payload_len || mark->flags & TCP_RST)
			continue;
		if (p->fate != FATE_LOST || (last && mark->seq != seq))
			break;
		seq = mark->seq;
		last = last ? last : mark;
		where = v;
		times++;
	}
	if (times < 2)
		return;
	evidence_number(s->e, FACT_SENDER_UNHEARD, times - 1, last->frame, last->time_ns);
	s->e->from_vantage[FACT_SENDER_UNHEARD] = (uint8_t)(where + 1);
}

static void add_frames(const struct scene *s)
{
	for (unsigned v = 0; v < s->m->count; v++) {
		const struct mark *mark = match_mark(s->m, s->p, v);

		s->e->way.frame[v] = mark ? frame_in_file(mark->frame) : 0;
	}
}

static struct scene scene_of(const struct ways *w, unsigned lookout, const struct mark *mark, bool from_client,
                             struct evidence *e)
{
	const struct passage *p = &w->match->passages[mark->passage];

	return (struct scene){
		.w = w, .m = w->match, .p = p, .group = &w->match->groups[p->group], .e = e, .here = lookout,
		.near = extreme(w->match, from_client, true), .far = extreme(w->match, from_client, false),
	};
}

static void begin(const struct ways *w, unsigned lookout, struct evidence *e)
{
	e->way.names = w->names;
	e->way.here = (uint8_t)(lookout + 1);
}

/* Somebody vouches for a capture at its sender in which nothing can be aligned: it has nothing of this. */
static void vouched(const struct ways *w, unsigned lookout, struct evidence *e)
{
	uint8_t senders = e->sender_role == ROLE_CLIENT ? 1 : e->sender_role == ROLE_SERVER ? 2 : UINT8_MAX;

	for (unsigned v = 0; v < w->match->count && !e->is_ending; v++)
		if (v != lookout && w->place[v] == senders && !w->match->clock[v].known)
			say(e, FACT_NOT_SENT_PERHAPS, v, NULL);
}

void way_of_rst(const struct ways *w, unsigned lookout, unsigned file, const struct mark *rst, struct evidence *e)
{
	struct scene s = scene_of(w, lookout, rst, w->match->passages[rst->passage].from_client, e);
	const struct fact_value *answered = &e->facts[FACT_ANSWER_DELAY];
	const struct lookout *l = &w->match->lookout[lookout];
	const struct mark *trigger = answered->frame ? mark_beside(l, rst, file, answered->frame) : NULL;

	begin(w, lookout, e);
	add_frames(&s);
	/* Where others have the connection, too, its names can be compared. */
	if (s.group->translated || (s.group->seen[0] | s.group->seen[1]) & ~(1u << lookout))
		evidence_decide(e, FACT_TRANSLATED, s.group->translated, 0, 0);
	stopped(&s);
	if (trigger && trigger->passage != NONE)
		translation(&s, trigger);
	vouched(w, lookout, e);
	/* One that shares nothing with the others stands nowhere between them. */
	if (s.near < 0 || !w->match->clock[lookout].known)
		return;
	if (trigger && trigger->passage != NONE && s.near != (int)lookout)
		arrival(&s, trigger);
	if (has(s.p, s.near))
		sent(&s);
	else
		not_sent(&s);
	if (has(s.p, s.near))
		unheard(&s);
}

/* The RST of the silent side that did not get here. */
static const struct passage *lost_rst(const struct scene *s, bool from_client)
{
	for (uint32_t i = s->group->first, n = 0; i < s->group->first + s->group->count && n < LOOK_AFTER; i++, n++) {
		const struct passage *p = &s->m->passages[i];

		if (p->from_client == from_client && (p->fate == FATE_LOST || p->fate == FATE_PERHAPS_LOST) && is_rst(s, p) &&
		    !(p->seen >> s->here & 1))
			return p;
	}
	return NULL;
}

void way_of_ending(const struct ways *w, unsigned lookout, const struct mark *last, struct evidence *e)
{
	/* The silent end is the sender of what is missing. */
	bool from_client = !w->match->passages[last->passage].from_client;
	struct scene s = scene_of(w, lookout, last, from_client, e);
	const struct passage *rst = lost_rst(&s, from_client);
	unsigned v;

	begin(w, lookout, e);
	add_frames(&s);
	if (s.near >= 0 && s.near != (int)lookout)
		arrival(&s, last);
	if (!rst)
		return;
	v = (unsigned)__builtin_ctz(rst->seen);
	say(e, rst->fate == FATE_LOST ? FACT_RST_STOPPED : FACT_RST_STOPPED_PERHAPS, rst->between[1], NULL);
	e->way.lost_between[0] = (uint8_t)(rst->between[0] + 1);
	e->way.lost_between[1] = (uint8_t)(rst->between[1] + 1);
	e->way.frame[v] = frame_in_file(match_mark(s.m, rst, v)->frame);
}

void way_alone(const struct ways *w, unsigned lookout, struct evidence *e)
{
	begin(w, lookout, e);
	e->way.frame[lookout] = e->frame;
	vouched(w, lookout, e);
}
