#include "flow/flow.h"

/*
 * Times a SYN or data must have gone out again, unanswered, before it counts as given up (a guess at patience: Linux
 * sends a SYN again after 1 and 3 s, data after about 0.2, 0.4, 0.8 and 1.6 s; RFC 6298).
 */
#define SYN_GIVEN_UP 2
#define DATA_GIVEN_UP 4

static bool has(const struct half *half, unsigned bits)
{
	return (half->seen & bits) == bits;
}

static bool is_syn(const struct segment *s)
{
	return (s->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

bool flow_begins_anew(const struct flow *flow, const struct segment *segment, unsigned side)
{
	const struct half *own = &flow->half[side], *peer = &flow->half[!side];

	if (!is_syn(segment))
		return false;
	if (side == flow->initiator && has(own, HALF_SYN))
		return segment->seq != flow->isn;
	/* Captured out of order: the SYN-ACK that answers this SYN came first. */
	if (!has(own, HALF_SEQ) && has(peer, HALF_SYN | HALF_ACK) && peer->acked == segment->seq + 1)
		return false;
	/* Simultaneous open (RFC 9293 section 3.5): the SYNs cross. */
	if (!has(own, HALF_SEQ) && has(peer, HALF_SYN) && !has(peer, HALF_ACK))
		return false;
	/* The responder of a crossed handshake sends its SYN again. */
	if (has(own, HALF_SYN) && !has(own, HALF_DATA) && own->next == segment_end(segment))
		return false;
	return true;
}

/* Who would be the server if only the ports were known: the one with the lower number, if it is a service's. */
#define FIRST_EPHEMERAL_PORT 1024

static unsigned guess_initiator(const struct segment *s, unsigned side)
{
	bool from_service = s->src.port < FIRST_EPHEMERAL_PORT, to_service = s->dst.port < FIRST_EPHEMERAL_PORT;

	if (from_service != to_service)
		return from_service ? !side : side;
	return s->src.port < s->dst.port ? !side : side;
}

void flow_begin(struct flow *flow, const struct segment *segment, unsigned side)
{
	flow->first_frame = segment->frame;
	if (!(segment->flags & TCP_SYN)) {
		flow->initiator = (uint8_t)guess_initiator(segment, side);
		return;
	}
	flow->flags |= FLOW_INITIATOR_KNOWN;
	if (segment->flags & TCP_ACK) {
		flow->initiator = !side;
		return;
	}
	flow->initiator = (uint8_t)side;
	flow->isn = segment->seq;
}

static void take_sequence(struct half *own, const struct half *peer, const struct segment *s)
{
	uint32_t end = segment_end(s);
	bool sends = segment_span(s) > 0;

	if (!has(own, HALF_SEQ) || seq_after(end, own->next)) {
		own->next = end;
		own->seen |= HALF_SEQ;
		return;
	}
	if (sends && (!has(peer, HALF_ACK) || seq_after(end, peer->acked)) && own->unanswered < UINT8_MAX)
		own->unanswered++;
}

static void take_ack(struct half *own, struct half *peer, const struct segment *s)
{
	if (has(own, HALF_ACK) && !seq_after(s->ack, own->acked))
		return;
	own->acked = s->ack;
	own->seen |= HALF_ACK;
	peer->unanswered = 0;
	if (has(peer, HALF_FIN) && !seq_before(s->ack, peer->next))
		peer->seen |= HALF_FIN_ACKED;
}

static void take_flags(struct flow *flow, struct half *own, const struct segment *s, unsigned side)
{
	if (s->flags & TCP_SYN) {
		own->seen |= HALF_SYN;
		if ((s->flags & TCP_ACK) && side != flow->initiator)
			flow->flags |= FLOW_SYN_ACK;
		if (side == flow->initiator && !(s->flags & TCP_ACK))
			flow->isn = s->seq;
	}
	if (s->flags & TCP_FIN)
		own->seen |= HALF_FIN;
	if (s->payload_len)
		own->seen |= HALF_DATA;
}

void flow_update_other(struct flow *flow, const struct segment *segment, unsigned side)
{
	struct half *own = &flow->half[side], *peer = &flow->half[!side];

	if (segment->flags & TCP_RST) {
		/* A RST's numbers are often made from those of the peer, or forged: they say nothing about the sender. */
		own->seen |= HALF_RST;
		return;
	}
	take_sequence(own, peer, segment);
	take_flags(flow, own, segment, side);
	if (segment->flags & TCP_ACK)
		take_ack(own, peer, segment);
}

void flow_update(struct flow *flow, const struct segment *segment, unsigned side)
{
	if (!flow_update_plain(flow, side, segment->seq, segment->ack, segment->payload_len, segment->flags))
		flow_update_other(flow, segment, side);
}

bool flow_expects(const struct flow *flow, unsigned side, uint32_t *ret_seq)
{
	const struct half *own = &flow->half[side], *peer = &flow->half[!side];

	if (!has(own, HALF_ACK) && !has(peer, HALF_SEQ))
		return false;
	/* What was sent in order has arrived or will; what was acknowledged without being captured has, too. */
	*ret_seq = has(peer, HALF_SEQ) ? peer->next : own->acked;
	if (has(own, HALF_ACK) && seq_after(own->acked, *ret_seq))
		*ret_seq = own->acked;
	return true;
}

static bool any_rst(const struct flow *flow)
{
	return has(&flow->half[0], HALF_RST) || has(&flow->half[1], HALF_RST);
}

enum ending flow_ending(const struct flow *flow)
{
	const struct half *initiator = &flow->half[flow->initiator], *responder = &flow->half[!flow->initiator];
	unsigned fins = has(initiator, HALF_FIN) + has(responder, HALF_FIN);

	if (any_rst(flow))
		return has(initiator, HALF_SYN) && !has(responder, HALF_SEQ) ? ENDING_REFUSED : ENDING_RESET;
	if (fins == 2)
		return ENDING_CLOSED;
	if (fins == 1)
		return ENDING_HALF_CLOSED;
	if (has(initiator, HALF_SYN) && !has(responder, HALF_SEQ))
		return ENDING_UNANSWERED;
	return ENDING_OPEN;
}

bool flow_unanswered(const struct flow *flow)
{
	const struct half *initiator = &flow->half[flow->initiator];

	if (any_rst(flow))
		return false;
	if (flow_ending(flow) == ENDING_UNANSWERED)
		return initiator->unanswered >= SYN_GIVEN_UP;
	return flow->half[0].unanswered >= DATA_GIVEN_UP || flow->half[1].unanswered >= DATA_GIVEN_UP;
}
