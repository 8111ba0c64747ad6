#include "packet/builder.h"

#include "packet/checksum.h"
#include "packet/option_kinds.h"
#include "packet/tcp.h"

#define DEFAULT_HOP_LIMIT 64
#define IP_LENGTH_MAX 65535u
#define ICMP_HEADER 8
#define QUOTED_TCP 8

static const uint8_t default_mac[6] = { 0x02, 0, 0, 0, 0, 1 };
static const uint8_t peer_mac[6] = { 0x02, 0, 0, 0, 0, 2 };

static uint32_t ip_header_len(uint8_t version)
{
	return version == 4 ? IPV4_HEADER : IPV6_HEADER;
}

static bool fits_ip(uint8_t version, size_t payload)
{
	return payload <= IP_LENGTH_MAX - (version == 4 ? IPV4_HEADER : 0);
}

static uint8_t *put_ethernet(uint8_t *to, const uint8_t *mac, uint8_t version)
{
	memcpy(to, peer_mac, sizeof peer_mac);
	memcpy(to + 6, mac ? mac : default_mac, sizeof default_mac);
	store_be16(to + 12, version == 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
	return to + ETHERNET_HEADER;
}

static void put_ipv4(uint8_t *ip, const struct segment *segment, uint8_t protocol, size_t payload)
{
	memset(ip, 0, IPV4_HEADER);
	ip[0] = 0x45;
	ip[1] = segment->traffic_class;
	store_be16(ip + 2, (uint16_t)(IPV4_HEADER + payload));
	store_be16(ip + 4, segment->ip_id);
	store_be16(ip + 6, segment->dont_fragment ? IPV4_DF : 0);
	ip[8] = segment->hop_limit;
	ip[9] = protocol;
	memcpy(ip + 12, segment->src.address.bytes, 4);
	memcpy(ip + 16, segment->dst.address.bytes, 4);
	store_be16(ip + 10, (uint16_t)~sum_fold(sum_bytes(ip, IPV4_HEADER)));
}

static void put_ipv6(uint8_t *ip, const struct segment *segment, uint8_t protocol, size_t payload)
{
	store_be32(ip, 6u << 28 | (uint32_t)segment->traffic_class << 20 | (segment->flow_label & 0xfffff));
	store_be16(ip + 4, (uint16_t)payload);
	ip[6] = protocol;
	ip[7] = segment->hop_limit;
	memcpy(ip + 8, segment->src.address.bytes, 16);
	memcpy(ip + 24, segment->dst.address.bytes, 16);
}

/* Write the IP header; returns where its payload goes. */
static uint8_t *put_ip(uint8_t *ip, const struct segment *segment, uint8_t protocol, size_t payload)
{
	if (segment->src.address.version == 4)
		put_ipv4(ip, segment, protocol, payload);
	else
		put_ipv6(ip, segment, protocol, payload);
	return ip + ip_header_len(segment->src.address.version);
}

static uint32_t padded_options_len(const struct segment *segment)
{
	return (segment->options_len + 3u) & ~3u;
}

static void put_tcp_header(uint8_t *tcp, const struct segment *segment)
{
	uint32_t header = TCP_HEADER + padded_options_len(segment);

	store_be16(tcp, segment->src.port);
	store_be16(tcp + 2, segment->dst.port);
	store_be32(tcp + 4, segment->seq);
	store_be32(tcp + 8, segment->ack);
	store_be16(tcp + 12, (uint16_t)(header / 4 << 12 | (segment->flags & 0xfff)));
	store_be16(tcp + 14, segment->window);
	store_be16(tcp + 16, 0);
	store_be16(tcp + 18, segment->urgent);
}

/* One bit off, and not to be taken for a checksum that was left to the card. */
static uint16_t wrong_checksum(uint16_t right, uint64_t pseudo, uint32_t length)
{
	unsigned int bit = 1;

	while (sum_is_partial((uint16_t)(right ^ bit), pseudo, length))
		bit <<= 1; /* at most six of sixteen bits lead to one of the three partial sums */
	return (uint16_t)(right ^ bit);
}

static void put_checksum(uint8_t *tcp, const struct segment *segment, uint32_t length)
{
	uint64_t pseudo = sum_pseudo_header(&segment->src.address, &segment->dst.address, length, PROTOCOL_TCP);
	uint16_t right = (uint16_t)~sum_fold(pseudo + sum_bytes(tcp, length));

	if (segment->checksum == CHECKSUM_BAD)
		store_be16(tcp + 16, wrong_checksum(right, pseudo, length));
	else
		store_be16(tcp + 16, segment->checksum == CHECKSUM_OFFLOADED ? sum_fold(pseudo) : right);
}

size_t builder_frame(const struct segment *segment, uint8_t *ret_frame, size_t size)
{
	uint8_t version = segment->src.address.version;
	uint32_t options_len = padded_options_len(segment);
	size_t length = TCP_HEADER + options_len + (size_t)segment->payload_captured;
	uint8_t *tcp;

	if (options_len > OPTIONS_MAX || !fits_ip(version, length)
	    || size < ETHERNET_HEADER + ip_header_len(version) + length)
		return 0;
	tcp = put_ip(put_ethernet(ret_frame, segment->mac, version), segment, PROTOCOL_TCP, length);
	put_tcp_header(tcp, segment);
	memset(tcp + TCP_HEADER, 0, options_len);
	if (segment->options_len)
		memcpy(tcp + TCP_HEADER, segment->options, segment->options_len);
	if (segment->payload_captured)
		memcpy(tcp + TCP_HEADER + options_len, segment->payload, segment->payload_captured);
	put_checksum(tcp, segment, (uint32_t)length);
	return ETHERNET_HEADER + ip_header_len(version) + length;
}

/* The packet as it was on the wire, down to its IP length, but only the first bytes of its TCP header. */
static void put_quote(uint8_t *to, const struct segment *quoted)
{
	uint8_t tcp[TCP_HEADER];
	size_t length = TCP_HEADER + padded_options_len(quoted) + (size_t)quoted->payload_len;

	put_tcp_header(tcp, quoted);
	memcpy(put_ip(to, quoted, PROTOCOL_TCP, length), tcp, QUOTED_TCP);
}

/* RFC 792 sums the message alone, RFC 4443 section 2.3 the pseudo header too. */
static void put_icmp_checksum(uint8_t *icmp, const struct segment *carrier, uint32_t length)
{
	uint64_t sum = sum_bytes(icmp, length);

	if (carrier->src.address.version == 6)
		sum += sum_pseudo_header(&carrier->src.address, &carrier->dst.address, length, PROTOCOL_ICMPV6);
	store_be16(icmp + 2, (uint16_t)~sum_fold(sum));
}

size_t builder_icmp_error(const struct icmp_error *error, const struct segment *quoted, uint8_t *ret_frame,
                          size_t size)
{
	uint8_t version = quoted->src.address.version;
	uint32_t header = ip_header_len(version);
	uint32_t length = ICMP_HEADER + header + QUOTED_TCP;
	struct segment carrier = {
		.src.address = error->reporter,
		.dst.address = quoted->src.address,
		.hop_limit = DEFAULT_HOP_LIMIT,
	};
	uint8_t *icmp;

	if (size < ETHERNET_HEADER + header + length || error->reporter.version != version)
		return 0;
	icmp = put_ethernet(ret_frame, NULL, version);
	icmp = put_ip(icmp, &carrier, version == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6, length);
	memset(icmp, 0, ICMP_HEADER);
	icmp[0] = error->type;
	icmp[1] = error->code;
	put_quote(icmp + ICMP_HEADER, quoted);
	put_icmp_checksum(icmp, &carrier, length);
	return ETHERNET_HEADER + header + length;
}
