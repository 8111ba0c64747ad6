/*
 * Tunnels in UDP. A port number is no proof, so each header is tested, and what looks wrong is just somebody's
 * datagram.
 */
#include "packet/walk.h"

enum udp_port {
	PORT_GTP_U = 2152,       /* 3GPP TS 29.281 */
	PORT_TEREDO = 3544,      /* RFC 4380 */
	PORT_VXLAN = 4789,       /* RFC 7348 */
	PORT_GENEVE = 6081,      /* RFC 8926 */
	PORT_VXLAN_LINUX = 8472, /* before IANA gave it a number; still the default of `ip link` and flannel */
};

#define VXLAN_HEADER 8
#define VXLAN_HAS_VNI 0x08
#define GENEVE_HEADER 8
#define GTP_HEADER 8
#define GTP_OPTIONAL 4
#define GTP_VERSION_1 0x30       /* version 1, protocol type GTP */
#define GTP_VERSION_MASK 0xf0
#define GTP_HAS_EXTENSION 0x04
#define GTP_HAS_OPTIONAL 0x07
#define GTP_G_PDU 255
#define GTP_EXTENSIONS_MAX 8     /* TS 29.281 section 5.2.1 defines fewer */
#define TEREDO_AUTHENTICATION 13 /* with empty client id and authentication value, RFC 4380 section 5.1.1 */
#define TEREDO_ORIGIN 8

static enum decoded walk_vxlan(struct walk *walk)
{
	const uint8_t *header = view_take(&walk->view, VXLAN_HEADER);

	if (!header)
		return view_lack(&walk->view, VXLAN_HEADER);
	return header[0] & VXLAN_HAS_VNI && header[7] == 0 ? walk_ethernet(walk) : DECODED_OTHER;
}

static enum decoded walk_geneve(struct walk *walk)
{
	const uint8_t *header = view_take(&walk->view, GENEVE_HEADER);
	uint32_t options;
	uint16_t type;

	if (!header)
		return view_lack(&walk->view, GENEVE_HEADER);
	if (header[0] >> 6 != 0 || header[7] != 0)
		return DECODED_OTHER;
	options = (header[0] & 0x3f) * 4u;
	if (!view_take(&walk->view, options))
		return view_lack(&walk->view, options);
	type = load_be16(header + 2);
	return type == ETHERTYPE_BRIDGING ? walk_ethernet(walk) : walk_ethertype(walk, type);
}

/* Extension headers, each ending in the type of the next (TS 29.281 section 5.2.1). */
static enum decoded skip_gtp_extensions(struct view *view, uint8_t next)
{
	for (int skipped = 0; next; skipped++) {
		const uint8_t *header = view->data;
		uint32_t size;

		if (view->captured < 1)
			return view_lack(view, 1);
		size = header[0] * 4u;
		if (size == 0 || skipped == GTP_EXTENSIONS_MAX)
			return DECODED_MALFORMED;
		if (!view_take(view, size))
			return view_lack(view, size);
		next = header[size - 1];
	}
	return WALK_ON;
}

static enum decoded walk_gtp(struct walk *walk)
{
	const uint8_t *header = view_take(&walk->view, GTP_HEADER);
	const uint8_t *optional;
	enum decoded decoded = WALK_ON;

	if (!header)
		return view_lack(&walk->view, GTP_HEADER);
	if ((header[0] & GTP_VERSION_MASK) != GTP_VERSION_1 || header[1] != GTP_G_PDU)
		return DECODED_OTHER;
	view_limit(&walk->view, load_be16(header + 2));
	if (header[0] & GTP_HAS_OPTIONAL) {
		optional = view_take(&walk->view, GTP_OPTIONAL);
		if (!optional)
			return view_lack(&walk->view, GTP_OPTIONAL);
		if (header[0] & GTP_HAS_EXTENSION)
			decoded = skip_gtp_extensions(&walk->view, optional[3]);
	}
	return decoded == WALK_ON ? walk_ip(walk) : decoded;
}

static enum decoded walk_teredo(struct walk *walk)
{
	struct view *view = &walk->view;
	uint32_t size;

	if (view->captured >= 4 && load_be16(view->data) == 1) {
		size = TEREDO_AUTHENTICATION + view->data[2] + view->data[3];
		if (!view_take(view, size))
			return view_lack(view, size);
	}
	if (view->captured >= 2 && load_be16(view->data) == 0 && !view_take(view, TEREDO_ORIGIN))
		return view_lack(view, TEREDO_ORIGIN);
	return walk_ipv6(walk);
}

static enum decoded udp_tunnel(struct walk *walk, uint16_t src, uint16_t dst)
{
	if (dst == PORT_VXLAN || dst == PORT_VXLAN_LINUX)
		return walk_vxlan(walk);
	if (dst == PORT_GENEVE)
		return walk_geneve(walk);
	if (dst == PORT_GTP_U || src == PORT_GTP_U)
		return walk_gtp(walk);
	if (dst == PORT_TEREDO || src == PORT_TEREDO)
		return walk_teredo(walk);
	return DECODED_OTHER;
}

enum decoded walk_udp(struct walk *walk)
{
	const uint8_t *header = view_take(&walk->view, UDP_HEADER);
	uint16_t length;
	enum decoded decoded;

	if (!header)
		return view_lack(&walk->view, UDP_HEADER);
	length = load_be16(header + 4);
	if (length >= UDP_HEADER) /* 0 where segmentation offload outgrew the field */
		view_limit(&walk->view, length - UDP_HEADER);
	walk->tunnels++;
	decoded = udp_tunnel(walk, load_be16(header), load_be16(header + 2));
	return decoded == DECODED_MALFORMED ? DECODED_OTHER : decoded;
}
