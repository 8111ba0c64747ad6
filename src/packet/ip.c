#include "packet/fragments.h"
#include "packet/tcp.h"

#define IPV4_OPTION_LSRR 131
#define IPV4_OPTION_SSRR 137
#define IPV6_FRAGMENT_HEADER 8

static enum decoded walk_authentication(struct walk *walk)
{
	uint8_t next;
	enum decoded decoded = skip_authentication(&walk->view, &next);

	if (decoded != WALK_ON)
		return decoded;
	return walk->depth++ < NESTING_MAX ? walk_protocol(walk, next) : DECODED_OTHER;
}

enum decoded walk_protocol(struct walk *walk, uint8_t protocol)
{
	switch (protocol) {
	case PROTOCOL_TCP:
		return walk_tcp(walk);
	case PROTOCOL_UDP:
		return walk_udp(walk);
	case PROTOCOL_ICMP:
		return walk->version == 4 ? walk_icmp(walk) : DECODED_OTHER;
	case PROTOCOL_ICMPV6:
		return walk->version == 6 ? walk_icmpv6(walk) : DECODED_OTHER;
	case PROTOCOL_IPV4:
		walk->tunnels++;
		return walk_ipv4(walk);
	case PROTOCOL_IPV6:
		walk->tunnels++;
		return walk_ipv6(walk);
	case PROTOCOL_GRE:
		walk->tunnels++;
		return walk_gre(walk);
	case PROTOCOL_MPLS: /* RFC 4023 */
		walk->tunnels++;
		return walk_mpls(walk);
	case PROTOCOL_AH:
		return walk_authentication(walk);
	default:
		return DECODED_OTHER;
	}
}

/* Fragments of anything else are not worth keeping. */
static bool may_carry_tcp(uint8_t protocol)
{
	switch (protocol) {
	case PROTOCOL_HOP_BY_HOP:
	case PROTOCOL_ROUTING:
	case PROTOCOL_DESTINATION:
	case PROTOCOL_AH:
	case PROTOCOL_TCP:
	case PROTOCOL_UDP:
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
	case PROTOCOL_IPV4:
	case PROTOCOL_IPV6:
	case PROTOCOL_GRE:
	case PROTOCOL_MPLS:
		return true;
	default:
		return false;
	}
}

/* DECODED_FRAGMENT, or WALK_ON with the walk standing before the payload of the whole datagram. */
static enum decoded reassemble(struct walk *walk, struct fragment *fragment, uint8_t *ret_protocol)
{
	struct datagram datagram;
	enum decoded decoded;

	if (!may_carry_tcp(fragment->protocol))
		return DECODED_OTHER;
	fragment->header = walk->ip;
	fragment->payload = walk->view;
	fragment->time_ns = walk->frame->time_ns;
	decoded = fragments_add(walk->fragments, fragment, walk->reassemblies, &datagram);
	if (decoded != WALK_ON)
		return decoded;
	walk->reassemblies++;
	walk->ip = datagram.header;
	walk->view = datagram.payload;
	*ret_protocol = datagram.protocol;
	return WALK_ON;
}

static enum decoded ipv4_fragment(struct walk *walk, uint8_t header_len, uint16_t offset_field)
{
	const uint8_t *ip = walk->ip;
	struct fragment fragment = {
		.key = { .id = load_be16(ip + 4), .version = 4, .protocol = ip[9] },
		.header_len = header_len,
		.protocol = ip[9],
		.more = offset_field & IPV4_MF,
		.offset = (offset_field & IPV4_OFFSET) * 8u,
	};
	uint8_t protocol;
	enum decoded decoded;

	memcpy(fragment.key.src, ip + 12, 4);
	memcpy(fragment.key.dst, ip + 16, 4);
	decoded = reassemble(walk, &fragment, &protocol);
	return decoded == WALK_ON ? walk_protocol(walk, protocol) : decoded;
}

/* A packet that is still on its source route names its last address in the option (RFC 791 section 3.1). */
static const uint8_t *source_route_end(const uint8_t *ip, uint32_t header_len)
{
	uint32_t at = IPV4_HEADER;

	while (at + 2 < header_len && ip[at] != 0) {
		uint32_t size = ip[at] == 1 ? 1 : ip[at + 1];

		if (size == 0 || size > header_len - at)
			break;
		if ((ip[at] == IPV4_OPTION_LSRR || ip[at] == IPV4_OPTION_SSRR) && size >= 7 && ip[at + 2] <= size)
			return ip + at + size - 4;
		at += size;
	}
	return ip + 16;
}

