#include "flow/zeek_parts.h"

#include <string.h>

#include "base/sequence.h"
#include "flow/known_ports.h"

/* Zeek's TOO_LARGE_SEQ_DELTA, in bytes: a SYN or RST that jumps further is not believed. */
#define JUMP_MAX 1048576

_Static_assert(sizeof(struct zeek) <= 160, "a conversation embeds it");

/* A segment on its way through the rules. */
struct step {
	const struct segment *segment;
	struct zeek_side *own, *peer;
	uint16_t flags;
	bool from_originator;    /* as it was before the segment; Zeek goes on with it where the segment flips the roles */
	bool underflow;          /* it begins before the side's first number */
	uint64_t seq, ack;       /* relative to the first number */
};

/* Lower end first, as good as a copy of the first segment's source for telling who sends. */
static bool is_ascending(const struct segment *s)
{
	if (s->src.port != s->dst.port)
		return s->src.port < s->dst.port;
	return memcmp(s->src.address.bytes, s->dst.address.bytes, sizeof s->src.address.bytes) < 0;
}

bool zeek_no_data_acked(const struct zeek_side *s)
{
	uint64_t acked = zeek_full(s->acked, s->ack_wraps);

	return acked == s->start || acked == (uint64_t)s->start + 1;
}

uint64_t zeek_size(const struct zeek *z, const struct zeek_side *s)
{
	uint64_t last = zeek_full(s->last, s->seq_wraps), acked = zeek_full(s->acked, s->ack_wraps), size;
	const struct zeek_side *peer = s == &z->side[0] ? &z->side[1] : &z->side[0];

	if (s->previous == ZEEK_SYN_SENT && s->state == ZEEK_RESET && peer->state == ZEEK_INACTIVE && !zeek_no_data_acked(s))
		return 0;
	size = (last > acked ? last : acked) - s->start;
	size -= size != 0;
	return size - (size != 0 && s->fin_seen);
}

static void set_state(struct zeek_side *s, enum zeek_state state)
{
	if (s->state == state)
		return;
	s->previous = s->state;
	s->state = state;
}

/* Zeek's guess where the first segment is no plain SYN. For a SYN-ACK it is careful: it may be a scan. */
static bool begins_flipped(const struct segment *s)
{
	if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN || !port_is_known(s->src.port))
		return false;
	if (port_is_known(s->dst.port))
		return !(s->flags & TCP_SYN) && s->src.port < s->dst.port;
	return true;
}

static void flip(struct zeek *z)
{
	z->originator ^= 1;
	z->first_seen = (z->first_seen >> 1 | z->first_seen << 1) & 3;
	z->partial = 0;
	zeek_letter(z, NULL, '^');
}

void zeek_begin(struct zeek *z, const struct segment *first)
{
	memset(z, 0, sizeof *z);
	z->ascending = is_ascending(first);
	z->side[0].delivered = z->side[1].delivered = 1;
	if (begins_flipped(first))
		flip(z);
}

/* Whether the SYN of each side was seen before anything else of it. */
static void update_partial(struct zeek *z, const struct step *step)
{
	bool syn = step->flags & TCP_SYN, ack = step->flags & TCP_ACK;

	if (step->from_originator) {
		if (!(z->first_seen & 1))
			z->partial = !syn || ack;
	} else if (!(z->first_seen & 2) && !z->partial) {
		z->partial = !syn;
	}
}

static uint32_t segment_span_of(const struct step *step)
{
	uint32_t span = segment_span(step->segment);

	return step->flags & TCP_RST ? span - step->segment->payload_len : span;
}

static void set_start(struct zeek_side *s, uint32_t start, uint32_t last)
{
	s->start = s->acked = start;
	s->last = last;
}

static void init_side(const struct step *step)
{
	struct zeek_side *s = step->own;
	uint32_t seq = step->segment->seq;
	bool syn = step->flags & TCP_SYN;

	if (s->state == ZEEK_INACTIVE && !syn)
		set_start(s, seq - 1, seq); /* as though there had been a SYN */
	else if (!syn || s->state == ZEEK_CLOSED)
		return;
	else if (s->state == ZEEK_RESET && s->previous != ZEEK_INACTIVE)
		return;
	else if ((s->state == ZEEK_SYN_SENT || s->state == ZEEK_SYN_ACK_SENT) && seq == s->start)
		return;
	else
		set_start(s, seq, seq + segment_span_of(step));
}

/* A number relative to the side's first, given the last one like it and how often those wrapped. */
static uint64_t relative(const struct zeek_side *s, uint32_t seq, uint32_t last, unsigned wraps, bool *ret_underflow)
{
	int32_t ahead = seq_diff(seq, last);

	if (ahead < 0 && wraps && seq > last)
		wraps--;
	else if (ahead > 0 && seq < last)
		wraps++;
	if (wraps)
		return zeek_full(seq, wraps) - s->start;
	*ret_underflow = seq_diff(seq, s->start) < 0;
	return (uint64_t)(int64_t)seq_diff(seq, s->start);
}

