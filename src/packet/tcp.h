/*
 * Filling a segment from its headers; inline, for this is what the decoder does ten million times. Private to
 * src/packet.
 */
#ifndef TCPWHY_PACKET_TCP_H
#define TCPWHY_PACKET_TCP_H

#include "packet/walk.h"

#define IPV4_DF 0x4000
#define IPV4_MF 0x2000
#define IPV4_OFFSET 0x1fff

static inline void address_ipv4(struct address *address, const uint8_t *bytes)
{
	uint32_t words[4] = { 0 };

	/*
	 * One store of all sixteen bytes: readers that load them as a whole do not have to wait for two to be
	 * joined.
	 */
	memcpy(words, bytes, 4);
	memcpy(address->bytes, words, sizeof words);
	address->version = 4;
}

static inline void address_ipv6(struct address *address, const uint8_t *bytes)
{
	memcpy(address->bytes, bytes, 16);
	address->version = 6;
}

static inline void segment_ipv4(struct segment *segment, const uint8_t *ip, const uint8_t *dst)
{
	segment->ip = ip;
	segment->version = 4;
	segment->traffic_class = ip[1];
	segment->ip_id = load_be16(ip + 4);
	segment->dont_fragment = (load_be16(ip + 6) & IPV4_DF) != 0;
	segment->hop_limit = ip[8];
	segment->flow_label = 0;
	address_ipv4(&segment->src.address, ip + 12);
	address_ipv4(&segment->dst.address, dst);
}

static inline void segment_ipv6(struct segment *segment, const uint8_t *ip, const uint8_t *dst)
{
	uint32_t word = load_be32(ip);

	segment->ip = ip;
	segment->version = 6;
	segment->traffic_class = (uint8_t)(word >> 20);
	segment->flow_label = word & 0xfffff;
	segment->ip_id = 0;
	segment->dont_fragment = false;
	segment->hop_limit = ip[7];
	address_ipv6(&segment->src.address, ip + 8);
	address_ipv6(&segment->dst.address, dst);
}

/* `captured` >= TCP_HEADER. False where the data offset contradicts the length; nothing is filled then. */
static inline bool segment_tcp(struct segment *segment, const uint8_t *tcp, uint32_t captured, uint32_t length)
{
	uint32_t header = (uint32_t)(tcp[12] >> 4) * 4;
	uint32_t header_captured = header < captured ? header : captured;

	if (header < TCP_HEADER || header > length)
		return false;
	segment->src.port = load_be16(tcp);
	segment->dst.port = load_be16(tcp + 2);
	segment->seq = load_be32(tcp + 4);
	segment->ack = load_be32(tcp + 8);
	segment->flags = load_be16(tcp + 12) & 0xfff;
	segment->window = load_be16(tcp + 14);
	segment->urgent = load_be16(tcp + 18);
	segment->options = tcp + TCP_HEADER;
	segment->options_len = (uint8_t)(header_captured - TCP_HEADER);
	segment->header_options_len = (uint8_t)(header - TCP_HEADER);
	segment->payload = tcp + header_captured;
	segment->payload_len = length - header;
	segment->payload_captured = captured - header_captured;
	return true;
}

static inline void segment_frame(struct segment *segment, const struct frame *frame, const uint8_t *mac)
{
	segment->frame = frame->number;
	segment->time_ns = frame->time_ns;
	segment->mac = mac;
	segment->tunnels = 0;
	segment->reassembled = false;
	segment->checksum = CHECKSUM_UNKNOWN;
}

#endif