/*
 * Set the view to what the IP header announces. The first IP header may announce more than the frame is said to be
 * long, for there are tools that cut packets and write the shorter length, and so do mirror ports that send frames
 * in VXLAN, ERSPAN and the like. Any other tunnelled packet may not be longer than its tunnel.
 */
static bool set_length(struct walk *walk, uint32_t announced)
{
	struct view *view = &walk->view;

	if (announced > view->length) {
		if (walk->ip && !walk->mirrored)
			return false;
		view->length = announced;
	}
	view_limit(view, announced);
	return true;
}

enum decoded walk_ipv4(struct walk *walk)
{
	struct view *view = &walk->view;
	const uint8_t *ip = view->data;
	uint32_t header_len, total;
	uint16_t offset_field;

	if (walk->depth++ >= NESTING_MAX)
		return DECODED_OTHER;
	if (view->captured < IPV4_HEADER)
		return view_lack(view, IPV4_HEADER);
	header_len = (ip[0] & 0xf) * 4u;
	total = load_be16(ip + 2);
	/* Segmentation offload leaves 0 in packets that outgrow the field. */
	if (ip[0] >> 4 != 4 || header_len < IPV4_HEADER || (total && total < header_len)
	    || !set_length(walk, total ? total : view->length))
		return DECODED_MALFORMED;
	if (!view_take(view, header_len))
		return view_lack(view, header_len);
	walk->ip = ip;
	walk->version = 4;
	walk->dst = header_len > IPV4_HEADER ? source_route_end(ip, header_len) : ip + 16;
	offset_field = load_be16(ip + 6);
	if (offset_field & (IPV4_MF | IPV4_OFFSET))
		return ipv4_fragment(walk, (uint8_t)header_len, offset_field);
	return walk_protocol(walk, ip[9]);
}

static enum decoded ipv6_chain(struct walk *walk, uint8_t next);

static enum decoded ipv6_fragment(struct walk *walk)
{
	const uint8_t *header = view_take(&walk->view, IPV6_FRAGMENT_HEADER);
	struct fragment fragment = { .header_len = IPV6_HEADER };
	uint8_t protocol;
	enum decoded decoded;

	if (!header)
		return view_lack(&walk->view, IPV6_FRAGMENT_HEADER);
	fragment.offset = load_be16(header + 2) & 0xfff8;
	fragment.more = header[3] & 1;
	if (fragment.offset == 0 && !fragment.more) /* atomic fragment, RFC 6946 */
		return ipv6_chain(walk, header[0]);
	fragment.protocol = header[0];
	fragment.key.version = 6;
	fragment.key.id = load_be32(header + 4);
	memcpy(fragment.key.src, walk->ip + 8, 16);
	memcpy(fragment.key.dst, walk->ip + 24, 16);
	decoded = reassemble(walk, &fragment, &protocol);
	return decoded == WALK_ON ? ipv6_chain(walk, protocol) : decoded;
}

static enum decoded ipv6_chain(struct walk *walk, uint8_t next)
{
	enum decoded decoded = skip_extensions(&walk->view, &next, &walk->dst);

	if (decoded != WALK_ON)
		return decoded;
	if (next != PROTOCOL_FRAGMENT)
		return walk_protocol(walk, next);
	return walk->depth++ < NESTING_MAX ? ipv6_fragment(walk) : DECODED_OTHER;
}

enum decoded walk_ipv6(struct walk *walk)
{
	struct view *view = &walk->view;
	const uint8_t *ip = view->data;
	uint32_t length;

	if (walk->depth++ >= NESTING_MAX)
		return DECODED_OTHER;
	if (view->captured < IPV6_HEADER)
		return view_lack(view, IPV6_HEADER);
	length = load_be16(ip + 4);
	/* 0 is segmentation offload, or a jumbo payload (RFC 2675), and then the frame's length is the one to go by. */
	if (ip[0] >> 4 != 6 || !set_length(walk, length ? length + IPV6_HEADER : view->length))
		return DECODED_MALFORMED;
	view_take(view, IPV6_HEADER);
	walk->ip = ip;
	walk->version = 6;
	walk->dst = ip + 24;
	return ipv6_chain(walk, ip[6]);
}

enum decoded walk_ip(struct walk *walk)
{
	if (walk->view.captured < 1)
		return view_lack(&walk->view, 1);
	return walk->view.data[0] >> 4 == 6 ? walk_ipv6(walk) : walk_ipv4(walk);
}
