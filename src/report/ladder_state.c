#include "report/ladder.h"

#include "base/sequence.h"

/* RFC 9293 section 3.3.2, as far as the segments of a capture tell; 0 leaves a state as it is. */
static const uint8_t on_own_fin[RUNG_STATES] = {
	[RUNG_UNKNOWN] = RUNG_FIN_WAIT_1,
	[RUNG_SYN_RECEIVED] = RUNG_FIN_WAIT_1,
	[RUNG_ESTABLISHED] = RUNG_FIN_WAIT_1,
	[RUNG_CLOSE_WAIT] = RUNG_LAST_ACK,
};
static const uint8_t on_peer_fin[RUNG_STATES] = {
	[RUNG_UNKNOWN] = RUNG_CLOSE_WAIT,
	[RUNG_SYN_RECEIVED] = RUNG_CLOSE_WAIT,
	[RUNG_ESTABLISHED] = RUNG_CLOSE_WAIT,
	[RUNG_FIN_WAIT_1] = RUNG_CLOSING,
	[RUNG_FIN_WAIT_2] = RUNG_TIME_WAIT,
};
static const uint8_t on_fin_acked[RUNG_STATES] = {
	[RUNG_FIN_WAIT_1] = RUNG_FIN_WAIT_2,
	[RUNG_CLOSING] = RUNG_TIME_WAIT,
	[RUNG_LAST_ACK] = RUNG_CLOSED,
};
/* The side sends a SYN-ACK, or anything but a SYN; its peer gets that. */
static const uint8_t on_own_ack[RUNG_STATES] = {
	[RUNG_UNKNOWN] = RUNG_ESTABLISHED,
	[RUNG_SYN_SENT] = RUNG_ESTABLISHED,
};
static const uint8_t on_peer_ack[RUNG_STATES] = {
	[RUNG_SYN_RECEIVED] = RUNG_ESTABLISHED,
};
static const uint8_t on_peer_syn_ack[RUNG_STATES] = {
	[RUNG_SYN_SENT] = RUNG_ESTABLISHED,
};

static void move(uint8_t *state, const uint8_t *on_event)
{
	if (on_event[*state])
		*state = on_event[*state];
}

static bool acks_fin(const struct track *track, const struct note *note)
{
	return note->flags & TCP_ACK && track->fin_sent[!note->side] &&
	       !seq_before(note->ack, track->fin_end[!note->side]);
}

static void take_fin(struct track *track, const struct note *note, uint8_t *own, uint8_t *peer)
{
	move(own, on_own_fin);
	move(peer, on_peer_fin);
	track->fin_sent[note->side] = true;
	track->fin_end[note->side] = note->seq + note->payload_len + 1;
}

void ladder_follow(struct track *track, const struct note *note)
{
	uint8_t *own = &track->state[note->side], *peer = &track->state[!note->side];

	/* Whether a RST was taken is not known yet; its verdict says so. */
	if (note->marks & NOTE_DUPLICATE || note->flags & TCP_RST)
		return;
	if (note->flags & TCP_SYN) {
		if (*own == RUNG_UNKNOWN)
			*own = note->flags & TCP_ACK ? RUNG_SYN_RECEIVED : RUNG_SYN_SENT;
		if (note->flags & TCP_ACK)
			move(peer, on_peer_syn_ack);
		return;
	}
	if (note->flags & TCP_ACK) {
		move(own, on_own_ack);
		move(peer, on_peer_ack);
	}
	if (acks_fin(track, note))
		move(peer, on_fin_acked);
	if (note->flags & TCP_FIN)
		take_fin(track, note, own, peer);
}
