#include "flow/conversation.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sequence.h"

/* A copy of a frame follows the original this soon (mirrors, bridges, the `any` interface): measured up to some ms. */
#define DUPLICATE_NS (20 * NS_PER_MS)
/* A repeated packet without IP ID and timestamp may be a real second one; a copy comes at once. */
#define DUPLICATE_BARE_NS (200 * NS_PER_US)
#define DUPLICATE_LOOK_BACK 8

static struct moment moment_of(const struct segment *s)
{
	return (struct moment){ .frame = s->frame, .time_ns = s->time_ns };
}

static bool half_has(const struct conversation *c, unsigned side, unsigned bits)
{
	return (c->flow.half[side].seen & bits) == bits;
}

const struct note *conversation_recent(const struct conversation *c, unsigned n)
{
	if (n >= RECENT_NOTES || n >= c->recent_count)
		return NULL;
	return &c->recent[(c->recent_count - 1 - n) % RECENT_NOTES];
}

static void remember(struct conversation *c, const struct note *note)
{
	c->recent[c->recent_count++ % RECENT_NOTES] = *note;
}

static void note_fill(struct note *note, const struct segment *s, const struct options *o, unsigned side)
{
	*note = (struct note){
		.frame = s->frame, .time_ns = s->time_ns, .seq = s->seq, .ack = s->ack, .payload_len = s->payload_len,
		.flow_label = s->flow_label, .flags = s->flags, .window = s->window, .ip_id = s->ip_id,
		.side = (uint8_t)side, .hop_limit = s->hop_limit, .traffic_class = s->traffic_class,
		.ts_value = o->ts_value, .ts_echo = o->ts_echo,
		.marks = (uint16_t)((s->dont_fragment ? NOTE_DF : 0) | (o->seen & OPTION_TIMESTAMP ? NOTE_HAS_TIMESTAMP : 0)),
		.option_bits = (uint8_t)((s->header_options_len > 0) | (o->seen & (OPTION_MD5 | OPTION_AO) ? 2 : 0)),
	};
}

static bool same_packet(const struct note *a, const struct note *b)
{
	return a->side == b->side && a->seq == b->seq && a->ack == b->ack && a->flags == b->flags &&
	       a->payload_len == b->payload_len && a->window == b->window && a->ip_id == b->ip_id &&
	       a->ts_value == b->ts_value && a->ts_echo == b->ts_echo && a->traffic_class == b->traffic_class;
}

/*
 * The same packet captured twice has the same IP ID (a retransmission has a new one) or timestamp. A RST often has
 * neither: it counts as a copy only where this conversation has shown copies of other packets.
 */
static bool is_duplicate(const struct conversation *c, const struct note *note)
{
	bool marked = note->ip_id || note->marks & NOTE_HAS_TIMESTAMP;
	int64_t within = marked ? DUPLICATE_NS : DUPLICATE_BARE_NS;

	if (note->flags & TCP_RST && !c->duplicates)
		return false;
	for (unsigned n = 0; n < DUPLICATE_LOOK_BACK; n++) {
		const struct note *old = conversation_recent(c, n);

		if (!old || note->time_ns - old->time_ns > within)
			return false;
		if (same_packet(old, note))
			return true;
	}
	return false;
}

static bool is_keepalive(const struct conversation *c, const struct segment *s, unsigned side)
{
	return half_has(c, side, HALF_SEQ | HALF_ACK) && s->payload_len <= 1 && !(s->flags & (TCP_SYN | TCP_FIN | TCP_RST)) &&
	       (s->flags & TCP_ACK) && s->seq == c->flow.half[side].next - 1 && !c->side[!side].window_zero;
}

static uint16_t classify_sequence(struct conversation *c, const struct segment *s, unsigned side)
{
	const struct half *own = &c->flow.half[side];
	struct side *sender = &c->side[side];
	uint32_t end = segment_end(s);

	if (is_keepalive(c, s, side))
		return NOTE_KEEPALIVE;
	if (!half_has(c, side, HALF_SEQ))
		return 0;
	if (seq_after(s->seq, own->next)) {
		sender->gap = true;
		sender->gap_from = own->next;
		sender->gap_to = s->seq;
		return NOTE_GAP;
	}
	if (segment_span(s) == 0 || seq_after(end, own->next))
		return 0;
	if (sender->gap && !seq_before(s->seq, sender->gap_from) && !seq_after(end, sender->gap_to))
		return NOTE_OUT_OF_ORDER;
	return NOTE_RETRANSMISSION;
}

