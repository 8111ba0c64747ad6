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

static inline bool glance_ipv4(const uint8_t *ip, uint32_t captured, uint32_t available, struct glance *glance)
{
	uint32_t length = load_be16(ip + 2);

	captured = captured < length ? captured : length;
	if (ip[0] != 0x45 || ip[9] != PROTOCOL_TCP || load_be16(ip + 6) & (IPV4_MF | IPV4_OFFSET))
		return false;
	if (captured < IPV4_HEADER + TCP_HEADER || length > available)
		return false;
	*glance = (struct glance){ ip, ip + IPV4_HEADER, captured - IPV4_HEADER, length - IPV4_HEADER, 4 };
	return true;
}

static inline bool glance_ipv6(const uint8_t *ip, uint32_t captured, uint32_t available, struct glance *glance)
{
	uint32_t length = load_be16(ip + 4) + IPV6_HEADER;

	captured = captured < length ? captured : length;
	if (ip[0] >> 4 != 6 || ip[6] != PROTOCOL_TCP || captured < IPV6_HEADER + TCP_HEADER || length > available)
		return false;
	*glance = (struct glance){ ip, ip + IPV6_HEADER, captured - IPV6_HEADER, length - IPV6_HEADER, 6 };
	return true;
}

/* False where a packet is anything else; nothing is decided then. The data offset of TCP is sound where it is true. */
static inline bool glance_at(const struct frame *frame, struct glance *glance)
{
	const uint8_t *ip = frame->data + ETHERNET_HEADER;
	uint32_t captured = frame->captured - ETHERNET_HEADER, available = frame->length - ETHERNET_HEADER, header;
	bool straight = false;
	uint16_t type;

	if (frame->link_type != LINK_ETHERNET || frame->captured < ETHERNET_HEADER + IPV4_HEADER + TCP_HEADER)
		return false;
	type = load_be16(frame->data + 12);
	if (type == ETHERTYPE_IPV4)
		straight = glance_ipv4(ip, captured, available, glance);
	else if (type == ETHERTYPE_IPV6)
		straight = glance_ipv6(ip, captured, available, glance);
	if (!straight)
		return false;
	header = (uint32_t)(glance->tcp[12] >> 4) * 4;
	return header >= TCP_HEADER && header <= glance->length;
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
