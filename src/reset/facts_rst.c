/* Facts that the RST itself shows, and how its numbers stand to those of the conversation. */
#include "base/sequence.h"
#include "reset/parts.h"

void facts_of_rst(const struct scene *scene, const struct segment *segment, const struct options *options)
{
	struct evidence *e = scene->e;
	const struct note *rst = scene->rst;
	bool ack = rst->flags & TCP_ACK, cut = segment->options_len < segment->header_options_len;
	bool signing = (scene->sender->any_options | scene->receiver->any_options) & (OPTION_MD5 | OPTION_AO);
	uint64_t frame = rst->frame;
	int64_t time = rst->time_ns;

	evidence_decide(e, FACT_RST_ACK_FLAG, ack, frame, time);
	evidence_decide(e, FACT_RST_BARE, !ack, frame, time);
	evidence_decide(e, FACT_RST_SEQ_ZERO, rst->seq == 0, frame, time);
	evidence_number(e, FACT_RST_WINDOW, rst->window, frame, time);
	evidence_decide(e, FACT_RST_CUT, cut || segment->payload_captured < segment->payload_len, frame, time);
	if (!cut)
		evidence_decide(e, FACT_RST_TIMESTAMP, options->seen & OPTION_TIMESTAMP, frame, time);
	evidence_decide(e, FACT_RST_ACK_UNFLAGGED, !ack && rst->ack != 0, frame, time);
	evidence_decide(e, FACT_RST_RESERVED_BITS, rst->flags & TCP_RESERVED, frame, time);
	evidence_decide(e, FACT_SIGNATURE_IN_USE, signing, 0, 0);
	evidence_decide(e, FACT_RST_UNSIGNED, signing && !cut && !(options->seen & (OPTION_MD5 | OPTION_AO)), frame, time);
	/* Where no checksum of this side was ever good, the capture changed the packets, or a network card fills it in. */
	if (segment->checksum != CHECKSUM_UNKNOWN && scene->sender->good_checksums)
		evidence_decide(e, FACT_RST_CHECKSUM_BAD, segment->checksum == CHECKSUM_BAD, frame, time);
}

static void seq_against_receiver(const struct scene *scene, uint32_t expected)
{
	struct evidence *e = scene->e;
	const struct note *rst = scene->rst;
	bool acked_known = scene->receiver_half->seen & HALF_ACK;
	int32_t ahead = seq_diff(rst->seq, expected);
	/* Where packets were lost, the receiver still expects what it acknowledged last. */
	bool exact = ahead == 0 || (acked_known && rst->seq == scene->receiver_half->acked);

	evidence_decide(e, FACT_RST_SEQ_EXACT, exact, rst->frame, rst->time_ns);
	evidence_no(e, FACT_RST_SEQ_AHEAD);
	evidence_no(e, FACT_RST_SEQ_BEHIND);
	if (exact)
		return;
	if (ahead > 0)
		evidence_number(e, FACT_RST_SEQ_AHEAD, (uint32_t)ahead, rst->frame, rst->time_ns);
	else
		evidence_number(e, FACT_RST_SEQ_BEHIND, (uint32_t)-(int64_t)ahead, rst->frame, rst->time_ns);
}

/* The scale of the window is only known from both SYNs (RFC 7323 section 2.2); without them nothing is out of it. */
static void seq_against_window(const struct scene *scene, uint32_t expected)
{
	const struct note *rst = scene->rst;
	uint32_t window = conversation_window(scene->c, !scene->side);
	uint32_t lowest = scene->receiver_half->seen & HALF_ACK ? scene->receiver_half->acked : expected;
	int32_t beyond = seq_diff(rst->seq, expected + (window ? window : 1)), below = seq_diff(lowest, rst->seq);

	if (!scene->receiver->syn.frame || !scene->sender->syn.frame || yes(scene->e, FACT_FAKE_SEGMENT))
		return;
	if (beyond >= 0)
		evidence_number(scene->e, FACT_RST_OUT_OF_WINDOW, (uint32_t)beyond + 1, rst->frame, rst->time_ns);
	else if (below > 1) /* one behind a FIN is taken: measured on Linux */
		evidence_number(scene->e, FACT_RST_OUT_OF_WINDOW, (uint32_t)below, rst->frame, rst->time_ns);
	else
		evidence_no(scene->e, FACT_RST_OUT_OF_WINDOW);
}

