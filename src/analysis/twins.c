#include "analysis/twins.h"

#include <string.h>
#include <sys/mman.h>

#include "flow/pool.h"

#define SLOTS 4096   /* a power of two */
/* A segment acknowledges what its peer sent, at most a window ago; without a scaled one that is 64 KB. */
#define ACK_LAG_MAX 65535

struct slot {
	struct endpoint end;
	struct twin twin;
};

struct twins {
	struct slot slots[SLOTS];
};

/* No secret seed: who chooses collisions makes us forget sooner, and gains nothing. */
static unsigned index_of(const struct endpoint *end)
{
	uint64_t low, high;

	memcpy(&low, end->address.bytes, sizeof low);
	memcpy(&high, end->address.bytes + sizeof low, sizeof high);
	return tuple_mix(tuple_mix(low ^ TUPLE_MIX_A, high ^ TUPLE_MIX_B), end->port ^ TUPLE_MIX_A) & (SLOTS - 1);
}

struct twins *twins_new(void)
{
	return pages_map(sizeof(struct twins), PROT_READ | PROT_WRITE);
}

void twins_add(struct twins *twins, const struct conversation *c, const struct tuple *tuple, bool opened)
{
	const struct endpoint *client = &c->side[c->flow.initiator].end;
	struct slot *slot;

	if (!twins)
		return;
	slot = &twins->slots[index_of(client)];
	if (opened || !endpoint_equal(&slot->end, client))
		*slot = (struct slot){ *client, { .tuple = *tuple } };
}

void twins_look(const struct conversation *c, const struct endpoint *end, struct twin *twin)
{
	unsigned side = endpoint_equal(&c->side[0].end, end) ? 0 : 1;

	twin->half = c->flow.half[side];
	twin->last = c->side[side].last;
}

void twins_keep(struct twins *twins, const struct conversation *c, const struct tuple *tuple)
{
	const struct endpoint *client = &c->side[c->flow.initiator].end;
	struct slot *slot;

	if (!twins)
		return;
	slot = &twins->slots[index_of(client)];
	if (!endpoint_equal(&slot->end, client) || memcmp(slot->twin.tuple.bytes, tuple->bytes, sizeof tuple->bytes) != 0)
		return;
	twins_look(c, client, &slot->twin);
	slot->twin.kept = true;
}

bool twins_find(const struct twins *twins, const struct endpoint *end, struct twin *ret_twin)
{
	const struct slot *slot;

	if (!twins)
		return false;
	slot = &twins->slots[index_of(end)];
	*ret_twin = slot->twin;
	return slot->twin.tuple.size && endpoint_equal(&slot->end, end);
}

void twins_compare(struct reset *reset, const struct twin *twin)
{
	const struct half *half = &twin->half;
	bool belongs = half->seen & HALF_SEQ && half->next - reset->trigger.ack <= ACK_LAG_MAX;

	evidence_decide(&reset->evidence, FACT_LEAKED_TWIN, belongs, twin->last.frame, twin->last.time_ns);
}

void twins_free(struct twins *twins)
{
	pages_unmap(twins, sizeof *twins);
}