static uint16_t classify_ack(const struct conversation *c, const struct segment *s, unsigned side)
{
	const struct half *own = &c->flow.half[side], *peer = &c->flow.half[!side];
	uint16_t marks = 0;

	if (!(s->flags & TCP_ACK))
		return 0;
	if (!(own->seen & HALF_ACK) || seq_after(s->ack, own->acked))
		marks |= NOTE_ACKS_NEW;
	if ((peer->seen & HALF_SEQ) && seq_after(s->ack, peer->next))
		marks |= NOTE_ACKS_UNSEEN;
	return marks;
}

static void run_add(struct run *run, const struct segment *s)
{
	if (!run->count) {
		run->first = moment_of(s);
		run->seq = s->seq;
	}
	run->last = moment_of(s);
	run->count++;
}

static void take_syn(struct side *own, const struct segment *s, const struct options *o)
{
	if (own->syn.frame) {
		run_add(&own->syns, s);
		return;
	}
	own->syn = moment_of(s);
	own->isn = s->seq;
	own->syn_ack = (s->flags & TCP_ACK) != 0;
	own->syn_window = s->window;
	own->option_bits = o->seen;
	own->window_scale = o->window_scale;
}

static void take_payload(struct conversation *c, struct side *own, const struct segment *s, uint16_t marks,
                         unsigned side)
{
	uint32_t fresh = s->payload_len;

	if (marks & NOTE_KEEPALIVE || !s->payload_len)
		return;
	if (!own->data_first.frame)
		own->data_first = moment_of(s);
	own->data_last = moment_of(s);
	if (marks & NOTE_RETRANSMISSION)
		return;
	if (half_has(c, side, HALF_SEQ) && seq_before(s->seq, c->flow.half[side].next) && !(marks & NOTE_OUT_OF_ORDER))
		fresh -= (uint32_t)seq_diff(c->flow.half[side].next, s->seq);
	if (fresh <= s->payload_len)
		own->payload_bytes += fresh;
}

static void take_runs(struct conversation *c, struct side *own, struct side *peer, const struct segment *s,
                      uint16_t marks, unsigned side)
{
	uint32_t end = segment_end(s);
	bool acked = half_has(c, !side, HALF_ACK) && !seq_after(end, c->flow.half[!side].acked);

	peer->probes.count = 0;
	if (marks & NOTE_KEEPALIVE)
		run_add(&own->probes, s);
	if (marks & NOTE_RETRANSMISSION && !acked && !(s->flags & TCP_SYN))
		run_add(&own->retransmits, s);
	if (marks & NOTE_ACKS_NEW) {
		own->progress = moment_of(s);
		peer->retransmits.count = 0;
	}
}

/*
 * The FIN was there, the capture missed it: the peer acknowledged one more than was sent, or, where nothing of this
 * side is captured, one more than it had acknowledged before (a single byte of data would look the same until more is
 * acknowledged).
 */
static void take_implied_fin(struct conversation *c, struct side *peer, const struct segment *s, unsigned side)
{
	const struct half *own = &c->flow.half[side], *half = &c->flow.half[!side];
	bool advanced = own->seen & HALF_ACK && seq_after(s->ack, own->acked);

	if (!(s->flags & TCP_ACK) || peer->fin.frame || !(half->seen & HALF_SEQ))
		return;
	if (peer->fin_implied && seq_after(s->ack, peer->fin_seq + 1))
		peer->fin_implied = false;
	if (!advanced || !seq_after(s->ack, half->next) || s->payload_len)
		return;
	if (s->ack == half->next + 1 ? !peer->gap : s->ack == own->acked + 1) {
		peer->fin_implied = true;
		peer->fin_seq = s->ack - 1;
	}
}

static void take_fin(struct conversation *c, struct side *own, struct side *peer, const struct segment *s,
                     unsigned side)
{
	const struct half *half = &c->flow.half[!side];

	if (s->flags & TCP_FIN && !own->fin.frame) {
		own->fin = moment_of(s);
		own->fin_seq = segment_end(s) - 1;
		own->fin_implied = false;
	}
	if (s->flags & TCP_ACK && !peer->fin_acked.frame && half->seen & HALF_FIN && seq_after(s->ack, peer->fin_seq))
		peer->fin_acked = moment_of(s);
	take_implied_fin(c, peer, s, side);
}

