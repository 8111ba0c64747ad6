/*
 * The walk through the layers of one frame. Each layer takes its header off the view and hands over to the next one;
 * whatever does not end in a segment says why. Private to src/packet.
 */
#ifndef TCPWHY_PACKET_WALK_H
#define TCPWHY_PACKET_WALK_H

#include "base/bytes.h"
#include "packet/decoder.h"

/*
 * Headers that may hide in one another (tags, labels, tunnels), over all: a frame deeper than this is not looked
 * into.
 */
#define NESTING_MAX 24

/* LINKTYPE_ values, https://www.tcpdump.org/linktypes.html */
enum link_type {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_RAW_BSD = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_PPP_HDLC = 50,
	LINK_PPPOE = 51,
	LINK_RAW = 101,
	LINK_C_HDLC = 104,
	LINK_WIFI = 105,
	LINK_LOOP = 108,
	LINK_SLL = 113,
	LINK_RADIOTAP = 127,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_SLL2 = 276,
};

enum ethertype {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ERSPAN3 = 0x22eb,
	ETHERTYPE_BRIDGING = 0x6558,  /* transparent Ethernet bridging, NVGRE */
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_PPP = 0x880b,
	ETHERTYPE_MPLS = 0x8847,
	ETHERTYPE_MPLS_MULTICAST = 0x8848,
	ETHERTYPE_PPPOE = 0x8864,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_ERSPAN = 0x88be,
	ETHERTYPE_QINQ_OLD = 0x9100,
};

#define ETHERTYPE_MIN 0x0600  /* IEEE 802.3 clause 3.2.6: smaller values are lengths */

enum ip_protocol {
	PROTOCOL_HOP_BY_HOP = 0,
	PROTOCOL_ICMP = 1,
	PROTOCOL_IPV4 = 4,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_IPV6 = 41,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_GRE = 47,
	PROTOCOL_AH = 51,
	PROTOCOL_ICMPV6 = 58,
	PROTOCOL_DESTINATION = 60,
	PROTOCOL_MPLS = 137,
};

#define ETHERNET_HEADER 14
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define TCP_HEADER 20
#define UDP_HEADER 8

/* The rest of a packet: what was captured of it, and how long it was on the wire. captured <= length. */
struct view {
	const uint8_t *data;
	uint32_t captured;
	uint32_t length;
};

/* Take `size` bytes off the front; NULL, and nothing taken, where they were not captured. */
static inline const uint8_t *view_take(struct view *view, uint32_t size)
{
	const uint8_t *front = view->data;

	if (view->captured < size)
		return NULL;
	view->data += size;
	view->captured -= size;
	view->length -= size;
	return front;
}

/* Why `size` bytes could not be taken. */
static inline enum decoded view_lack(const struct view *view, uint32_t size)
{
	return view->length < size ? DECODED_MALFORMED : DECODED_CUT;
}

/* Cut off what lies behind `length`: padding, trailers. */
static inline void view_limit(struct view *view, uint32_t length)
{
	if (view->length > length)
		view->length = length;
	if (view->captured > length)
		view->captured = length;
}

struct fragments;

struct walk {
	struct view view;
	const struct frame *frame;
	struct fragments *fragments;
	struct segment *segment;
	struct icmp_error *icmp_error;
	const uint8_t *mac;    /* source address of the outermost link layer that has one, or NULL */
	const uint8_t *ip;     /* innermost IP header so far, or NULL */
	const uint8_t *dst;    /* where that packet goes in the end; not the header's destination if source-routed */
	uint8_t version;       /* of `ip` */
	uint8_t depth;
	uint8_t tunnels;
	uint8_t reassemblies;  /* datagrams put together on the way here */
	bool mirrored;         /* inside an Ethernet frame that came over IP: mirror ports cut what they send */
};

/* Returned by parts of a layer: nothing is decided yet. */
#define WALK_ON DECODED_KINDS

/* link.c */
enum decoded walk_link(struct walk *walk);
enum decoded walk_ethernet(struct walk *walk);
enum decoded walk_ethertype(struct walk *walk, uint16_t type);
enum decoded walk_llc(struct walk *walk);

/* mpls.c */
enum decoded walk_mpls(struct walk *walk);

/* ppp.c */
enum decoded walk_ppp(struct walk *walk);
enum decoded walk_hdlc(struct walk *walk);
enum decoded walk_pppoe(struct walk *walk);

/* wireless.c */
enum decoded walk_wifi(struct walk *walk);
enum decoded walk_radiotap(struct walk *walk);

/* ip.c */
enum decoded walk_ip(struct walk *walk);
enum decoded walk_ipv4(struct walk *walk);
enum decoded walk_ipv6(struct walk *walk);
enum decoded walk_protocol(struct walk *walk, uint8_t protocol);

/* extensions.c: skip extension headers up to a fragment header or the payload's; *dst follows routing headers. */
enum decoded skip_extensions(struct view *view, uint8_t *next, const uint8_t **dst);
enum decoded skip_authentication(struct view *view, uint8_t *next);

/* tunnel.c, udp.c */
enum decoded walk_gre(struct walk *walk);
enum decoded walk_udp(struct walk *walk);

/* icmp.c */
enum decoded walk_icmp(struct walk *walk);
enum decoded walk_icmpv6(struct walk *walk);

/* tcp.c */
enum decoded walk_tcp(struct walk *walk);

#endif
