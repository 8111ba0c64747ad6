#include "report/ladder.h"

#include "base/sequence.h"

/* RFC 9293 section 3.3.2, as far as the segments of a capture tell; 0 leaves a state as it is. */
static const uint8_t on_own_fin[STEP_STATES] = {
	[STEP_UNKNOWN] = STEP_FIN_WAIT_1,
	[STEP_SYN_RECEIVED] = STEP_FIN_WAIT_1,
	[STEP_ESTABLISHED] = STEP_FIN_WAIT_1,
	[STEP_CLOSE_WAIT] = STEP_LAST_ACK,
};
static const uint8_t on_peer_fin[STEP_STATES] = {
	[STEP_UNKNOWN] = STEP_CLOSE_WAIT,
	[STEP_SYN_RECEIVED] = STEP_CLOSE_WAIT,
	[STEP_ESTABLISHED] = STEP_CLOSE_WAIT,
	[STEP_FIN_WAIT_1] = STEP_CLOSING,
	[STEP_FIN_WAIT_2] = STEP_TIME_WAIT,
};
static const uint8_t on_fin_acked[STEP_STATES] = {
	[STEP_FIN_WAIT_1] = STEP_FIN_WAIT_2,
	[STEP_CLOSING] = STEP_TIME_WAIT,
	[STEP_LAST_ACK] = STEP_CLOSED,
};
/* The side sends a SYN-ACK, or anything but a SYN; its peer gets that. */
static const uint8_t on_own_ack[STEP_STATES] = {
	[STEP_UNKNOWN] = STEP_ESTABLISHED,
	[STEP_SYN_SENT] = STEP_ESTABLISHED,
};
static const uint8_t on_peer_ack[STEP_STATES] = {
	[STEP_SYN_RECEIVED] = STEP_ESTABLISHED,
};
static const uint8_t on_peer_syn_ack[STEP_STATES] = {
	[STEP_SYN_SENT] = STEP_ESTABLISHED,
};

static void move(uint8_t *state, const uint8_t *on_event)
{
	if (on_event[*state])
		*state = on_event[*state];
}

static bool acks_fin(const struct ladder *ladder, const struct note *note)
{
	return note->flags & TCP_ACK && ladder->fin_sent[!note->side] &&
	       !seq_before(note->ack, ladder->fin_end[!note->side]);
}

static void take_fin(struct ladder *ladder, const struct note *note, uint8_t *own, uint8_t *peer)
{
	move(own, on_own_fin);
	move(peer, on_peer_fin);
	ladder->fin_sent[note->side] = true;
	ladder->fin_end[note->side] = note->seq + note->payload_len + 1;
}

void ladder_follow(struct ladder *ladder, const struct note *note)
{
	uint8_t *own = &ladder->state[note->side], *peer = &ladder->state[!note->side];

	/* Whether a RST was taken is not known yet; its verdict says so. */
	if (note->marks & NOTE_DUPLICATE || note->flags & TCP_RST)
		return;
	if (note->flags & TCP_SYN) {
		if (*own == STEP_UNKNOWN)
			*own = note->flags & TCP_ACK ? STEP_SYN_RECEIVED : STEP_SYN_SENT;
		if (note->flags & TCP_ACK)
			move(peer, on_peer_syn_ack);
		return;
	}
	if (note->flags & TCP_ACK) {
		move(own, on_own_ack);
		move(peer, on_peer_ack);
	}
	if (acks_fin(ladder, note))
		move(peer, on_fin_acked);
	if (note->flags & TCP_FIN)
		take_fin(ladder, note, own, peer);
}
