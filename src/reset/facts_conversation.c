/* Facts about the conversation before the RST, and its times. */
#include "base/clock.h"
#include "base/sequence.h"
#include "reset/parts.h"

static void handshake_facts(const struct scene *scene)
{
	struct evidence *e = scene->e;
	const struct conversation *c = scene->c;
	const struct side *client = &c->side[c->flow.initiator], *server = &c->side[!c->flow.initiator];
	bool syn = client->syn.frame || server->syn.frame, open = syn && !c->handshake.frame && !server->data_first.frame;

	evidence_decide(e, FACT_SYN_SEEN, client->syn.frame, client->syn.frame, client->syn.time_ns);
	evidence_decide(e, FACT_HANDSHAKE_SEEN, c->handshake.frame, c->handshake.frame, c->handshake.time_ns);
	/* What a direction that was not captured had in it is anybody's guess. */
	if (!open)
		evidence_no(e, FACT_HANDSHAKE_OPEN);
	else if (client->segments && server->segments)
		evidence_yes(e, FACT_HANDSHAKE_OPEN, server->syn.frame, server->syn.time_ns);
	evidence_decide(e, FACT_START_MISSING, !client->syn.frame, 0, 0);
	evidence_decide(e, FACT_SENDER_SEEN, scene->sender->segments, scene->sender->last.frame,
	                scene->sender->last.time_ns);
	evidence_decide(e, FACT_SENDER_KNEW, scene->sender->look.count, scene->sender->last.frame,
	                scene->sender->last.time_ns);
	if (c->flow.flags & FLOW_INITIATOR_KNOWN)
		evidence_decide(e, FACT_SENDER_IS_INITIATOR, scene->side == c->flow.initiator, client->syn.frame,
		                client->syn.time_ns);
}

static void count_fact(struct evidence *e, enum fact fact, uint64_t count, struct moment at)
{
	if (count)
		evidence_number(e, fact, count, at.frame, at.time_ns);
	else
		evidence_no(e, fact);
}

/* Payload that was sent and not acknowledged; a SYN or FIN at its end is no payload. */
static uint32_t unacked(const struct half *own, const struct half *peer, const struct side *side)
{
	uint32_t bytes;

	if (!(own->seen & HALF_SEQ) || !(peer->seen & HALF_ACK) || !side->data_last.frame ||
	    !seq_after(own->next, peer->acked))
		return 0;
	bytes = own->next - peer->acked;
	if (side->fin.frame && side->fin_seq == own->next - 1)
		bytes--;
	return bytes < UINT32_MAX / 2 ? bytes : 0;
}

static void data_facts(const struct scene *scene)
{
	struct evidence *e = scene->e;
	const struct side *s = scene->sender, *r = scene->receiver;
	const struct half *sh = scene->sender_half, *rh = scene->receiver_half;
	bool never = r->payload_bytes && s->syn_ack && sh->seen & HALF_ACK && !seq_after(sh->acked, r->isn + 1) &&
	             r->syn.frame;

	count_fact(e, FACT_SENDER_DATA, s->payload_bytes, s->data_last);
	count_fact(e, FACT_RECEIVER_DATA, r->payload_bytes, r->data_last);
	count_fact(e, FACT_SENDER_UNACKED, unacked(sh, rh, s), s->data_last);
	count_fact(e, FACT_RECEIVER_UNACKED, unacked(rh, sh, r), r->data_last);
	evidence_decide(e, FACT_RECEIVER_DATA_NEVER_ACKED, never, r->data_first.frame, r->data_first.time_ns);
	count_fact(e, FACT_SENDER_PROBES, s->probes.count, s->probes.last);
	count_fact(e, FACT_SENDER_RETRANSMITS, s->retransmits.count, s->retransmits.last);
	count_fact(e, FACT_RECEIVER_RETRANSMITS, r->retransmits.count, r->retransmits.last);
	evidence_decide(e, FACT_BYTES_MISSING, r->gap, 0, 0);
	/* Nobody ever answered its SYN. */
	if (s->syns.count && !s->syn_ack && !r->segments)
		count_fact(e, FACT_SENDER_RETRANSMITS, s->syns.count, s->syns.last);
	if (s->syn_ack && scene->c->handshake.frame && s->syns.last.frame > scene->c->handshake.frame)
		count_fact(e, FACT_SYN_ACK_REPEATS, s->syns.count, s->syns.last);
}