void facts_of_sequence(const struct scene *scene)
{
	struct evidence *e = scene->e;
	const struct note *rst = scene->rst;
	const struct half *s = scene->sender_half, *r = scene->receiver_half;
	bool fake = yes(e, FACT_FAKE_SEGMENT);
	uint32_t expected;

	/* In SYN-SENT the ack number decides, not seq (RFC 9293 section 3.10.7.3). A fake SYN changed nothing at its host. */
	if ((fake || e->receiver_state != TCP_STATE_SYN_SENT) &&
	    flow_expects(fake ? &scene->c->predecessor->flow : &scene->c->flow, !scene->side, &expected)) {
		seq_against_receiver(scene, expected);
		seq_against_window(scene, expected);
	}
	if (s->seen & HALF_SEQ)
		evidence_decide(e, FACT_RST_SEQ_OWN_NEXT,
		                rst->seq == s->next || (scene->sender->syn.frame && !r->seen && rst->seq == scene->sender->isn),
		                rst->frame, rst->time_ns);
	if (s->seen & HALF_SEQ && r->seen & HALF_ACK)
		evidence_decide(e, FACT_RST_SEQ_OLD_ACK, !(rst->flags & TCP_ACK) && !seq_after(rst->seq, r->acked) &&
		                !seq_before(rst->seq, scene->sender->base), rst->frame, rst->time_ns);
	if (!(rst->flags & TCP_ACK) || !(r->seen & HALF_SEQ))
		return;
	evidence_decide(e, FACT_RST_ACK_CURRENT,
	                !seq_after(rst->ack, r->next) && (!(s->seen & HALF_ACK) || !seq_before(rst->ack, s->acked)),
	                rst->frame, rst->time_ns);
	evidence_decide(e, FACT_RST_ACK_WRONG, seq_after(rst->ack, r->next) && !scene->receiver->gap,
	                rst->frame, rst->time_ns);
}

static bool is_active(const struct scene *scene)
{
	const struct evidence *e = scene->e;

	if (yes(e, FACT_RST_TIMESTAMP) && yes(e, FACT_RST_ACK_FLAG))
		return !no(e, FACT_RST_ACK_CURRENT);
	return yes(e, FACT_RST_ACK_FLAG) && yes(e, FACT_RST_ACK_CURRENT) &&
	       (yes(e, FACT_RST_SEQ_OWN_NEXT) || (no(e, FACT_RST_SEQ_ZERO) && yes(e, FACT_RST_SEQ_EXACT)));
}

void facts_of_shape(const struct scene *scene)
{
	struct evidence *e = scene->e;
	const struct note *rst = scene->rst;
	bool to_ack = scene->trigger && scene->trigger->flags & TCP_ACK;
	bool passive = scene->trigger && (yes(e, FACT_RST_BARE) || !to_ack);
	bool active = !passive && is_active(scene);

	/*
	 * A RST-ACK whose numbers fit an answer and an abort alike: after its own FIN or RST nobody was left to abort. But
	 * the mere ACK of a FIN is expected, and draws nothing.
	 */
	if (active && scene->trigger && no(e, FACT_RST_TIMESTAMP) &&
	    ((scene->sender->fin.frame &&
	      (scene->trigger->payload_len || scene->trigger->frame != scene->sender->fin_acked.frame)) ||
	     scene->sender->rsts.count > 1))
		return;
	if (!passive && !scene->sender->segments && !scene->receiver->segments)
		return;
	if (!passive && !active && (yes(e, FACT_RST_BARE) ? !scene->receiver->segments : !scene->sender->segments))
		return;
	evidence_decide(e, FACT_SHAPE_PASSIVE, passive, rst->frame, rst->time_ns);
	evidence_decide(e, FACT_SHAPE_ACTIVE, active, rst->frame, rst->time_ns);
}
