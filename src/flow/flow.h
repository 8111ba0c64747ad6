/*
 * The least that must be known of every connection: enough to tell one from the next on the same ports, and how it
 * ended. It fits a cache line together with its key, so that millions can be open.
 */
#ifndef TCPWHY_FLOW_FLOW_H
#define TCPWHY_FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sequence.h"
#include "packet/segment.h"

/* Those that stand for a flag have its place, so that a segment's flags can be taken over as they are. */
enum half_seen {
	HALF_FIN = TCP_FIN,
	HALF_SYN = TCP_SYN,     /* sent a SYN (with or without ACK); `isn` is valid */
	HALF_RST = TCP_RST,
	HALF_DATA = 1 << 3,
	HALF_ACK = TCP_ACK,     /* sent an ACK; `acked` is valid */
	HALF_SEQ = 1 << 5,      /* sent something that sets `next` */
	HALF_FIN_ACKED = 1 << 6,/* its FIN was acknowledged */
};

struct half {
	uint32_t next;          /* one past the highest sequence number sent */
	uint32_t acked;         /* highest acknowledgement sent */
	uint8_t seen;           /* enum half_seen */
	uint8_t unanswered;     /* times something was sent again since the peer last acknowledged anything new; saturates */
	uint16_t segments;      /* sent; counted by the survey only; saturates */
};

enum flow_flag {
	FLOW_INITIATOR_KNOWN = 1 << 0,  /* `initiator` was seen to begin */
	FLOW_SYN_ACK = 1 << 1,
	FLOW_WANTED = 1 << 2,           /* something about it needs an explanation */
};

struct flow {
	uint64_t first_frame;
	uint32_t last_ms;       /* of its last segment, in milliseconds since the first frame of the run; saturates */
	uint32_t ordinal;       /* from 1, in order of the first frame; 0 where more than 2^32 - 1 were seen */
	struct half half[2];
	uint32_t isn;           /* of the initiator, where its SYN was seen */
	uint8_t initiator;      /* 0 or 1; a guess from the ports unless FLOW_INITIATOR_KNOWN */
	uint8_t flags;          /* enum flow_flag */
	uint16_t file;          /* which of several captures holds its first frame */
};

/* How a connection ended, in the words of the summary. */
enum ending {
	ENDING_OPEN,            /* still open when last seen */
	ENDING_CLOSED,          /* FIN both ways */
	ENDING_HALF_CLOSED,     /* FIN one way */
	ENDING_RESET,           /* a RST after the handshake */
	ENDING_REFUSED,         /* a RST instead of the handshake */
	ENDING_UNANSWERED,      /* SYN, and nothing came back */
	ENDINGS,
};

/* Whether the segment cannot belong to this flow but begins another one on the same ports. */
bool flow_begins_anew(const struct flow *flow, const struct segment *segment, unsigned side);
/* A zeroed flow takes its first segment here; `side` as tuple_of() gave it. */
void flow_begin(struct flow *flow, const struct segment *segment, unsigned side);
/* Take the next segment, the first one too. */
void flow_update(struct flow *flow, const struct segment *segment, unsigned side);
/*
 * flow_update() for what nearly every segment is: data or a FIN in order, or a bare ACK. No branch on which of them,
 * and masks in place of conditions: compilers make branches of those, and nobody foresees which way they go. False for
 * any other; then nothing was done, and flow_update_other() does it.
 */
static inline bool flow_update_plain(struct flow *flow, unsigned side, uint32_t seq, uint32_t ack, uint32_t payload_len,
                                     uint32_t flags)
{
	struct half *own = &flow->half[side], *peer = &flow->half[side ^ 1];
	uint32_t fin = flags & TCP_FIN, span = payload_len + fin / TCP_FIN, seen = own->seen, acks, fin_acked;
	int32_t sent = seq_diff(seq + span, own->next);

	if ((flags & (TCP_SYN | TCP_RST)) | !(seen & HALF_SEQ) | ((span > 0) & (sent <= 0)))
		return false;
	acks = flags / TCP_ACK & ((seq_diff(ack, own->acked) > 0) | !(seen & HALF_ACK)) & 1;
	fin_acked = acks & (peer->seen / HALF_FIN) & (seq_diff(ack, peer->next) >= 0);
	own->next += sent > 0 ? (uint32_t)sent : 0;
	own->acked ^= (own->acked ^ ack) & -acks;
	own->seen = (uint8_t)(seen | fin | (flags & TCP_ACK) | (payload_len > 0) * HALF_DATA);
	peer->seen |= (uint8_t)(fin_acked * HALF_FIN_ACKED);
	peer->unanswered &= (uint8_t)(acks - 1);
	return true;
}
void flow_update_other(struct flow *flow, const struct segment *segment, unsigned side);

/* What `side` expects next from its peer: RCV.NXT as far as the capture tells. False where nothing tells. */
bool flow_expects(const struct flow *flow, unsigned side, uint32_t *ret_seq);
enum ending flow_ending(const struct flow *flow);
/* Nothing more is expected of it: closed both ways or reset. */
static inline bool flow_is_over(const struct flow *flow)
{
	unsigned one = flow->half[0].seen, other = flow->half[1].seen;

	return ((one | other) & HALF_RST) | (one & other & HALF_FIN);
}
/* The last thing that one side sent, SYN or data, was sent again and again and never acknowledged. */
bool flow_unanswered(const struct flow *flow);

#endif