static void fin_facts(const struct scene *scene)
{
	struct evidence *e = scene->e;
	const struct side *s = scene->sender, *r = scene->receiver;
	bool closed = conversation_closed(scene->c);
	struct moment last = s->fin_acked.frame > r->fin_acked.frame ? s->fin_acked : r->fin_acked;

	evidence_decide(e, FACT_SENDER_FIN, s->fin.frame, s->fin.frame, s->fin.time_ns);
	evidence_decide(e, FACT_SENDER_FIN_IMPLIED, s->fin_implied, r->progress.frame, r->progress.time_ns);
	evidence_decide(e, FACT_SENDER_FIN_ACKED, s->fin_acked.frame, s->fin_acked.frame, s->fin_acked.time_ns);
	evidence_decide(e, FACT_RECEIVER_FIN, r->fin.frame, r->fin.frame, r->fin.time_ns);
	evidence_decide(e, FACT_RECEIVER_FIN_ACKED, r->fin_acked.frame, r->fin_acked.frame, r->fin_acked.time_ns);
	if (r->fin.frame)
		evidence_decide(e, FACT_RST_ACKS_FIN, scene->rst->flags & TCP_ACK && seq_after(scene->rst->ack, r->fin_seq),
		                scene->rst->frame, scene->rst->time_ns);
	evidence_decide(e, FACT_RECEIVER_TIME_WAIT, closed && r->fin.frame < s->fin.frame, r->fin.frame, r->fin.time_ns);
	evidence_decide(e, FACT_BOTH_CLOSED, closed, last.frame, last.time_ns);
	if (s->fin.frame)
		evidence_number(e, FACT_FIN_TO_RST, clock_elapsed(s->fin.time_ns, scene->rst->time_ns), s->fin.frame,
		                s->fin.time_ns);
}

/*
 * A RST before this one ended the connection, if it could. One of the receiver's ended nothing for the sender where the
 * segment that this RST answers was sent before it, or where a living socket made this one: they crossed.
 */
static void earlier_facts(const struct scene *scene)
{
	const struct moment *own = &scene->c->ended[scene->side], *peer = &scene->c->ended[!scene->side];
	bool alive = yes(scene->e, FACT_SHAPE_ACTIVE) || (scene->trigger && scene->trigger->frame < peer->frame);

	evidence_decide(scene->e, FACT_EARLIER_RST_BY_SENDER, own->frame, own->frame, own->time_ns);
	evidence_decide(scene->e, FACT_EARLIER_RST_DROPPED, !own->frame && scene->sender->rsts.count > 1,
	                scene->sender->rsts.last.frame, scene->sender->rsts.last.time_ns);
	evidence_decide(scene->e, FACT_EARLIER_RST_BY_RECEIVER, peer->frame && !alive, peer->frame, peer->time_ns);
	evidence_decide(scene->e, FACT_CROSSED_RST, peer->frame && alive, peer->frame, peer->time_ns);
}

/*
 * A program that does not read leaves its kernel less and less window to offer. Only whole units of the scaled window
 * show, so a small fall counts as much as a large one; but it must not have risen again.
 */
static void window_facts(const struct scene *scene)
{
	struct evidence *e = scene->e;
	const struct side *s = scene->sender, *r = scene->receiver;
	bool received = scene->sender_half->seen & HALF_ACK && r->payload_bytes && s->window_peak_at.frame;
	bool after_peak = received && seq_after(scene->sender_half->acked, s->window_peak_acked);

	evidence_decide(e, FACT_MPTCP_IN_USE, (s->any_options | r->any_options) & OPTION_MPTCP, 0, 0);
	if (!received)
		return;
	evidence_decide(e, FACT_WINDOW_NEVER_RECOVERED, s->window_falls && s->window_last < s->window_peak && after_peak,
	                s->last.frame, s->last.time_ns);
	evidence_decide(e, FACT_WINDOW_RECOVERED,
	                !s->window_falls && !after_peak && s->window_peak_at.frame > r->data_first.frame && s->segments > 2,
	                s->window_peak_at.frame, s->window_peak_at.time_ns);
}

