/* Which segment a RST answers: its numbers are made from that segment's (RFC 9293 section 3.10.7.1). */
#include "base/clock.h"
#include "base/sequence.h"
#include "reset/parts.h"

/* A RST that answers comes after one round trip: seconds only on the worst paths. */
#define ANSWER_MAX_NS (3 * NS_PER_S)
/* Segments of one burst are answered within a round trip of each other. */
#define BURST_NS NS_PER_S

static uint32_t end_of(const struct note *n)
{
	return n->seq + n->payload_len + ((n->flags & TCP_SYN) != 0) + ((n->flags & TCP_FIN) != 0);
}

static bool takes_sequence(const struct note *n)
{
	return n->payload_len || n->flags & (TCP_SYN | TCP_FIN);
}

static bool acknowledged(const struct scene *scene, const struct note *n)
{
	return scene->sender_half->seen & HALF_ACK && takes_sequence(n) &&
	       !seq_after(end_of(n), scene->sender_half->acked) && !(n->marks & NOTE_KEEPALIVE);
}

/* Whether the RST has the numbers that RFC 9293 prescribes for the answer to `n`. */
static bool fits(const struct scene *scene, const struct note *n)
{
	const struct note *rst = scene->rst;
	bool gone = scene->sender->fin.frame || scene->sender->rsts.count > 1 ||
	            !scene->c->side[scene->c->flow.initiator].syn.frame;
	/* Numbers wrap: 0 may also be where the sender goes on. */
	bool own_next = scene->sender->syn_ack && scene->sender_half->next == 0;
	bool refuses = rst->flags & TCP_ACK && rst->seq == 0 && !own_next && n->flags & TCP_SYN && !(n->flags & TCP_ACK);

	/* Its own SYN is named by the RST, however late it comes. */
	if (refuses)
		return end_of(n) == rst->ack;
	if (rst->time_ns - n->time_ns > ANSWER_MAX_NS)
		return false;
	if (!(rst->flags & TCP_ACK))
		return n->flags & TCP_ACK && n->ack == rst->seq;
	if (!(n->flags & TCP_ACK))
		return end_of(n) == rst->ack && ((rst->seq == 0 && !own_next) || !scene->sender->segments);
	/* Not what the RFC says, but what Windows, OpenBSD and routers do once the connection is gone, as it may be
	   where its start was not captured. */
	if (!gone || acknowledged(scene, n))
		return false;
	if (n->ack == rst->seq)
		return end_of(n) == rst->ack || n->seq == rst->ack;
	return n->payload_len && end_of(n) == rst->ack && rst->seq == scene->sender_half->next;
}

/* Data before a FIN before an ACK alone: that draws no RST from a socket that merely closed. Acknowledged: answered. */
static unsigned claim(const struct scene *scene, const struct note *n)
{
	if (acknowledged(scene, n))
		return 1;
	return n->payload_len ? 4 : takes_sequence(n) ? 3 : 2;
}

/* Of those that fit, the oldest of the last moment that was not answered by an earlier RST, by its claim. */
const struct note *find_trigger(const struct scene *scene)
{
	const struct note *best = NULL, *n;

	for (unsigned i = 1; (n = conversation_recent(scene->c, i)) != NULL; i++) {
		if (n->side == scene->side || n->flags & TCP_RST || !fits(scene, n))
			continue;
		if (best && (n->frame <= scene->c->answered[scene->side] || scene->rst->time_ns - n->time_ns > BURST_NS))
			break;
		if (!best || claim(scene, n) >= claim(scene, best))
			best = n;
	}
	return best;
}

static bool odd_flags(const struct note *n)
{
	return !(n->flags & (TCP_ACK | TCP_SYN)) || (n->flags & (TCP_SYN | TCP_FIN)) == (TCP_SYN | TCP_FIN);
}

static void kind_of_data(const struct scene *scene, const struct note *n)
{
	if (n->marks & NOTE_KEEPALIVE)
		evidence_yes(scene->e, FACT_ANSWERS_KEEPALIVE, n->frame, n->time_ns);
	else if (n->payload_len)
		evidence_number(scene->e, FACT_ANSWERS_DATA, n->payload_len, n->frame, n->time_ns);
	if (n->flags & TCP_FIN)
		evidence_yes(scene->e, FACT_ANSWERS_FIN, n->frame, n->time_ns);
}