static void take_window(struct conversation *c, struct side *own, const struct segment *s, unsigned side)
{
	uint32_t acked = half_has(c, side, HALF_ACK) ? c->flow.half[side].acked : s->ack;

	if (s->flags & TCP_SYN)
		return;
	if (!own->window_peak_at.frame || s->window >= own->window_peak) {
		own->window_peak = s->window;
		own->window_peak_acked = seq_after(s->ack, acked) ? s->ack : acked;
		own->window_peak_at = moment_of(s);
		own->window_falls = 0;
	} else if (s->window < own->window_last) {
		own->window_falls++;
	}
	own->window_last = s->window;
	own->window_zero = s->window == 0;
}

static void take_handshake(struct conversation *c, const struct segment *s, uint16_t marks, unsigned side)
{
	const struct side *peer = &c->side[!side];

	if (!c->handshake.frame && side == c->flow.initiator && s->flags & TCP_ACK && !(s->flags & TCP_SYN) &&
	    peer->syn_ack && seq_after(s->ack, peer->isn) && !(marks & NOTE_ACKS_UNSEEN))
		c->handshake = moment_of(s);
}

static void take_segment(struct conversation *c, const struct segment *s, const struct options *o, unsigned side,
                         uint16_t marks)
{
	struct side *own = &c->side[side], *peer = &c->side[!side];

	if (!own->first.frame)
		own->first = moment_of(s);
	if (!own->segments || seq_before(s->seq, own->base))
		own->base = s->seq;
	own->good_checksums += s->checksum == CHECKSUM_GOOD;
	own->segments++;
	own->last = moment_of(s);
	if (o->seen & OPTION_TIMESTAMP &&
	    (!(own->any_options & OPTION_TIMESTAMP) || seq_after(o->ts_value, own->ts_last)))
		own->ts_last = o->ts_value;
	own->any_options |= o->seen;
	if (s->flags & TCP_SYN)
		take_syn(own, s, o);
	take_payload(c, own, s, marks, side);
	take_runs(c, own, peer, s, marks, side);
	take_fin(c, own, peer, s, side);
	take_window(c, own, s, side);
	take_handshake(c, s, marks, side);
}

void conversation_take(struct conversation *c, struct segment *segment, const struct options *options, unsigned side,
                       struct note *ret_note)
{
	struct side *own = &c->side[side];

	note_fill(ret_note, segment, options, side);
	zeek_segment(&c->zeek, segment);
	if (is_duplicate(c, ret_note)) {
		ret_note->marks |= NOTE_DUPLICATE;
		c->duplicates++;
		return;
	}
	c->segments++;
	if (segment->flags & TCP_RST) {
		run_add(&own->rsts, segment);
		c->rsts[c->rst_count++ % RST_NOTES] = *ret_note;
	} else {
		uint16_t marks = classify_sequence(c, segment, side) | classify_ack(c, segment, side);

		ret_note->marks |= marks | (segment->window == 0 ? NOTE_ZERO_WINDOW : 0);
		take_segment(c, segment, options, side, marks);
		look_take(own, segment);
	}
	flow_update(&c->flow, segment, side);
	remember(c, ret_note);
}

static void set_ends(struct conversation *c, const struct segment *first, unsigned side)
{
	c->side[side].end = first->src;
	c->side[!side].end = first->dst;
	c->version = first->version;
}

static struct predecessor *keep_predecessor(struct conversation *c)
{
	struct predecessor *old = c->predecessor ? c->predecessor : malloc(sizeof *old);

	if (old)
		*old = (struct predecessor){ .flow = c->flow, .side = { c->side[0], c->side[1] } };
	return old;
}

void conversation_begin(struct conversation *c, const struct segment *first, unsigned side, bool reuse)
{
	struct predecessor *old = reuse ? keep_predecessor(c) : NULL;

	if (reuse)
		memset(c, 0, sizeof *c);
	c->predecessor = old;
	set_ends(c, first, side);
	flow_begin(&c->flow, first, side);
	zeek_begin(&c->zeek, first);
}

void conversation_clear(struct conversation *c)
{
	free(c->predecessor);
	c->predecessor = NULL;
}

int conversation_client(const struct conversation *c)
{
	return c->flow.initiator;
}

uint32_t conversation_window(const struct conversation *c, unsigned side)
{
	const struct side *own = &c->side[side], *peer = &c->side[!side];
	bool scaled = own->option_bits & OPTION_WINDOW_SCALE && peer->option_bits & OPTION_WINDOW_SCALE;

	if (!own->window_peak_at.frame)
		return own->syn_window;
	return (uint32_t)own->window_last << (scaled ? own->window_scale : 0);
}

bool conversation_closed(const struct conversation *c)
{
	return c->side[0].fin_acked.frame && c->side[1].fin_acked.frame;
}
