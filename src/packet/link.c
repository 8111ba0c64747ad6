#include "packet/walk.h"

#define LLC_HEADER 3
#define SNAP_HEADER 8
#define SLL_HEADER 16
#define SLL2_HEADER 20
#define SLL_PROTOCOL_LLC 0x0004 /* LINUX_SLL_P_802_2 */
#define MAC_SIZE 6

static void note_mac(struct walk *walk, const uint8_t *mac)
{
	if (!walk->mac)
		walk->mac = mac;
}

/* Dispatch on the field that is an EtherType or, in IEEE 802.3 frames, a length. */
static enum decoded type_or_length(struct walk *walk, uint16_t type)
{
	if (type >= ETHERTYPE_MIN)
		return walk_ethertype(walk, type);
	view_limit(&walk->view, type);
	return walk_llc(walk);
}

enum decoded walk_ethernet(struct walk *walk)
{
	const uint8_t *header = view_take(&walk->view, ETHERNET_HEADER);

	if (!header)
		return view_lack(&walk->view, ETHERNET_HEADER);
	walk->mirrored = walk->ip != NULL;
	note_mac(walk, header + 6);
	return type_or_length(walk, load_be16(header + 12));
}

static enum decoded walk_vlan(struct walk *walk)
{
	const uint8_t *tag = view_take(&walk->view, 4);

	return tag ? type_or_length(walk, load_be16(tag + 2)) : view_lack(&walk->view, 4);
}

enum decoded walk_ethertype(struct walk *walk, uint16_t type)
{
	if (walk->depth++ >= NESTING_MAX)
		return DECODED_OTHER;
	switch (type) {
	case ETHERTYPE_IPV4:
		return walk_ipv4(walk);
	case ETHERTYPE_IPV6:
		return walk_ipv6(walk);
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
	case ETHERTYPE_QINQ_OLD:
		return walk_vlan(walk);
	case ETHERTYPE_MPLS:
	case ETHERTYPE_MPLS_MULTICAST:
		return walk_mpls(walk);
	case ETHERTYPE_PPPOE:
		return walk_pppoe(walk);
	case ETHERTYPE_PPP:
		return walk_ppp(walk);
	case ETHERTYPE_BRIDGING:
		walk->tunnels++;
		return walk_ethernet(walk);
	default:
		return DECODED_OTHER;
	}
}

/* IEEE 802.2 LLC; IP comes in SNAP (RFC 1042), on old networks also with a SAP of its own. */
enum decoded walk_llc(struct walk *walk)
{
	const uint8_t *llc = walk->view.data;

	if (walk->view.captured < LLC_HEADER)
		return view_lack(&walk->view, LLC_HEADER);
	if (llc[0] == 0x06 && llc[1] == 0x06 && llc[2] == 0x03) {
		view_take(&walk->view, LLC_HEADER);
		return walk_ipv4(walk);
	}
	if (llc[0] != 0xaa || llc[1] != 0xaa || llc[2] != 0x03)
		return DECODED_OTHER;
	if (!view_take(&walk->view, SNAP_HEADER))
		return view_lack(&walk->view, SNAP_HEADER);
	/* The organisation of plain EtherTypes is 00-00-00, that of IEEE 802.1H bridge tunnels is 00-00-f8. */
	if (llc[3] || llc[4] || (llc[5] && llc[5] != 0xf8))
		return DECODED_OTHER;
	return walk_ethertype(walk, load_be16(llc + 6));
}

static enum decoded cooked(struct walk *walk, uint16_t protocol, unsigned int address_len, const uint8_t *address)
{
	if (address_len == MAC_SIZE)
		note_mac(walk, address);
	return protocol == SLL_PROTOCOL_LLC ? walk_llc(walk) : walk_ethertype(walk, protocol);
}

static enum decoded walk_sll(struct walk *walk)
{
	const uint8_t *header = view_take(&walk->view, SLL_HEADER);

	if (!header)
		return view_lack(&walk->view, SLL_HEADER);
	return cooked(walk, load_be16(header + 14), load_be16(header + 4), header + 6);
}

static enum decoded walk_sll2(struct walk *walk)
{
	const uint8_t *header = view_take(&walk->view, SLL2_HEADER);

	if (!header)
		return view_lack(&walk->view, SLL2_HEADER);
	return cooked(walk, load_be16(header), header[11], header + 12);
}

static enum decoded address_family(struct walk *walk, uint32_t family)
{
	switch (family) {
	case 2:
		return walk_ipv4(walk);
	case 10: /* Linux */
	case 23: /* Windows */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* macOS */
		return walk_ipv6(walk);
	default:
		return DECODED_OTHER;
	}
}

/* The address family in the byte order of the capturing host, which may be either, or (LOOP) in network order. */
static enum decoded walk_null(struct walk *walk)
{
	const uint8_t *header = view_take(&walk->view, 4);
	uint32_t family;

	if (!header)
		return view_lack(&walk->view, 4);
	family = load_be32(header);
	return address_family(walk, family > 0xffff ? __builtin_bswap32(family) : family);
}

enum decoded walk_link(struct walk *walk)
{
	switch ((enum link_type)walk->frame->link_type) {
	case LINK_ETHERNET:
		return walk_ethernet(walk);
	case LINK_NULL:
	case LINK_LOOP:
		return walk_null(walk);
	case LINK_RAW:
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
		return walk_ip(walk);
	case LINK_IPV4:
		return walk_ipv4(walk);
	case LINK_IPV6:
		return walk_ipv6(walk);
	case LINK_SLL:
		return walk_sll(walk);
	case LINK_SLL2:
		return walk_sll2(walk);
	case LINK_PPP:
		return walk_ppp(walk);
	case LINK_PPP_HDLC:
	case LINK_C_HDLC:
		return walk_hdlc(walk);
	case LINK_PPPOE:
		return walk_pppoe(walk);
	case LINK_WIFI:
		return walk_wifi(walk);
	case LINK_RADIOTAP:
		return walk_radiotap(walk);
	}
	return DECODED_UNKNOWN_LINK;
}
