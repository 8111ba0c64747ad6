/* IEEE 802.11 data frames as they are captured in monitor mode. Multi-byte fields are little-endian. */
#include "packet/walk.h"

#define WIFI_HEADER 24
#define WIFI_TYPE_MASK 0x0f       /* version 0, type */
#define WIFI_DATA 0x08
#define WIFI_NO_DATA 0x40         /* subtype bits */
#define WIFI_QOS 0x80
#define WIFI_TO_DS 0x01           /* second byte: flags */
#define WIFI_FROM_DS 0x02
#define WIFI_MORE_FRAGMENTS 0x04
#define WIFI_PROTECTED 0x40
#define WIFI_HT_CONTROL 0x80
#define WIFI_QOS_AMSDU 0x80

#define RADIOTAP_HEADER 8
#define RADIOTAP_TSFT 1u
#define RADIOTAP_FLAGS 2u
#define RADIOTAP_MORE (1u << 31)
#define RADIOTAP_FLAG_PADDED 0x20 /* the 802.11 header is padded to four bytes */

static uint32_t header_size(const uint8_t *header)
{
	bool four_addresses = (header[1] & (WIFI_TO_DS | WIFI_FROM_DS)) == (WIFI_TO_DS | WIFI_FROM_DS);
	uint32_t size = WIFI_HEADER + (four_addresses ? 6 : 0);

	if (header[0] & WIFI_QOS)
		size += header[1] & WIFI_HT_CONTROL ? 6 : 2;
	return size;
}

/* IEEE 802.11 table 9-30: which address is the source. */
static const uint8_t *source_address(const uint8_t *header)
{
	if (!(header[1] & WIFI_FROM_DS))
		return header + 10;
	return header[1] & WIFI_TO_DS ? header + 24 : header + 16;
}

/* Plain MSDUs only: what is encrypted, aggregated or fragmented is left alone. */
static bool holds_msdu(const uint8_t *header)
{
	return (header[0] & (WIFI_TYPE_MASK | WIFI_NO_DATA)) == WIFI_DATA
	       && !(header[1] & (WIFI_PROTECTED | WIFI_MORE_FRAGMENTS));
}

static enum decoded wifi_frame(struct walk *walk, bool padded)
{
	struct view *view = &walk->view;
	const uint8_t *header = view->data;
	uint32_t size;

	if (view->captured < 2)
		return view_lack(view, 2);
	if (!holds_msdu(header))
		return DECODED_OTHER;
	size = header_size(header);
	if (!view_take(view, padded ? (size + 3) & ~3u : size))
		return view_lack(view, size);
	if (header[22] & 0x0f) /* fragment number */
		return DECODED_OTHER;
	if (header[0] & WIFI_QOS && header[size - (header[1] & WIFI_HT_CONTROL ? 6 : 2)] & WIFI_QOS_AMSDU)
		return DECODED_OTHER;
	if (!walk->mac)
		walk->mac = source_address(header);
	return walk_llc(walk);
}

enum decoded walk_wifi(struct walk *walk)
{
	return wifi_frame(walk, false);
}

static uint32_t load_le32(const uint8_t *p)
{
	return __builtin_bswap32(load_be32(p));
}

/* The flags field of a radiotap header of `size` bytes, 0 where it has none (https://www.radiotap.org). */
static uint8_t radiotap_flags(const uint8_t *header, uint32_t size)
{
	uint32_t present = load_le32(header + 4);
	uint32_t at = RADIOTAP_HEADER;
	uint32_t word = present;

	while (word & RADIOTAP_MORE && at + 4 <= size) {
		word = load_le32(header + at);
		at += 4;
	}
	if (present & RADIOTAP_TSFT)
		at = ((at + 7) & ~7u) + 8;
	return present & RADIOTAP_FLAGS && at < size ? header[at] : 0;
}

enum decoded walk_radiotap(struct walk *walk)
{
	const uint8_t *header = walk->view.data;
	uint32_t size;

	if (walk->view.captured < RADIOTAP_HEADER)
		return view_lack(&walk->view, RADIOTAP_HEADER);
	size = header[2] | (uint32_t)header[3] << 8;
	if (header[0] != 0 || size < RADIOTAP_HEADER)
		return DECODED_MALFORMED;
	if (!view_take(&walk->view, size))
		return view_lack(&walk->view, size);
	return wifi_frame(walk, radiotap_flags(header, size) & RADIOTAP_FLAG_PADDED);
}
