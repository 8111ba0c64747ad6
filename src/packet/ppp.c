#include "packet/walk.h"

/* https://www.iana.org/assignments/ppp-numbers */
enum ppp_protocol {
	PPP_IPV4 = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_MPLS = 0x0281,
};

#define PPPOE_HEADER 6

static enum decoded ppp_protocol(struct walk *walk, uint16_t protocol)
{
	switch (protocol) {
	case PPP_IPV4:
		return walk_ipv4(walk);
	case PPP_IPV6:
		return walk_ipv6(walk);
	case PPP_MPLS:
		return walk_mpls(walk);
	default:
		return DECODED_OTHER;
	}
}

/*
 * Address and control (ff 03) may be left out, and so may the upper byte of the protocol (RFC 1661 section 6.5,
 * 6.6).
 */
enum decoded walk_ppp(struct walk *walk)
{
	struct view *view = &walk->view;
	const uint8_t *header;

	if (view->captured >= 2 && view->data[0] == 0xff && view->data[1] == 0x03)
		view_take(view, 2);
	header = view_take(view, 1);
	if (!header)
		return view_lack(view, 1);
	if (header[0] & 1)
		return ppp_protocol(walk, header[0]);
	if (!view_take(view, 1))
		return view_lack(view, 1);
	return ppp_protocol(walk, load_be16(header));
}

/* PPP in HDLC framing (RFC 1662), or Cisco's HDLC with an EtherType. */
enum decoded walk_hdlc(struct walk *walk)
{
	const uint8_t *header = walk->view.data;

	if (walk->view.captured < 4)
		return view_lack(&walk->view, 4);
	if (header[1] != 0x00 || (header[0] != 0x0f && header[0] != 0x8f))
		return walk_ppp(walk);
	view_take(&walk->view, 4);
	return walk_ethertype(walk, load_be16(header + 2));
}

/* RFC 2516 section 4: a session's packets have code 0. */
enum decoded walk_pppoe(struct walk *walk)
{
	const uint8_t *header = view_take(&walk->view, PPPOE_HEADER);

	if (!header)
		return view_lack(&walk->view, PPPOE_HEADER);
	if (header[0] != 0x11 || header[1] != 0)
		return DECODED_OTHER;
	view_limit(&walk->view, load_be16(header + 4));
	return walk_ppp(walk);
}
