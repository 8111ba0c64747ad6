/*
 * A TCP segment as decoded from a frame: numbers, and pointers into the frame's bytes. Nothing is copied but
 * addresses.
 */
#ifndef TCPWHY_PACKET_SEGMENT_H
#define TCPWHY_PACKET_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/address.h"

/* RFC 9293 section 3.1; AE is RFC 9768's. */
enum tcp_flag {
	TCP_FIN = 0x001,
	TCP_SYN = 0x002,
	TCP_RST = 0x004,
	TCP_PSH = 0x008,
	TCP_ACK = 0x010,
	TCP_URG = 0x020,
	TCP_ECE = 0x040,
	TCP_CWR = 0x080,
	TCP_AE  = 0x100,
	TCP_RESERVED = 0xe00,
	TCP_FLAGS = 0xfff,
};

enum checksum {
	CHECKSUM_UNKNOWN = 0,  /* not checked: frame cut short, fragment, or not asked for */
	CHECKSUM_GOOD,
	CHECKSUM_OFFLOADED,    /* holds the pseudo header's sum only, or zero: the sender's card was to fill it in */
	CHECKSUM_BAD,
};

struct segment {
	uint64_t frame;              /* its number; within a run of several captures see frame_in_run() */
	int64_t time_ns;
	const uint8_t *options;      /* `options_len` bytes of captured TCP options, right behind the fixed header */
	const uint8_t *payload;      /* `payload_captured` bytes */
	const uint8_t *ip;           /* start of the innermost IP header */
	const uint8_t *mac;          /* source (6 bytes) of the outermost Ethernet, SLL or 802.11 header, or NULL */
	uint32_t seq, ack;           /* ack as it stands in the header, also where the ACK flag is clear */
	uint32_t payload_len;        /* on the wire, from the IP length (or the frame's length where that is 0: TSO) */
	uint32_t payload_captured;
	uint32_t flow_label;         /* IPv6, else 0 */
	uint16_t flags;              /* enum tcp_flag */
	uint16_t window;             /* unscaled */
	uint16_t urgent;
	uint16_t ip_id;              /* IPv4, else 0 */
	uint8_t options_len;
	uint8_t header_options_len;  /* what the header announces; more than options_len where the frame was cut */
	uint8_t hop_limit;           /* TTL or hop limit */
	uint8_t traffic_class;       /* TOS or traffic class, ECN bits included */
	bool dont_fragment;          /* IPv4 DF */
	bool reassembled;            /* put together from fragments; frame is the one that completed it */
	uint8_t tunnels;             /* how many tunnel headers were taken off */
	uint8_t version;             /* 4 or 6 */
	enum checksum checksum;      /* filled by segment_checksum() only */
	struct endpoint src, dst;    /* a source-routed packet's dst is where its route ends */
};

/* Sequence space that the segment takes: payload, SYN, FIN (RFC 9293 SEG.LEN). */
static inline uint32_t segment_span(const struct segment *s)
{
	return s->payload_len + ((s->flags & TCP_SYN) != 0) + ((s->flags & TCP_FIN) != 0);
}

/* One past the last sequence number that the segment takes. */
static inline uint32_t segment_end(const struct segment *s)
{
	return s->seq + segment_span(s);
}

#define SACK_BLOCKS_MAX 4

enum option_seen {
	OPTION_MSS = 1 << 0,
	OPTION_WINDOW_SCALE = 1 << 1,
	OPTION_SACK_PERMITTED = 1 << 2,
	OPTION_SACK = 1 << 3,
	OPTION_TIMESTAMP = 1 << 4,
	OPTION_MD5 = 1 << 5,          /* RFC 2385, kind 19 */
	OPTION_AO = 1 << 6,           /* RFC 5925, kind 29 */
	OPTION_FAST_OPEN = 1 << 7,    /* RFC 7413, kind 34 or experimental 254 with 0xf989 */
	OPTION_MPTCP = 1 << 8,        /* RFC 8684, kind 30 */
	OPTION_MP_TCPRST = 1 << 9,    /* MPTCP subtype 8 */
	OPTION_MP_FASTCLOSE = 1 << 10,/* MPTCP subtype 7 */
	OPTION_MP_CAPABLE = 1 << 11,
	OPTION_MP_JOIN = 1 << 12,
	OPTION_USER_TIMEOUT = 1 << 13,
	OPTION_OTHER = 1 << 14,       /* a kind not listed here */
	OPTION_BROKEN = 1 << 15,      /* the list breaks its own lengths; parsing stopped there */
};

struct options {
	uint32_t seen;                /* enum option_seen */
	uint32_t ts_value, ts_echo;
	uint16_t mss;
	uint8_t window_scale;         /* 0..14, larger ones taken as 14 (RFC 7323 section 2.3) */
	uint8_t sack_count;
	uint8_t mp_tcprst_reason;     /* RFC 8684 section 3.6 */
	uint8_t mp_tcprst_flags;      /* low four bits: U V W T */
	uint32_t sack[SACK_BLOCKS_MAX][2];
};

/* Parse the options that were captured. Never reads past them; *ret_options is always filled. */
void segment_options(const struct segment *segment, struct options *ret_options);

/* Verify the TCP checksum of a decoded segment, where all of it was captured; sets and returns segment->checksum. */
enum checksum segment_checksum(struct segment *segment);

#endif