/* In the order of their bits in `seen`. */
enum kind { KIND_SYN, KIND_FIN, KIND_RST, KIND_FIN_RST, KIND_DATA, KIND_ACK, KIND_MULTI };

/* One SYN-ACK and then neither silence nor a RST: that was no scan, and who sent it is the responder. */
static void flip_after_syn_ack(struct zeek *z)
{
	char history[ZEEK_HISTORY_MAX];

	if (z->letters != 1)
		return;
	zeek_history(z, history);
	if (history[0] != 'H')
		return;
	z->letters = 0;
	memset(z->packed, 0, sizeof z->packed);
	flip(z);
	zeek_letter(z, &z->side[!z->originator], 'H');
	z->first_seen |= 1;
}

/* False where the history has the kind from this side already; else it has it now. */
static bool first_of_kind(struct zeek *z, const struct zeek_side *s, enum kind kind, char letter)
{
	uint16_t bit;

	if (kind == KIND_DATA || kind == KIND_ACK)
		flip_after_syn_ack(z);
	bit = (uint16_t)(1u << kind << (zeek_is_originator(z, s) ? 0 : 8));
	if (z->seen & bit)
		return false;
	z->seen |= bit;
	zeek_letter(z, s, letter);
	return true;
}

/* SYN, FIN and RST stand in the history again when their sequence number differs from the last. */
static void repeatable(struct zeek *z, const struct zeek_side *s, enum kind kind, char letter, uint32_t *last,
                       uint64_t seq)
{
	if (!first_of_kind(z, s, kind, letter) && (uint32_t)seq != *last)
		zeek_letter(z, s, letter);
	*last = (uint32_t)seq;
}

static void update_history(struct zeek *z, const struct step *step)
{
	struct zeek_side *s = step->own;
	uint32_t len = step->segment->payload_len;

	switch (step->flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
	case 0:
		if (len)
			first_of_kind(z, s, KIND_DATA, 'D');
		else if (step->flags & TCP_ACK)
			first_of_kind(z, s, KIND_ACK, 'A');
		break;
	case TCP_SYN:
		repeatable(z, s, KIND_SYN, step->flags & TCP_ACK ? 'H' : 'S', &s->last_syn, step->seq);
		break;
	case TCP_FIN:
		repeatable(z, s, KIND_FIN, 'F', &s->last_fin, step->seq + len);
		break;
	case TCP_RST:
		repeatable(z, s, KIND_RST, 'R', &s->last_rst, step->seq);
		break;
	case TCP_SYN | TCP_RST:
	case TCP_SYN | TCP_FIN:
		first_of_kind(z, s, KIND_MULTI, 'Q');
		break;
	default:
		first_of_kind(z, s, KIND_FIN_RST, 'I');
	}
}

static void update_window(struct zeek *z, const struct step *step)
{
	if (step->segment->window == 0 && !(step->flags & TCP_RST) && step->peer->state != ZEEK_CLOSED &&
	    step->own->state != ZEEK_RESET)
		zeek_count(z, step->own, zero_windows, 'W');
}

static void update_ack(struct step *step)
{
	struct zeek_side *peer = step->peer;
	uint32_t ack = step->segment->ack;
	int32_t ahead = seq_diff(ack, peer->acked);
	bool underflow = false;

	if (peer->state == ZEEK_INACTIVE) {
		step->ack = 1;
		set_start(peer, ack - 1, ack - 1);
		return;
	}
	step->ack = relative(peer, ack, peer->acked, peer->ack_wraps, &underflow);
	if (underflow) {
		step->ack = 0;
	} else if (!(step->flags & TCP_RST) && ahead > 0 && !(ack == 0 && ahead > JUMP_MAX)) {
		peer->ack_wraps += ack < peer->acked && peer->ack_wraps < UINT8_MAX;
		peer->acked = ack;
	}
}

/* Nothing new, but bytes in it: sent again. */
static void update_last(struct zeek *z, const struct step *step)
{
	struct zeek_side *s = step->own;
	uint32_t last = step->segment->seq + segment_span_of(step);
	int32_t ahead = seq_diff(last, s->last);

	if (step->flags & (TCP_SYN | TCP_RST) && (ahead > JUMP_MAX || ahead < -JUMP_MAX))
		return;
	if (step->flags & TCP_FIN && s->last == s->start + 1) {
		/* The only number since the SYN: believed, for the data between may not have been captured. */
	} else if (s->state == ZEEK_RESET) {
		return;
	} else if (ahead <= 0) {
		if (step->segment->payload_len)
			zeek_count(z, s, retransmitted, 'T');
		return;
	}
	s->seq_wraps += last < s->last && s->seq_wraps < UINT8_MAX;
	s->last = last;
}

static void first_syn_of_originator(const struct step *step)
{
	set_state(step->own, step->flags & TCP_ACK ? ZEEK_SYN_ACK_SENT : ZEEK_SYN_SENT);
}

