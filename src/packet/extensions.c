/* IPv6 extension headers (RFC 8200 section 4) and the authentication header, which IPv4 has too (RFC 4302). */
#include "packet/walk.h"

#define EXTENSIONS_MAX 16 /* RFC 8200 section 4.1 knows of seven; a longer chain is an attack */

enum routing_type {
	ROUTING_SOURCE = 0,   /* RFC 2460, deprecated by RFC 5095 */
	ROUTING_MOBILE = 2,   /* RFC 6275 */
	ROUTING_SEGMENT = 4,  /* RFC 8754 */
};

enum decoded skip_authentication(struct view *view, uint8_t *next)
{
	const uint8_t *header = view->data;
	uint32_t size;

	if (view->captured < 2)
		return view_lack(view, 2);
	size = (header[1] + 2u) * 4;
	if (!view_take(view, size))
		return view_lack(view, size);
	*next = header[0];
	return WALK_ON;
}

/* The last address of the route is the one in the pseudo header (RFC 8200 section 8.1). */
static void follow_route(const uint8_t *header, const uint8_t **dst)
{
	unsigned int addresses = header[1] / 2;

	if (addresses == 0 || header[3] == 0)
		return;
	switch ((enum routing_type)header[2]) {
	case ROUTING_SOURCE:
	case ROUTING_MOBILE:
		*dst = header + 8 + (addresses - 1) * 16;
		break;
	case ROUTING_SEGMENT: /* the list is in reverse order */
		*dst = header + 8;
		break;
	}
}

static enum decoded skip_one(struct view *view, uint8_t *next, const uint8_t **dst)
{
	const uint8_t *header = view->data;
	uint32_t size;

	if (*next == PROTOCOL_AH)
		return skip_authentication(view, next);
	if (view->captured < 2)
		return view_lack(view, 2);
	size = (header[1] + 1u) * 8;
	if (!view_take(view, size))
		return view_lack(view, size);
	if (*next == PROTOCOL_ROUTING)
		follow_route(header, dst);
	*next = header[0];
	return WALK_ON;
}

static bool is_extension(uint8_t protocol)
{
	return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_DESTINATION
	       || protocol == PROTOCOL_AH;
}

enum decoded skip_extensions(struct view *view, uint8_t *next, const uint8_t **dst)
{
	for (int skipped = 0; is_extension(*next); skipped++) {
		enum decoded decoded = skipped < EXTENSIONS_MAX ? skip_one(view, next, dst) : DECODED_MALFORMED;

		if (decoded != WALK_ON)
			return decoded;
	}
	return WALK_ON;
}
