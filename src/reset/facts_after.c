/*
 * Facts about what surrounds the RST and follows it: the burst, the aftermath, whether it was accepted, what was
 * lost.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/sequence.h"
#include "reset/parts.h"

/* RSTs of one burst (Weaver, Sommer and Paxson, NDSS 2009, use 2 s for pairs). */
#define BURST_NS (2 * NS_PER_S)
/* A forger resets both sides within its own loop, not after a round trip. */
#define BOTH_WAYS_NS (20 * NS_PER_MS)
/* A step of the ladder is more than a FIN or a SYN could explain. */
#define LADDER_STEP 2

static const struct note *rst_at(const struct conversation *c, unsigned i)
{
	return i < RST_NOTES && i < c->rst_count ? &c->rsts[i] : NULL;
}

/* The i-th of those that are kept, oldest first. */
static const struct note *rst_in_order(const struct conversation *c, unsigned i)
{
	unsigned kept = c->rst_count < RST_NOTES ? c->rst_count : RST_NOTES;

	return i < kept ? &c->rsts[(c->rst_count - kept + i) % RST_NOTES] : NULL;
}

static bool near(const struct note *a, const struct note *b, int64_t within)
{
	return llabs(a->time_ns - b->time_ns) <= within;
}

/* Whether the sender had reason for a RST with this number: it had sent up to there, or something acknowledged it. */
static bool has_reason(const struct scene *scene, const struct note *n)
{
	const struct half *sender = scene->sender_half, *receiver = scene->receiver_half;

	return !seq_after(n->seq, sender->next + LADDER_STEP) ||
	       (receiver->seen & HALF_ACK && !seq_after(n->seq, receiver->acked + LADDER_STEP));
}

static bool rises(const struct scene *scene, const struct note *low, const struct note *high)
{
	return seq_after(high->seq, low->seq + LADDER_STEP) && !has_reason(scene, high);
}

/*
 * Several RSTs with different numbers beyond everything that their sender ever sent and that was ever acknowledged: no
 * TCP makes those, for it would answer with the numbers of the segment or with its own next one. Before one such RST
 * alone, data were lost. A RST with ACK may follow a bare one from further ahead: it answers a challenge.
 */
static unsigned ladder_steps(const struct scene *scene)
{
	const struct note *rung = NULL, *n;
	unsigned steps = 0;

	if (!(scene->sender_half->seen & HALF_SEQ) || scene->sender->fin.frame)
		return 0;
	for (unsigned i = 0; (n = rst_in_order(scene->c, i)) != NULL; i++) {
		if (n->side != scene->side || !near(n, scene->rst, BURST_NS))
			continue;
		if (rung && (rises(scene, rung, n) || (!((rung->flags | n->flags) & TCP_ACK) && rises(scene, n, rung))))
			steps++;
		rung = n;
	}
	return steps;
}

static unsigned alike(const struct scene *scene)
{
	const struct note *n;
	unsigned count = 0;

	for (unsigned i = 0; (n = rst_at(scene->c, i)) != NULL; i++)
		count += n->side == scene->side && near(n, scene->rst, BOTH_WAYS_NS) && n->seq == scene->rst->seq &&
		         n->ack == scene->rst->ack && n->flags == scene->rst->flags;
	return count;
}

static const struct note *other_way(const struct scene *scene)
{
	const struct note *n;

	for (unsigned i = 0; (n = rst_at(scene->c, i)) != NULL; i++)
		if (n->side != scene->side && near(n, scene->rst, BOTH_WAYS_NS))
			return n;
	return NULL;
}

void facts_of_burst(const struct scene *scene)
{
	struct evidence *e = scene->e;
	const struct note *rst = scene->rst, *other = other_way(scene);
	unsigned steps = ladder_steps(scene);
	/* One RST a segment is what a closed socket sends: only those that answer nothing are alike. */
	unsigned copies = scene->trigger || scene->sender->fin.frame ? 1 : alike(scene);

	if (steps)
		evidence_number(e, FACT_RST_LADDER, steps + 1, rst->frame, rst->time_ns);
	else
		evidence_no(e, FACT_RST_LADDER);
	if (copies > 1)
		evidence_number(e, FACT_RST_REPEATED, copies, rst->frame, rst->time_ns);
	else
		evidence_no(e, FACT_RST_REPEATED);
	evidence_decide(e, FACT_RST_BOTH_WAYS, other, other ? other->frame : 0, other ? other->time_ns : 0);
}

static void moment_fact(struct evidence *e, enum fact fact, const struct moment *m)
{
	evidence_decide(e, fact, m->frame, m->frame, m->time_ns);
}

void facts_of_aftermath(const struct scene *scene)
{
	const struct reset *r = scene->reset;
	struct evidence *e = scene->e;

	moment_fact(e, FACT_RECEIVER_WENT_ON, &r->receiver_went_on);
	moment_fact(e, FACT_RECEIVER_CHALLENGED, &r->challenged);
	moment_fact(e, FACT_SENDER_WENT_ON, &r->sender_went_on);
	moment_fact(e, FACT_SENDER_UNAWARE, &r->sender_unaware);
	moment_fact(e, FACT_SENDER_GOT_IT, &r->sender_got_it);
	moment_fact(e, FACT_SYN_AGAIN, &r->syn_again);
	moment_fact(e, FACT_SYN_AGAIN_ACCEPTED, &r->syn_accepted);
	evidence_decide(e, FACT_RECEIVER_SILENT, !r->receiver_went_on.frame && !r->challenged.frame && !r->syn_again.frame,
	                0, 0);
}