void facts_of_conversation(const struct scene *scene)
{
	handshake_facts(scene);
	data_facts(scene);
	fin_facts(scene);
	earlier_facts(scene);
	window_facts(scene);
}

/* Usual idle limits of load balancers, NATs, firewalls and servers, in seconds (vendors' documents; Linux sysctls). */
static const uint32_t usual_limits_s[] = {
	30, 60, 65, 75, 120, 180, 240, 300, 350, 600, 900, 1200, 1800, 3600, 7200,
};
/* A timer is late by its own granularity: up to a second, and up to 1/20 of long ones. */
#define LIMIT_SLACK_S 1
#define LIMIT_SLACK_SHARE 20

static void round_idle(struct evidence *e, int64_t idle, struct moment at)
{
	for (unsigned i = 0; i < sizeof usual_limits_s / sizeof *usual_limits_s; i++) {
		int64_t limit = usual_limits_s[i] * NS_PER_S;

		if (idle >= limit - NS_PER_S / 10 && idle <= limit + limit / LIMIT_SLACK_SHARE + LIMIT_SLACK_S * NS_PER_S) {
			evidence_number(e, FACT_IDLE_IS_ROUND, (uint64_t)limit, at.frame, at.time_ns);
			return;
		}
	}
	evidence_no(e, FACT_IDLE_IS_ROUND);
}

/* Neither a keepalive probe, its answer, nor the segment in question sent again is an exchange. */
static bool is_exchange(const struct note *n, const struct note *trigger)
{
	if (n->flags & TCP_RST || n->marks & NOTE_KEEPALIVE)
		return false;
	return !trigger || n->side != trigger->side || n->seq != trigger->seq || n->payload_len != trigger->payload_len;
}

static void idle_facts(const struct scene *scene)
{
	const struct note *trigger = scene->trigger, *n;
	uint64_t until_frame = trigger ? trigger->frame : scene->rst->frame;
	int64_t until = trigger ? trigger->time_ns : scene->rst->time_ns;

	for (unsigned i = 0; (n = conversation_recent(scene->c, i)) != NULL; i++) {
		if (n->frame >= until_frame)
			continue;
		if (trigger && n->side == trigger->side && n->seq == trigger->seq && n->payload_len == trigger->payload_len)
			until = n->time_ns;
		if (!is_exchange(n, trigger))
			continue;
		evidence_number(scene->e, FACT_IDLE_BEFORE, clock_elapsed(n->time_ns, until), n->frame, n->time_ns);
		round_idle(scene->e, until - n->time_ns, (struct moment){ .frame = n->frame, .time_ns = n->time_ns });
		return;
	}
}

static void waiting_facts(const struct scene *scene)
{
	const struct side *s = scene->sender, *r = scene->receiver;
	const struct half *sh = scene->sender_half, *rh = scene->receiver_half;
	bool acked = sh->seen & HALF_ACK && rh->seen & HALF_SEQ && !seq_before(sh->acked, rh->next);

	if (r->data_last.frame && acked && s->data_last.frame < r->data_last.frame)
		evidence_number(scene->e, FACT_WAITED_FOR_REPLY, clock_elapsed(r->data_last.time_ns, scene->rst->time_ns),
		                r->data_last.frame, r->data_last.time_ns);
	else
		evidence_no(scene->e, FACT_WAITED_FOR_REPLY);
}

void facts_of_time(const struct scene *scene)
{
	const struct side *s = scene->sender, *r = scene->receiver;
	struct moment first = s->first.frame && (!r->first.frame || s->first.frame < r->first.frame) ? s->first : r->first;

	if (first.frame)
		evidence_number(scene->e, FACT_AGE, clock_elapsed(first.time_ns, scene->rst->time_ns), first.frame, first.time_ns);
	idle_facts(scene);
	waiting_facts(scene);
}
