/* What makes segments candidates for being the same packet, listed and sorted. */
#include <stdlib.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "base/sort.h"
#include "vantage/parts.h"

/* Flags that no box changes. */
#define KEY_FLAGS (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)

static struct key key_of(const struct match *m, unsigned lookout, const struct mark *mark)
{
	return (struct key){
		.group = m->group_of_leg[match_leg(m, lookout, mark->leg)], .seq = match_seq(m, lookout, mark),
		.ack = match_ack(m, lookout, mark), .len = mark->payload_len, .flags = mark->flags & KEY_FLAGS,
		.time_ns = mark->time_ns,
	};
}

int key_order(const struct key *x, const struct key *y)
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
	int order = key_order(x, y);

	if (order)
		return order;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/*
 * Keys in the order of their groups, which numbers do at once; then within each: many short sorts. `group_at` and
 * `key_at` tell of the first `count` marks or passages; what is of no group has no key. False when out of memory.
 */
static bool list_sorted(const struct joining *j, size_t count, uint32_t (*group_at)(const struct joining *j, size_t i),
                        struct key (*key_at)(const struct joining *j, size_t i), struct key **ret_keys,
                        size_t *ret_count)
{
	size_t groups = j->match->group_count, from = 0;
	uint32_t *at = calloc(groups + 1, sizeof *at), group;
	struct key *keys = NULL;

	for (size_t i = 0; at && i < count; i++)
		if ((group = group_at(j, i)) != NONE)
			at[group]++;
	for (size_t i = 0; at && i < groups; i++) {
		from += at[i];
		at[i] = (uint32_t)from - at[i];
	}
	if (at)
		keys = malloc((from + 1) * sizeof *keys);
	/* The start of each group becomes its end. */
	for (size_t i = 0; keys && i < count; i++)
		if ((group = group_at(j, i)) != NONE) {
			keys[at[group]] = key_at(j, i);
			keys[at[group]++].index = (uint32_t)i;
		}
	for (size_t i = 0; keys && i < groups; i++)
		sort_few(keys + (i ? at[i - 1] : 0), at[i] - (i ? at[i - 1] : 0), sizeof *keys, by_key_and_time);
	free(at);
	*ret_keys = keys;
	*ret_count = from;
	return keys;
}

static uint32_t group_of_mark(const struct joining *j, size_t i)
{
	const struct mark *mark = &j->match->lookout[j->lookout].marks[i];

	return mark->bits & MARK_DUPLICATE ? NONE : j->match->group_of_leg[match_leg(j->match, j->lookout, mark->leg)];
}

static struct key key_of_mark(const struct joining *j, size_t i)
{
	return key_of(j->match, j->lookout, &j->match->lookout[j->lookout].marks[i]);
}

static uint32_t group_of_passage(const struct joining *j, size_t i)
{
	return j->match->passages[i].group;
}

static struct key key_of_passage(const struct joining *j, size_t i)
{
	const struct match *m = j->match;
	unsigned first;
	const struct mark *mark = first_mark(m, &m->passages[i], &first);
	struct key key = key_of(m, first, mark);

	/* As if all had been seen where the first lookout is. */
	key.time_ns = clock_clamp(match_time(m, first, mark) - m->clock[first].transit_ns[m->passages[i].from_client]);
	return key;
}

static void list(void *context, unsigned part)
{
	struct joining *j = context;

	if (part)
		j->listed[part] = list_sorted(j, j->match->passage_count, group_of_passage, key_of_passage, &j->passages,
		                              &j->passage_count);
	else
		j->listed[part] = list_sorted(j, j->match->lookout[j->lookout].mark_count, group_of_mark, key_of_mark, &j->marks,
		                              &j->mark_count);
}

bool keys_list(struct joining *j)
{
	parallel_run(list, j, 2, j->match->passage_count < MATCH_MANY);
	return j->listed[0] && j->listed[1];
}

