/* Legs of one connection: the same ends, or the same handshake under other names. */
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "vantage/parts.h"

/* A leg, and whose it is. */
struct entry {
	uint32_t leg;              /* of all */
	unsigned lookout;
	const struct leg *of;
};

/* A SYN or SYN-ACK. */
struct hello {
	const struct mark *mark;   /* NULL: none */
	uint32_t seq;              /* as the mark has it, which may lie far away */
	uint8_t lookout;
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

static struct entry entry_of_hello(const struct match *m, const struct hello *hello)
{
	return entry_of(m, hello->lookout, hello->mark->leg);
}

/* Two with the same number. */
static void compare_hellos(struct match *m, const struct hello *one, const struct hello *other)
{
	bool stamped = one->mark->bits & other->mark->bits & MARK_TIMESTAMP;
	struct entry a = entry_of_hello(m, one), b = entry_of_hello(m, other);

	if ((!stamped || one->mark->ts_value == other->mark->ts_value) && share_an_end(a.of, b.of))
		unite(m->group_of_leg, a.leg, b.leg);
}

/* The last SYNs or SYN-ACKs with each number, to be found by it. */
struct hellos {
	struct hello *slots;
	size_t size;               /* a power of two, twice as many as there are SYNs or more */
	uint64_t seed;             /* whoever wrote the captures does not know where theirs get to */
};

/* The slot with the same number, or the free one where it belongs. */
static struct hello *hello_slot(const struct hellos *hellos, const struct hello *hello)
{
	size_t at = tuple_mix(((uint64_t)hello->seq << 1 | hello->ack) ^ hellos->seed, TUPLE_MIX_A);
	struct hello *slot;

	do {
		slot = &hellos->slots[at++ & (hellos->size - 1)];
	} while (slot->mark && (slot->seq != hello->seq || slot->ack != hello->ack));
	return slot;
}

static void unite_same_handshake(struct match *m, const struct hellos *hellos)
{
	for (unsigned v = 0; v < m->count; v++) {
		const struct lookout *lookout = &m->lookout[v];

		for (size_t i = 0; i < lookout->hello_count; i++) {
			const struct mark *mark = &lookout->marks[lookout->hellos[i]];
			struct hello hello = { mark, mark->seq, (uint8_t)v, mark->flags & TCP_ACK };
			struct hello *slot = hello_slot(hellos, &hello);

			if (slot->mark)
				compare_hellos(m, slot, &hello);
			*slot = hello;
		}
	}
}

static bool make_hellos(const struct match *m, struct hellos *ret_hellos)
{
	size_t count = 0, size = 16;

	for (unsigned v = 0; v < m->count; v++)
		count += m->lookout[v].hello_count;
	while (size < 2 * count)
		size *= 2;
	*ret_hellos = (struct hellos){ calloc(size, sizeof *ret_hellos->slots), size, random_seed() };
	return ret_hellos->slots;
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
	struct hellos hellos;
	bool ready = make_hellos(m, &hellos);

	m->group_of_leg = calloc(legs + 1, sizeof *m->group_of_leg);
	m->shift[0] = calloc(legs + 1, sizeof *m->shift[0]);
	m->shift[1] = calloc(legs + 1, sizeof *m->shift[1]);
	m->groups = calloc(legs + 1, sizeof *m->groups);
	ready = ready && m->group_of_leg && m->shift[0] && m->shift[1] && m->groups;
	if (ready) {
		for (uint32_t leg = 0; leg < legs; leg++)
			m->group_of_leg[leg] = leg;
		unite_same_ends(m);
		unite_same_handshake(m, &hellos);
		m->group_count = number_groups(m, legs);
		for (unsigned v = 0; v < m->count; v++)
			for (uint32_t i = 0; i < m->lookout[v].leg_count; i++) {
				struct entry entry = entry_of(m, v, i);

				describe_leg(m, &entry);
			}
	}
	free(hellos.slots);
	return ready;
}
