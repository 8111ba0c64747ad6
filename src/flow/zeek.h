/*
 * What Zeek writes into conn.log about a TCP connection: `conn_state` and `history`, by the rules of Zeek 8 with its
 * default settings (src/packet_analysis/protocol/tcp, src/analyzer/protocol/tcp, scripts/base/protocols/conn).
 *
 * The caller decides where one connection on a pair of end points stops and the next begins, and fills
 * segment->checksum. A segment with a bad checksum counts as not seen ('c'), as for Zeek. Where a side had no good
 * checksum yet, its bad ones are the work of the capture (filled in by the network card, addresses made anonymous), and
 * its segments count as seen: what `zeek -C` makes of such a capture.
 */
#ifndef TCPWHY_FLOW_ZEEK_H
#define TCPWHY_FLOW_ZEEK_H

#include "packet/segment.h"

/* Letters kept, and the NUL. */
#define ZEEK_HISTORY_MAX 45
/* Stretches of data remembered beyond a hole; where there are more, the hole between the last two is overlooked. */
#define ZEEK_AHEAD_MAX 2

enum zeek_state {
	ZEEK_INACTIVE,
	ZEEK_SYN_SENT,
	ZEEK_SYN_ACK_SENT,
	ZEEK_PARTIAL,
	ZEEK_ESTABLISHED,
	ZEEK_CLOSED,
	ZEEK_RESET,
};

/* One side. Sequence numbers are absolute, or relative to `start`: then these are the low 32 bits of more. */
struct zeek_side {
	uint32_t start, last, acked;         /* absolute: first, one past the last, acknowledged by the peer */
	uint32_t last_syn, last_fin, last_rst; /* relative, of the last of each that the history knows */
	uint32_t delivered, fin_end;         /* relative: data without a hole up to here; one past the FIN */
	struct { uint32_t start, end; } ahead[ZEEK_AHEAD_MAX]; /* relative: data beyond a hole */
	uint32_t retransmitted : 20, seq_wraps : 8, state : 3;
	uint32_t zero_windows : 20, ack_wraps : 8, previous : 3;
	uint32_t gaps : 20, delivered_high : 8, ahead_count : 2, fin_seen : 1, skipping : 1;
	uint32_t bad_checksums : 20, fin_end_high : 8, keepalive : 1, checksum_good : 1;
};

/* Zero until zeek_begin(). All fields are private. */
struct zeek {
	struct zeek_side side[2];            /* 0: the sender of the first segment */
	uint16_t seen;                       /* what the history has of the originator and, shifted, of the responder */
	uint8_t letters;
	uint8_t originator : 1, ascending : 1, partial : 1, first_seen : 2;
	uint8_t packed[28];                  /* letters of five bits */
};

/* Decide from the first segment who is the originator. The segment is then given to zeek_segment(), too. */
void zeek_begin(struct zeek *zeek, const struct segment *first);
void zeek_segment(struct zeek *zeek, const struct segment *segment);
/* S0 S1 S2 S3 SF REJ RSTO RSTR RSTOS0 RSTRH SH SHR OTH. */
const char *zeek_conn_state(const struct zeek *zeek);
/* The history, in the order of events: upper case is the originator. Letters past ZEEK_HISTORY_MAX are dropped. */
void zeek_history(const struct zeek *zeek, char ret_text[ZEEK_HISTORY_MAX]);
/* 0 where the sender of the first segment is the originator, 1 where its receiver is. Later segments may change it. */
unsigned zeek_originator(const struct zeek *zeek);

#endif
