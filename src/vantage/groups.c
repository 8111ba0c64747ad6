/* Legs of one connection: the same ends, or the same handshake under other names. */
#include <stdlib.h>
#include <string.h>

#include "vantage/parts.h"

/* A leg, and whose it is. */
struct entry {
	uint32_t leg;              /* of all */
	unsigned lookout;
	const struct leg *of;
};

/* A SYN or SYN-ACK. 32 bytes: what is larger the library sorts by way of pointers, which takes longer. */
struct hello {
	uint32_t seq;
	uint32_t leg;              /* of all */
	const struct leg *of;
	const struct mark *mark;
	bool ack;
};

static uint32_t root_of(uint32_t *parent, uint32_t leg)
{
	while (parent[leg] != leg)
		leg = parent[leg] = parent[parent[leg]];
	return leg;
}

/* The lower number stays the root, so that groups come in the order of the first lookout. */
static void unite(uint32_t *parent, uint32_t one, uint32_t other)
{
	uint32_t a = root_of(parent, one), b = root_of(parent, other);

	parent[a > b ? a : b] = a > b ? b : a;
}

static int by_number(const void *a, const void *b)
{
	const struct hello *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	if (x->ack != y->ack)
		return x->ack ? 1 : -1;
	return (x->leg > y->leg) - (x->leg < y->leg);
}

/* The first SYN of a side, NULL where none was kept. */
static const struct mark *syn_of(const struct lookout *lookout, const struct leg *leg, unsigned side)
{
	uint32_t at = leg->first;

	for (unsigned i = 0; at != NONE && i < LEG_HEAD; i++, at = lookout->marks[at].next)
		if (lookout->marks[at].flags & TCP_SYN && mark_side(&lookout->marks[at]) == side)
			return &lookout->marks[at];
	return NULL;
}

/* Whether the same SYN left with another number: somebody in between draws its own (as firewalls do). */
static bool renumbered(const struct mark *one, const struct mark *other)
{
	bool stamped = one->bits & other->bits & MARK_TIMESTAMP;

	if (one->flags != other->flags || one->options_hash != other->options_hash)
		return false;
	return (stamped && one->ts_value == other->ts_value) || (one->ip_id && one->ip_id == other->ip_id);
}

static bool has_syn(const struct lookout *lookout, const struct leg *leg, unsigned side, uint32_t seq)
{
	uint32_t at = leg->first;

	for (unsigned i = 0; at != NONE && i < LEG_HEAD; i++, at = lookout->marks[at].next)
		if (lookout->marks[at].flags & TCP_SYN && mark_side(&lookout->marks[at]) == side &&
		    lookout->marks[at].seq == seq)
			return true;
	return false;
}

/* Two legs with the same ends. False where these are two connections, each with a handshake of its own. */
static bool same_connection(struct match *m, const struct entry *one, const struct entry *other)
{
	bool same = true;

	for (unsigned side = 0; side < 2; side++) {
		const struct mark *a = syn_of(&m->lookout[one->lookout], one->of, side);
		const struct mark *b = syn_of(&m->lookout[other->lookout], other->of, side);

		if (!a || !b || has_syn(&m->lookout[other->lookout], other->of, side, a->seq) ||
		    has_syn(&m->lookout[one->lookout], one->of, side, b->seq))
			continue;
		if (renumbered(a, b))
			m->shift[side][other->leg] = a->seq + m->shift[side][one->leg] - b->seq;
		else
			same = false;
	}
	return same;
}

static struct entry entry_of(const struct match *m, unsigned lookout, uint32_t leg)
{
	return (struct entry){ match_leg(m, lookout, leg), lookout, &m->lookout[lookout].legs[leg] };
}

/* The leg with the same ends of the nearest lookout before. False where there is none. */
static bool find_before(const struct match *m, const struct entry *entry, struct entry *ret_before)
{
	for (unsigned v = entry->lookout; v-- > 0;) {
		uint32_t leg = lookout_leg_like(&m->lookout[v], entry->of);

		if (leg == NONE)
			continue;
		*ret_before = entry_of(m, v, leg);
		return true;
	}
	return false;
}

static void unite_same_ends(struct match *m)
{
	for (unsigned v = 1; v < m->count; v++)
		for (uint32_t i = 0; i < m->lookout[v].leg_count; i++) {
			struct entry entry = entry_of(m, v, i), before;

			if (!find_before(m, &entry, &before))
				continue;
			if (same_connection(m, &before, &entry))
				unite(m->group_of_leg, before.leg, entry.leg);
			else
				m->proxied++;
		}
}

static bool share_an_end(const struct leg *a, const struct leg *b)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct endpoint *x = &a->end[i & 1], *y = &b->end[i / 2];

		if (x->port == y->port || address_equal(&x->address, &y->address))
			return true;
	}
	return false;
}