static bool dropped(const struct evidence *e)
{
	return yes(e, FACT_RST_CHECKSUM_BAD) || yes(e, FACT_RST_UNSIGNED);
}

static bool refused(const struct evidence *e)
{
	return yes(e, FACT_RECEIVER_WENT_ON) || yes(e, FACT_RST_OUT_OF_WINDOW) ||
	       (e->receiver_state == TCP_STATE_SYN_SENT && !yes(e, FACT_ANSWERS_SYN) && !yes(e, FACT_FAKE_SEGMENT)) ||
	       (yes(e, FACT_RECEIVER_CHALLENGED) && !yes(e, FACT_RST_SEQ_EXACT));
}

/* The first RST ends it; a SYN that is sent again begins again. */
static bool ended_before(const struct evidence *e)
{
	return !yes(e, FACT_ANSWERS_SYN) && (yes(e, FACT_EARLIER_RST_BY_SENDER) || yes(e, FACT_CROSSED_RST) ||
	                                     (yes(e, FACT_EARLIER_RST_BY_RECEIVER) && !yes(e, FACT_SENDER_WENT_ON)));
}

/* A forger who resets both sides: each takes its own. */
static bool forged_both_ways(const struct evidence *e)
{
	return yes(e, FACT_RST_BOTH_WAYS) && !yes(e, FACT_EARLIER_RST_BY_SENDER) &&
	       (yes(e, FACT_RST_LADDER) || yes(e, FACT_FAKE_SEGMENT));
}

/* More of the sender was on its way ahead of the RST than a FIN: whoever got that expects a higher number. */
static bool overtaken(const struct scene *scene)
{
	const struct reset *r = scene->reset;

	return yes(scene->e, FACT_SENDER_FIN) && r->sender_next_known && seq_diff(r->sender_next, r->rst.seq) > 1 &&
	       scene->sender->data_last.frame && r->has_trigger &&
	       r->trigger.time_ns - scene->sender->data_last.time_ns < r->round_trip_ns;
}

/*
 * Accepted: there was a connection to end, the sequence number was acceptable (RFC 9293 section 3.10.7.4; one behind
 * a FIN is taken by Linux), and nothing shows that the receiver went on.
 */
static enum acceptance acceptance(const struct scene *scene)
{
	const struct evidence *e = scene->e;

	if (dropped(e))
		return ACCEPTANCE_NO;
	if (ended_before(e) && !forged_both_ways(e))
		return ACCEPTANCE_UNKNOWN;
	if (refused(e))
		return ACCEPTANCE_NO;
	if (yes(e, FACT_ANSWERS_SYN))
		return ACCEPTANCE_YES;
	if (!scene->receiver->segments || e->receiver_state == TCP_STATE_CLOSED)
		return ACCEPTANCE_UNKNOWN;
	/* It may ignore RSTs there (RFC 1337), or have sent that ACK before it got this one. */
	if (overtaken(scene) || (yes(e, FACT_RECEIVER_TIME_WAIT) && yes(e, FACT_RECEIVER_CHALLENGED)))
		return ACCEPTANCE_UNKNOWN;
	if (yes(e, FACT_RST_SEQ_EXACT) || yes(e, FACT_SHAPE_PASSIVE))
		return ACCEPTANCE_YES;
	return no(e, FACT_RST_OUT_OF_WINDOW) ? ACCEPTANCE_YES : ACCEPTANCE_UNKNOWN;
}

/* A socket in TIME_WAIT can still be ended by a RST (RFC 1337). */
static bool is_after_the_end(const struct evidence *e)
{
	return (ended_before(e) && !forged_both_ways(e)) ||
	       (yes(e, FACT_BOTH_CLOSED) && !yes(e, FACT_RECEIVER_TIME_WAIT));
}

void judge_acceptance(const struct scene *scene)
{
	struct evidence *e = scene->e;

	e->accepted = acceptance(scene);
	e->part = e->accepted == ACCEPTANCE_NO ? PART_IGNORED : PART_END;
	if (e->part == PART_END && is_after_the_end(e)) {
		enum fact first = yes(e, FACT_EARLIER_RST_BY_SENDER)     ? FACT_EARLIER_RST_BY_SENDER
		                  : yes(e, FACT_CROSSED_RST)             ? FACT_CROSSED_RST
		                  : yes(e, FACT_EARLIER_RST_BY_RECEIVER) ? FACT_EARLIER_RST_BY_RECEIVER
		                                                         : FACT_BOTH_CLOSED;

		e->part = PART_ECHO;
		e->echo_of = e->facts[first].frame;
	}
}

/*
 * Payload in flight either way. What was acknowledged may still have been unread: an abort by a side that had received
 * data says nothing about that, so the loss stays unknown.
 */
void count_loss(const struct scene *scene)
{
	struct evidence *e = scene->e;
	bool both = scene->sender->segments && scene->receiver->segments;

	/* What was ignored lost nothing; what an echo answers was lost by the end before it. */
	if (e->part != PART_END) {
		e->lost_known = true;
		return;
	}
	if (!both || scene->sender->gap || scene->receiver->gap)
		return;
	e->lost_known = !(yes(e, FACT_SHAPE_ACTIVE) && yes(e, FACT_RECEIVER_DATA));
	e->lost_bytes = number(e, FACT_RECEIVER_UNACKED) + number(e, FACT_SENDER_UNACKED);
}
