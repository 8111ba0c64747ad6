/* Facts about an older connection on the same addresses and ports. */
#include "base/sequence.h"
#include "reset/parts.h"

/* Paths of equal cost, and mirrors at both sides of a router, differ by one hop. */
#define HOP_JITTER 1

/* The side that closed first keeps TIME_WAIT (RFC 9293 section 3.6). */
static bool in_time_wait(const struct predecessor *old, unsigned side)
{
	const struct side *own = &old->side[side], *peer = &old->side[!side];

	return own->fin.frame && peer->fin.frame && own->fin.frame < peer->fin.frame;
}

static bool handshake_open(const struct predecessor *old)
{
	const struct side *client = &old->side[old->flow.initiator], *server = &old->side[!old->flow.initiator];

	return server->syn_ack && client->segments == (client->syn.frame != 0) + client->syns.count;
}

static bool has_fin(const struct side *side)
{
	return side->fin.frame || side->fin_implied;
}

/* Neither over nor about to be. Where a capture shows nothing but ACKs of it, a FIN may have come before. */
static enum known still_open(const struct predecessor *old)
{
	const struct side *a = &old->side[0], *b = &old->side[1];
	bool seen_alive = (a->syn.frame && b->syn.frame) || a->data_first.frame || b->data_first.frame;

	if (flow_is_over(&old->flow))
		return KNOWN_NO;
	return seen_alive && !has_fin(a) && !has_fin(b) ? KNOWN_YES : KNOWN_NOT;
}

static unsigned hops_apart(uint8_t a, uint8_t b)
{
	unsigned x = hops_of(a), y = hops_of(b);

	return x > y ? x - y : y - x;
}

/*
 * A SYN in the name of a host that looks unlike all its packets so far, which draws a challenge ACK: its numbers
 * serve the RST.
 */
static bool fake_syn(const struct scene *scene, unsigned side)
{
	const struct side *now = &scene->c->side[side], *before = &scene->c->predecessor->side[side];
	bool hops = before->look.count && now->syn_look.count &&
	            hops_apart(now->syn_look.hops_first, before->look.hops_last) > HOP_JITTER;
	bool df = before->df_set && !before->df_clear && now->df_clear;
	bool options = before->any_options && !now->option_bits;

	return now->syn.frame && !now->syn_ack && (hops || df || options);
}

void facts_of_predecessor(const struct scene *scene)
{
	const struct predecessor *old = scene->c->predecessor;
	struct evidence *e = scene->e;
	unsigned client = scene->c->flow.initiator;
	const struct moment *syn = &scene->c->side[client].syn;
	enum known open;

	if (!old) {
		/* Without its predecessor a capture cannot say what the ports were used for before. */
		if (!yes(e, FACT_ANSWERS_CHALLENGE))
			evidence_no(e, FACT_FAKE_SEGMENT);
		return;
	}
	open = still_open(old);
	if (open != KNOWN_NOT)
		evidence_decide(e, FACT_OLD_CONNECTION, open == KNOWN_YES, old->side[0].last.frame, old->side[0].last.time_ns);
	evidence_decide(e, FACT_OLD_TIME_WAIT, in_time_wait(old, !scene->side), old->side[!scene->side].fin.frame,
	                old->side[!scene->side].fin.time_ns);
	evidence_decide(e, FACT_OLD_HANDSHAKE_OPEN, handshake_open(old), old->side[client].syn.frame,
	                old->side[client].syn.time_ns);
	evidence_decide(e, FACT_FAKE_SEGMENT, open != KNOWN_NO && fake_syn(scene, client), syn->frame, syn->time_ns);
}
