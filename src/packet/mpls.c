#include "packet/walk.h"

#define MPLS_LABELS_MAX 16    /* deeper label stacks are not looked into */
#define CONTROL_WORD 4        /* RFC 4385 section 3: its first nibble is 0 */

/* Whether `offset` bytes on stands an Ethernet header with IP or a VLAN tag in it. */
static bool looks_ethernet(const struct view *view, uint32_t offset)
{
	const uint8_t *header = view->data + offset;

	if (view->captured < offset + 15)
		return false;
	switch (load_be16(header + 12)) {
	case ETHERTYPE_IPV4:
		return header[14] >> 4 == 4;
	case ETHERTYPE_IPV6:
		return header[14] >> 4 == 6;
	case ETHERTYPE_VLAN:
	case ETHERTYPE_QINQ:
		return true;
	default:
		return false;
	}
}

/* Nothing in the label stack names what follows it: the first nibble tells (RFC 4928 section 2). */
static enum decoded below_labels(struct walk *walk)
{
	struct view *view = &walk->view;
	unsigned int nibble;

	if (view->captured < 1)
		return view_lack(view, 1);
	nibble = view->data[0] >> 4;
	if (nibble == 4 || nibble == 6)
		return walk_ip(walk);
	if (nibble == 0 && looks_ethernet(view, CONTROL_WORD))
		view_take(view, CONTROL_WORD);
	else if (!looks_ethernet(view, 0))
		return DECODED_OTHER;
	walk->tunnels++;
	return walk_ethernet(walk);
}

enum decoded walk_mpls(struct walk *walk)
{
	for (int label = 0; label < MPLS_LABELS_MAX; label++) {
		const uint8_t *entry = view_take(&walk->view, 4);

		if (!entry)
			return view_lack(&walk->view, 4);
		if (entry[2] & 1) /* bottom of stack, RFC 3032 section 2.1 */
			return below_labels(walk);
	}
	return DECODED_OTHER;
}
