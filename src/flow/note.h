/* What is remembered of a segment, for evidence and for the ladder. */
#ifndef TCPWHY_FLOW_NOTE_H
#define TCPWHY_FLOW_NOTE_H

#include <stdbool.h>
#include <stdint.h>

/* What the conversation made of the segment. */
enum note_mark {
	NOTE_RETRANSMISSION = 1 << 0,  /* nothing new in it, and it was not acknowledged yet */
	NOTE_KEEPALIVE = 1 << 1,       /* RFC 9293 section 3.8.4: seq = next - 1, at most one byte */
	NOTE_DUPLICATE = 1 << 2,       /* the same packet captured twice; evidence of nothing */
	NOTE_OUT_OF_ORDER = 1 << 3,    /* overtaken: fills a gap that the capture had seen */
	NOTE_GAP = 1 << 4,             /* begins beyond what was seen: something was lost or not captured */
	NOTE_ACKS_NEW = 1 << 5,        /* acknowledges something that was not acknowledged before */
	NOTE_ACKS_UNSEEN = 1 << 6,     /* acknowledges something that was not captured */
	NOTE_CHALLENGE = 1 << 7,       /* a bare ACK that repeats the current numbers in answer to a SYN or RST (RFC 5961) */
	NOTE_ZERO_WINDOW = 1 << 8,
	NOTE_HAS_TIMESTAMP = 1 << 9,
	NOTE_DF = 1 << 10,
};

struct note {
	uint64_t frame;
	int64_t time_ns;
	uint32_t seq, ack;
	uint32_t payload_len;
	uint32_t ts_value, ts_echo;
	uint32_t flow_label;
	uint16_t flags;          /* enum tcp_flag */
	uint16_t window;         /* unscaled */
	uint16_t ip_id;
	uint16_t marks;          /* enum note_mark */
	uint8_t side;            /* 0 or 1: who sent it */
	uint8_t hop_limit;
	uint8_t traffic_class;
	uint8_t option_bits;     /* 1: there were options; 2: MD5 or AO among them */
};

#endif