static void first_syn_of_responder(struct zeek *z, const struct step *step)
{
	if (!(step->flags & TCP_ACK) && step->peer->state == ZEEK_SYN_ACK_SENT) {
		/* The SYN-ACK overtook the SYN. */
		flip(z);
		set_state(step->peer, ZEEK_ESTABLISHED);
		z->first_seen |= 1;
	}
	if (step->peer->state == ZEEK_SYN_SENT)
		set_state(step->peer, ZEEK_ESTABLISHED);
	set_state(step->own, ZEEK_ESTABLISHED);
}

/* The side's first segment, without flags that say what it is. */
static void first_of_other(struct zeek *z, const struct step *step)
{
	if (!step->from_originator && !step->segment->payload_len && z->side[z->originator].state == ZEEK_SYN_SENT)
		return; /* some acknowledge a SYN before they answer it */
	if (!(step->flags & TCP_ACK) || step->peer->state != ZEEK_ESTABLISHED) {
		set_state(step->own, ZEEK_PARTIAL);
		return;
	}
	set_state(step->own, ZEEK_ESTABLISHED);
	z->partial = 0;
	z->first_seen |= step->from_originator ? 1 : 2;
}

static void leave_inactive(struct zeek *z, const struct step *step)
{
	if (step->flags & TCP_SYN) {
		if (step->from_originator)
			first_syn_of_originator(step);
		else
			first_syn_of_responder(z, step);
	}
	if (step->flags & TCP_FIN)
		set_state(step->own, ZEEK_CLOSED);
	if (step->flags & TCP_RST)
		set_state(step->own, ZEEK_RESET);
	if (step->own->state == ZEEK_INACTIVE)
		first_of_other(z, step);
}

static void leave_syn_sent(const struct step *step)
{
	if (step->flags & TCP_FIN)
		set_state(step->own, ZEEK_CLOSED);
	if (step->flags & TCP_RST)
		set_state(step->own, ZEEK_RESET);
}

static void leave_established(const struct step *step)
{
	struct zeek_side *own = step->own, *peer = step->peer;

	if ((step->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && own->state == ZEEK_PARTIAL && peer->state == ZEEK_INACTIVE)
		set_state(own, ZEEK_SYN_SENT);
	if ((step->flags & (TCP_FIN | TCP_RST)) == TCP_FIN) {
		set_state(own, ZEEK_CLOSED);
		/* The peer's FIN and RST, answered by a FIN, were a normal end after all. */
		if (peer->state == ZEEK_RESET && peer->previous == ZEEK_CLOSED)
			set_state(peer, ZEEK_CLOSED);
	}
	if (step->flags & TCP_RST)
		set_state(own, ZEEK_RESET);
}

static void update_state(struct zeek *z, const struct step *step)
{
	switch ((enum zeek_state)step->own->state) {
	case ZEEK_INACTIVE:
		leave_inactive(z, step);
		break;
	case ZEEK_SYN_SENT:
	case ZEEK_SYN_ACK_SENT:
		leave_syn_sent(step);
		break;
	case ZEEK_PARTIAL:
	case ZEEK_ESTABLISHED:
		leave_established(step);
		break;
	case ZEEK_CLOSED:
		if (step->flags & TCP_RST && step->peer->state != ZEEK_CLOSED)
			set_state(step->own, ZEEK_RESET);
		break;
	case ZEEK_RESET:
		break;
	}
}

/* Payload that was cut off is not looked at: once acknowledged it is a gap. */
static void take_data(struct zeek *z, const struct step *step)
{
	const struct segment *s = step->segment;

	if (s->payload_len && s->payload_captured >= s->payload_len && !(step->flags & TCP_RST) && !step->underflow)
		zeek_data(z, step->own, step->seq + !!(step->flags & TCP_SYN), s->payload_len);
}

static void take(struct zeek *z, struct step *step)
{
	struct zeek_side *s = step->own;

	update_partial(z, step);
	init_side(step);
	step->seq = relative(s, step->segment->seq, s->last, s->seq_wraps, &step->underflow);
	update_history(z, step);
	update_window(z, step);
	if (step->flags & TCP_FIN)
		zeek_set_fin(s, step->seq + segment_span_of(step));
	if (step->flags & TCP_ACK)
		update_ack(step);
	update_last(z, step);
	update_state(z, step);
	if (step->flags & TCP_ACK)
		zeek_acked(z, step->peer, step->ack);
	z->first_seen |= step->from_originator ? 1 : 2;
	take_data(z, step);
}

void zeek_segment(struct zeek *z, const struct segment *segment)
{
	struct zeek_side *own = &z->side[is_ascending(segment) != z->ascending];
	struct step step = {
		.segment = segment, .own = own, .peer = zeek_peer(z, own), .flags = segment->flags,
		.from_originator = zeek_is_originator(z, own),
	};

	if (segment->options_len < segment->header_options_len)
		return;
	own->checksum_good |= segment->checksum == CHECKSUM_GOOD;
	if (segment->checksum == CHECKSUM_BAD && own->checksum_good)
		zeek_count(z, own, bad_checksums, 'C');
	else
		take(z, &step);
}

unsigned zeek_originator(const struct zeek *z)
{
	return z->originator;
}
