/* Who stands nearer to the client: by hops, else by times, else nobody knows. */
#include "vantage/parts.h"

#include "flow/look.h"

/* So many of the packets must agree: routes change, and forgers choose their hop limits. */
#define AGREE 9
/* Two clocks of one place differ by what their time stamps are rounded to. */
#define ROUNDING_NS 2000

int order_hops(const struct mark *one, const struct mark *other)
{
	return (int)one->hop_limit - other->hop_limit;
}

/* What the packets that both have say of two lookouts. */
struct votes {
	uint64_t nearer, farther;      /* by hops: the first is nearer to the client than the second */
	int64_t least[2], most[2];     /* time from the first to the second, of each direction */
	bool any[2];
};

static void vote(struct votes *votes, int hops, bool from_client, int64_t delta)
{
	votes->nearer += from_client ? hops > 0 : hops < 0;
	votes->farther += from_client ? hops < 0 : hops > 0;
	if (!votes->any[from_client] || delta < votes->least[from_client])
		votes->least[from_client] = delta;
	if (!votes->any[from_client] || delta > votes->most[from_client])
		votes->most[from_client] = delta;
	votes->any[from_client] = true;
}

static int by_hops(const struct votes *votes)
{
	if (votes->nearer > AGREE * votes->farther)
		return 1;
	return votes->farther > AGREE * votes->nearer ? -1 : 0;
}

/* What was given counts, unless the hops say the opposite: names are easily swapped. Then nothing is known. */
static int result(const struct votes *votes, int given)
{
	int hops = by_hops(votes);

	if (given)
		return hops == -given ? 0 : given;
	if (hops)
		return hops;
	if (!votes->any[0] || !votes->any[1])
		return 0;
	/* Whatever the offset of the clocks: what goes that way takes longer than what comes back. */
	if (votes->least[1] - ROUNDING_NS > votes->most[0])
		return 1;
	return votes->least[0] - ROUNDING_NS > votes->most[1] ? -1 : 0;
}

static int compare(const struct match *m, unsigned one, unsigned other, int given)
{
	struct votes votes = { 0 };

	for (size_t i = 0; i < m->passage_count; i++) {
		const struct passage *p = &m->passages[i];
		const struct mark *a = match_mark(m, p, one), *b = match_mark(m, p, other);

		if (a && b)
			vote(&votes, order_hops(a, b), p->from_client, match_time(m, other, b) - match_time(m, one, a));
	}
	return result(&votes, given);
}

/* 1 is at the client, 2 at the server. */
static int given(uint8_t one, uint8_t other)
{
	if (one == other)
		return 0;
	if (one == 1 || other == 2)
		return 1;
	return one == 2 || other == 1 ? -1 : 0;
}

void order_find(struct match *m, const uint8_t place[LOOKOUTS_MAX])
{
	for (unsigned one = 0; one < m->count; one++)
		for (unsigned other = one + 1; other < m->count; other++) {
			int named = given(place[one], place[other]), order = compare(m, one, other, named);

			m->misplaced |= named && !order;
			m->before[one][other] = order;
			m->before[other][one] = -order;
		}
	for (unsigned one = 0; one < m->count; one++)
		for (unsigned other = 0; other < m->count; other++)
			m->rank[one] = (uint8_t)(m->rank[one] + (m->before[other][one] > 0));
}
