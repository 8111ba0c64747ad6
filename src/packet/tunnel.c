/* GRE (RFC 2784, RFC 2890) and what comes in it. */
#include "packet/walk.h"

#define GRE_HEADER 4
#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING 0x4000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_ACK 0x0080       /* version 1 */
#define GRE_VERSION 0x0007

#define ERSPAN2_HEADER 8
#define ERSPAN3_HEADER 12
#define ERSPAN3_SUBHEADER 8
#define ERSPAN3_HAS_SUBHEADER 0x01
#define ERSPAN3_FRAME_IP 2

static enum decoded mirrored_ethernet(struct walk *walk, uint32_t header_size)
{
	if (!view_take(&walk->view, header_size))
		return view_lack(&walk->view, header_size);
	return walk_ethernet(walk);
}

/* draft-foschiano-erspan section 4.3 */
static enum decoded walk_erspan3(struct walk *walk)
{
	const uint8_t *header = view_take(&walk->view, ERSPAN3_HEADER);
	uint32_t more;

	if (!header)
		return view_lack(&walk->view, ERSPAN3_HEADER);
	more = header[11] & ERSPAN3_HAS_SUBHEADER ? ERSPAN3_SUBHEADER : 0;
	if ((header[10] >> 2 & 0x1f) != ERSPAN3_FRAME_IP)
		return mirrored_ethernet(walk, more);
	return view_take(&walk->view, more) ? walk_ip(walk) : view_lack(&walk->view, more);
}

/* Type I has no header of its own, and no sequence number in GRE (draft-foschiano-erspan section 4.1). */
static enum decoded gre_payload(struct walk *walk, uint16_t flags, uint16_t type)
{
	switch (type) {
	case ETHERTYPE_ERSPAN:
		return mirrored_ethernet(walk, flags & GRE_SEQUENCE ? ERSPAN2_HEADER : 0);
	case ETHERTYPE_ERSPAN3:
		return walk_erspan3(walk);
	case ETHERTYPE_BRIDGING: /* GRE was counted already */
		return walk_ethernet(walk);
	default:
		return walk_ethertype(walk, type);
	}
}

static uint32_t gre_header_size(uint16_t flags)
{
	uint32_t size = GRE_HEADER;

	size += flags & GRE_CHECKSUM ? 4 : 0;
	size += flags & GRE_KEY ? 4 : 0;
	size += flags & GRE_SEQUENCE ? 4 : 0;
	/* PPTP's enhanced GRE, RFC 2637 section 4.1: the key field is payload length and call id. */
	size += flags & GRE_VERSION && flags & GRE_ACK ? 4 : 0;
	return size;
}

enum decoded walk_gre(struct walk *walk)
{
	const uint8_t *header = walk->view.data;
	uint16_t flags, type;
	uint32_t size;

	if (walk->view.captured < GRE_HEADER)
		return view_lack(&walk->view, GRE_HEADER);
	flags = load_be16(header);
	type = load_be16(header + 2);
	if (flags & GRE_ROUTING || (flags & GRE_VERSION) > 1)
		return DECODED_OTHER;
	size = gre_header_size(flags);
	if (!view_take(&walk->view, size))
		return view_lack(&walk->view, size);
	if (!(flags & GRE_VERSION))
		return gre_payload(walk, flags, type);
	return type == ETHERTYPE_PPP && walk->view.length ? walk_ppp(walk) : DECODED_OTHER;
}
