/*
 * Frames to segments. Link types: Ethernet, Linux cooked 1 and 2, NULL/LOOP, raw IP, IPv4, IPv6, PPP, PPPoE, 802.11
 * (plain and with radiotap); VLAN, QinQ, MPLS; tunnels GRE (and ERSPAN, NVGRE), IPIP, 6in4, VXLAN, GENEVE, Teredo,
 * GTP-U: the innermost TCP connection counts. IPv4 and IPv6 fragments are put together.
 */
#ifndef TCPWHY_PACKET_DECODER_H
#define TCPWHY_PACKET_DECODER_H

#include "packet/segment.h"
#include "source/frame.h"

enum decoded {
	DECODED_SEGMENT,       /* *segment is filled */
	DECODED_ICMP_ERROR,    /* *icmp_error is filled: an ICMP error that quotes a TCP segment */
	DECODED_OTHER,         /* a sound packet that is not TCP */
	DECODED_FRAGMENT,      /* kept until the rest arrives */
	DECODED_CUT,           /* the snap length cut off what is needed */
	DECODED_MALFORMED,     /* lengths or versions contradict each other */
	DECODED_UNKNOWN_LINK,  /* a link type that is not handled */
	DECODED_KINDS,
};

/* An ICMP or ICMPv6 error message about a TCP segment (RFC 792, RFC 4443). */
struct icmp_error {
	uint64_t frame;
	int64_t time_ns;
	struct address reporter;       /* who sent the message */
	struct endpoint src, dst;      /* of the quoted segment */
	uint32_t seq;                  /* of the quoted segment */
	uint8_t version;               /* 4: ICMP, 6: ICMPv6 */
	uint8_t type, code;
};

/* The numbers of what was decoded, for the summary: nothing is lost silently. */
struct decoder_counts {
	uint64_t kinds[DECODED_KINDS];
	uint64_t fragments_lost;       /* fragments let go: too late, overlapping, or the cache was full */
	uint64_t fragments_waiting;    /* fragments kept for a datagram that is not complete; at the end, lost too */
	uint16_t unknown_link_type;    /* the last link type that was not handled */
};

struct decoder;

/* NULL when out of memory. Freed by decoder_free(). */
struct decoder *decoder_new(void);
/*
 * Decode one frame. *segment is filled on DECODED_SEGMENT, *icmp_error on DECODED_ICMP_ERROR; else both are undefined.
 * The segment points into the frame's bytes or, if `reassembled`, into the decoder's own, valid until the next call.
 */
enum decoded decoder_frame(struct decoder *decoder, const struct frame *frame, struct segment *segment,
                           struct icmp_error *icmp_error);
const struct decoder_counts *decoder_counts(const struct decoder *decoder);
void decoder_free(struct decoder *decoder);

#endif