static void kind_of_ack(const struct scene *scene, const struct note *n)
{
	const struct side *s = scene->sender;
	bool challenge = s->syn.frame && !s->syn_ack && !scene->receiver->syn.frame && n->ack != s->isn + 1;

	if (challenge)
		evidence_yes(scene->e, FACT_ANSWERS_CHALLENGE, n->frame, n->time_ns);
	else if (n->frame == scene->c->handshake.frame)
		evidence_yes(scene->e, FACT_ANSWERS_HANDSHAKE_ACK, n->frame, n->time_ns);
	else
		evidence_yes(scene->e, FACT_ANSWERS_ACK, n->frame, n->time_ns);
}

static void kind_of_trigger(const struct scene *scene, const struct note *n)
{
	static const enum fact kinds[] = {
		FACT_ANSWERS_SYN, FACT_ANSWERS_SYN_ACK, FACT_ANSWERS_HANDSHAKE_ACK, FACT_ANSWERS_DATA, FACT_ANSWERS_KEEPALIVE,
		FACT_ANSWERS_ACK, FACT_ANSWERS_FIN, FACT_ANSWERS_ODD_FLAGS, FACT_ANSWERS_CHALLENGE,
	};

	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
		evidence_no(scene->e, kinds[i]);
	if (odd_flags(n))
		evidence_yes(scene->e, FACT_ANSWERS_ODD_FLAGS, n->frame, n->time_ns);
	else if (n->flags & TCP_SYN)
		evidence_yes(scene->e, n->flags & TCP_ACK ? FACT_ANSWERS_SYN_ACK : FACT_ANSWERS_SYN, n->frame, n->time_ns);
	else if (takes_sequence(n) || n->marks & NOTE_KEEPALIVE)
		kind_of_data(scene, n);
	else
		kind_of_ack(scene, n);
}

static void fin_and_trigger(const struct scene *scene, const struct note *n)
{
	const struct side *s = scene->sender;
	bool after;

	if (!(s->fin.frame || s->fin_implied) || !(n->flags & TCP_ACK))
		return;
	after = seq_after(n->ack, s->fin_seq);
	evidence_decide(scene->e, FACT_ANSWERS_AFTER_ACK_OF_FIN, after, n->frame, n->time_ns);
	evidence_decide(scene->e, FACT_ANSWERS_BEFORE_ACK_OF_FIN, !after, n->frame, n->time_ns);
}

/* During the handshake an ACK of anything but the SYN is wrong (RFC 9293 section 3.10.7.3 and 3.10.7.4, fifth). */
static bool acks_wrongly(const struct scene *scene, const struct note *n)
{
	const struct side *s = scene->sender;

	return n->flags & TCP_ACK && s->syn.frame && !s->fin_implied &&
	       (seq_before(n->ack, s->isn + 1) || seq_after(n->ack, scene->sender_half->next));
}

/*
 * The right edge is known from both SYNs only. What begins beyond it was not believed by whoever keeps count, as
 * conntrack does.
 */
static void beyond_window(const struct scene *scene, const struct note *n)
{
	uint32_t edge;

	if (!scene->receiver->syn.frame || !scene->sender->syn.frame || !(scene->sender_half->seen & HALF_ACK))
		return;
	edge = scene->sender_half->acked + conversation_window(scene->c, scene->side);
	if (n->payload_len && seq_after(n->seq, edge))
		evidence_number(scene->e, FACT_ANSWERS_BEYOND, n->seq - edge, n->frame, n->time_ns);
	else
		evidence_no(scene->e, FACT_ANSWERS_BEYOND);
}

void facts_of_trigger(const struct scene *scene)
{
	const struct note *n = scene->trigger;
	struct evidence *e = scene->e;

	if (!n)
		return;
	kind_of_trigger(scene, n);
	fin_and_trigger(scene, n);
	evidence_decide(e, FACT_ANSWERS_WRONG_ACK, acks_wrongly(scene, n), n->frame, n->time_ns);
	beyond_window(scene, n);
	evidence_decide(e, FACT_ANSWERS_FIRST_SEGMENT, !scene->sender->segments, n->frame, n->time_ns);
	evidence_number(e, FACT_ANSWER_DELAY, clock_elapsed(n->time_ns, scene->rst->time_ns), n->frame, n->time_ns);
}
