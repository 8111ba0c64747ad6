/*
 * The straight road for what nearly every capture consists of: Ethernet, whole IPv4 or IPv6 header, no options, no
 * extension headers, no fragments, TCP. A glance finds the headers and copies nothing, for passes that look at every
 * packet.
 */
#ifndef TCPWHY_PACKET_GLANCE_H
#define TCPWHY_PACKET_GLANCE_H

#include "packet/tcp.h"

struct glance {
	const uint8_t *ip, *tcp;
	uint32_t captured, length;   /* of the TCP header and payload: in the file (at least TCP_HEADER), on the wire */
	uint8_t version;             /* 4 or 6 */
};

/* Behind these come IPv4 without options: ethertype, version, length of the header. */
#define GLANCE_IPV4_KIND (ETHERTYPE_IPV4 << 8 | 0x45)

/* The data offset of TCP, in bytes, is sound. */
static inline bool glance_tcp(const struct glance *glance)
{
	uint32_t header = (uint32_t)(glance->tcp[12] >> 4) * 4;

	return header >= TCP_HEADER && header <= glance->length;
}

/* TCP in IPv4, and no fragment; two wide comparisons, for nearly every packet is one. */
static inline bool glance_ipv4(const struct frame *frame, struct glance *glance)
{
	const uint8_t *ip = frame->data + ETHERNET_HEADER;
	uint32_t captured = frame->captured - ETHERNET_HEADER, length;

	if (frame->link_type != LINK_ETHERNET || frame->captured < ETHERNET_HEADER + IPV4_HEADER + TCP_HEADER)
		return false;
	if (load_be32(ip - 2) >> 8 != GLANCE_IPV4_KIND ||
	    (load_be32(ip + 6) & ((IPV4_MF | IPV4_OFFSET) << 16 | 0xff)) != PROTOCOL_TCP)
		return false;
	length = load_be16(ip + 2);
	/* Where it is captured in full, padding may follow; where not, the packet goes on behind. */
	if (length < IPV4_HEADER + TCP_HEADER || length > frame->length - ETHERNET_HEADER)
		return false;
	captured = captured < length ? captured : length;
	*glance = (struct glance){ ip, ip + IPV4_HEADER, captured - IPV4_HEADER, length - IPV4_HEADER, 4 };
	return glance_tcp(glance);
}

static inline bool glance_ipv6(const struct frame *frame, struct glance *glance)
{
	const uint8_t *ip = frame->data + ETHERNET_HEADER;
	uint32_t captured = frame->captured - ETHERNET_HEADER, length;

	if (frame->link_type != LINK_ETHERNET || frame->captured < ETHERNET_HEADER + IPV6_HEADER + TCP_HEADER)
		return false;
	if (load_be16(ip - 2) != ETHERTYPE_IPV6 || ip[0] >> 4 != 6 || ip[6] != PROTOCOL_TCP)
		return false;
	length = load_be16(ip + 4) + IPV6_HEADER;
	if (length < IPV6_HEADER + TCP_HEADER || length > frame->length - ETHERNET_HEADER)
		return false;
	captured = captured < length ? captured : length;
	*glance = (struct glance){ ip, ip + IPV6_HEADER, captured - IPV6_HEADER, length - IPV6_HEADER, 6 };
	return glance_tcp(glance);
}

/* False where a packet is anything else; nothing is decided then. */
static inline bool glance_at(const struct frame *frame, struct glance *glance)
{
	return glance_ipv4(frame, glance) || glance_ipv6(frame, glance);
}

/* Fill the whole segment. */
static inline void glance_decode(const struct glance *glance, const struct frame *frame, struct segment *segment)
{
	segment_tcp(segment, glance->tcp, glance->captured, glance->length);
	if (glance->version == 4)
		segment_ipv4(segment, glance->ip, glance->ip + 16);
	else
		segment_ipv6(segment, glance->ip, glance->ip + 24);
	segment_frame(segment, frame, frame->data + 6);
}

#endif