static bool same_hello(const struct hello *a, const struct hello *b)
{
	bool stamped = a->mark->bits & b->mark->bits & MARK_TIMESTAMP;

	return a->seq == b->seq && a->ack == b->ack && (!stamped || a->mark->ts_value == b->mark->ts_value) &&
	       share_an_end(a->of, b->of);
}

static void unite_same_handshake(struct match *m, struct hello *hellos, size_t count)
{
	qsort(hellos, count, sizeof *hellos, by_number);
	for (size_t i = 1; i < count; i++)
		if (same_hello(&hellos[i - 1], &hellos[i]))
			unite(m->group_of_leg, hellos[i - 1].leg, hellos[i].leg);
}

static size_t count_hellos(const struct match *m)
{
	size_t count = 0;

	for (unsigned v = 0; v < m->count; v++)
		count += m->lookout[v].hello_count;
	return count;
}

static void list_hellos(const struct match *m, struct hello *hellos)
{
	for (unsigned v = 0; v < m->count; v++) {
		const struct lookout *lookout = &m->lookout[v];

		for (size_t i = 0; i < lookout->hello_count; i++) {
			const struct mark *mark = &lookout->marks[lookout->hellos[i]];

			*hellos++ = (struct hello){ mark->seq, match_leg(m, v, mark->leg), &lookout->legs[mark->leg], mark,
			                            mark->flags & TCP_ACK };
		}
	}
}

/* Roots become numbers from 0 on, in their order. Returns how many. */
static size_t number_groups(struct match *m, uint32_t legs)
{
	uint32_t *group = m->group_of_leg, count = 0;

	for (uint32_t leg = 0; leg < legs; leg++)
		group[leg] = root_of(group, leg);
	/* A root stands before its legs: by the time that they ask, it has its number, stored with the highest bit. */
	for (uint32_t leg = 0; leg < legs; leg++)
		group[leg] = group[leg] == leg ? count++ | 1u << 31 : group[group[leg]];
	for (uint32_t leg = 0; leg < legs; leg++)
		group[leg] &= ~(1u << 31);
	return count;
}

/* Who opened it, where the SYN is in another capture, or in none: then the port tells as well as it can. */
static int8_t client_of(const struct match *m, const struct entry *entry)
{
	const struct leg *leg = entry->of;
	struct entry before;

	if (leg->client >= 0)
		return leg->client;
	if (find_before(m, entry, &before))
		return before.of->client;
	for (unsigned v = entry->lookout + 1; v < m->count; v++) {
		uint32_t like = lookout_leg_like(&m->lookout[v], leg);

		if (like != NONE && m->lookout[v].legs[like].client >= 0)
			return m->lookout[v].legs[like].client;
	}
	return leg->end[0].port < leg->end[1].port;
}

/* Those of the lookouts before know their clients. A group is named by the least of its tuples. */
static void describe_leg(struct match *m, const struct entry *entry)
{
	struct group *group = &m->groups[m->group_of_leg[entry->leg]];
	int order = group->tuple ? memcmp(entry->of->tuple.bytes, group->tuple->bytes, sizeof group->tuple->bytes) : -1;

	m->lookout[entry->lookout].legs[entry->leg - m->leg_base[entry->lookout]].client = client_of(m, entry);
	group->translated |= group->tuple && order;
	if (order < 0)
		group->tuple = &entry->of->tuple;
}

bool groups_find(struct match *m)
{
	uint32_t legs = m->leg_base[m->count];
	size_t hello_count = count_hellos(m);
	struct hello *hellos = calloc(hello_count + 1, sizeof *hellos);
	bool ready;

	m->group_of_leg = calloc(legs + 1, sizeof *m->group_of_leg);
	m->shift[0] = calloc(legs + 1, sizeof *m->shift[0]);
	m->shift[1] = calloc(legs + 1, sizeof *m->shift[1]);
	m->groups = calloc(legs + 1, sizeof *m->groups);
	ready = hellos && m->group_of_leg && m->shift[0] && m->shift[1] && m->groups;
	if (ready) {
		for (uint32_t leg = 0; leg < legs; leg++)
			m->group_of_leg[leg] = leg;
		list_hellos(m, hellos);
		unite_same_ends(m);
		unite_same_handshake(m, hellos, hello_count);
		m->group_count = number_groups(m, legs);
		for (unsigned v = 0; v < m->count; v++)
			for (uint32_t i = 0; i < m->lookout[v].leg_count; i++) {
				struct entry entry = entry_of(m, v, i);

				describe_leg(m, &entry);
			}
	}
	free(hellos);
	return ready;
}
