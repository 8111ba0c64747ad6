/* ICMP and ICMPv6 errors: whom does the quoted packet concern? */
#include "packet/tcp.h"

#define ICMP_HEADER 8
#define QUOTED_TCP 8 /* RFC 792: the first 64 bits, which are the ports and the sequence number */

enum icmp_type {
	ICMP_UNREACHABLE = 3,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER_PROBLEM = 12,
};

enum icmpv6_type {
	ICMPV6_UNREACHABLE = 1,
	ICMPV6_PARAMETER_PROBLEM = 4,
};

static enum decoded quoted_tcp(struct view *quoted, struct icmp_error *error)
{
	const uint8_t *tcp = view_take(quoted, QUOTED_TCP);

	if (!tcp)
		return view_lack(quoted, QUOTED_TCP);
	error->src.port = load_be16(tcp);
	error->dst.port = load_be16(tcp + 2);
	error->seq = load_be32(tcp + 4);
	return DECODED_ICMP_ERROR;
}

static enum decoded quoted_ipv4(struct view *quoted, struct icmp_error *error)
{
	const uint8_t *ip = quoted->data;
	uint32_t header_len;

	if (quoted->captured < IPV4_HEADER)
		return view_lack(quoted, IPV4_HEADER);
	header_len = (ip[0] & 0xf) * 4u;
	if (ip[0] >> 4 != 4 || header_len < IPV4_HEADER)
		return DECODED_MALFORMED;
	if (ip[9] != PROTOCOL_TCP || load_be16(ip + 6) & IPV4_OFFSET)
		return DECODED_OTHER;
	if (!view_take(quoted, header_len))
		return view_lack(quoted, header_len);
	address_ipv4(&error->src.address, ip + 12);
	address_ipv4(&error->dst.address, ip + 16);
	return quoted_tcp(quoted, error);
}

/* Skip the header of a first fragment; a later one says nothing about TCP. */
static enum decoded quoted_fragment(struct view *quoted, uint8_t *next, const uint8_t **dst)
{
	const uint8_t *header = view_take(quoted, 8);

	if (!header)
		return view_lack(quoted, 8);
	if (load_be16(header + 2) & 0xfff8)
		return DECODED_OTHER;
	*next = header[0];
	return skip_extensions(quoted, next, dst);
}

static enum decoded quoted_ipv6(struct view *quoted, struct icmp_error *error)
{
	const uint8_t *ip = view_take(quoted, IPV6_HEADER);
	const uint8_t *dst;
	uint8_t next;
	enum decoded decoded;

	if (!ip)
		return view_lack(quoted, IPV6_HEADER);
	if (ip[0] >> 4 != 6)
		return DECODED_MALFORMED;
	next = ip[6];
	dst = ip + 24;
	decoded = skip_extensions(quoted, &next, &dst);
	if (decoded == WALK_ON && next == PROTOCOL_FRAGMENT)
		decoded = quoted_fragment(quoted, &next, &dst);
	if (decoded != WALK_ON)
		return decoded;
	if (next != PROTOCOL_TCP)
		return DECODED_OTHER;
	address_ipv6(&error->src.address, ip + 8);
	address_ipv6(&error->dst.address, dst);
	return quoted_tcp(quoted, error);
}

static void note_message(struct walk *walk, const uint8_t *header)
{
	struct icmp_error *error = walk->icmp_error;

	error->frame = walk->frame->number;
	error->time_ns = walk->frame->time_ns;
	error->version = walk->version;
	error->type = header[0];
	error->code = header[1];
}

enum decoded walk_icmp(struct walk *walk)
{
	const uint8_t *header = walk->view.data;

	if (walk->view.captured < 2)
		return view_lack(&walk->view, 2);
	if (header[0] != ICMP_UNREACHABLE && header[0] != ICMP_TIME_EXCEEDED && header[0] != ICMP_PARAMETER_PROBLEM)
		return DECODED_OTHER;
	if (!view_take(&walk->view, ICMP_HEADER))
		return view_lack(&walk->view, ICMP_HEADER);
	note_message(walk, header);
	address_ipv4(&walk->icmp_error->reporter, walk->ip + 12);
	return quoted_ipv4(&walk->view, walk->icmp_error);
}

enum decoded walk_icmpv6(struct walk *walk)
{
	const uint8_t *header = walk->view.data;

	if (walk->view.captured < 2)
		return view_lack(&walk->view, 2);
	if (header[0] < ICMPV6_UNREACHABLE || header[0] > ICMPV6_PARAMETER_PROBLEM)
		return DECODED_OTHER;
	if (!view_take(&walk->view, ICMP_HEADER))
		return view_lack(&walk->view, ICMP_HEADER);
	note_message(walk, header);
	address_ipv6(&walk->icmp_error->reporter, walk->ip + 8);
	return quoted_ipv6(&walk->view, walk->icmp_error);
}
