/*
 * Law: a segment is the same segment whatever link layer carried it, and no cut of the frame makes another one of
 * it.
 */
#include "sample.h"

#define MAC_DST 0x02, 0, 0, 0, 0, 0x02
#define MAC_SRC 0x02, 0, 0, 0, 0, 0x01

struct link {
	const char *name;
	uint16_t link_type;
	uint8_t version;      /* of the IP packet behind the header */
	uint8_t mac_at;       /* offset of the source address, 0 for none */
	uint8_t header_len;
	int16_t length_at;    /* offset of a 16-bit length of what follows it, 0 for none */
	uint8_t length_from;  /* where that length begins to count */
	uint8_t header[64];
};

static const struct link links[] = {
	{ "Ethernet with IPv4", 1, 4, 6, 14, 0, 0, { MAC_DST, MAC_SRC, 0x08, 0x00 } },
	{ "Ethernet with IPv6", 1, 6, 6, 14, 0, 0, { MAC_DST, MAC_SRC, 0x86, 0xdd } },
	{ "a VLAN tag", 1, 4, 6, 18, 0, 0, { MAC_DST, MAC_SRC, 0x81, 0x00, 0x00, 0x05, 0x08, 0x00 } },
	{ "a VLAN tag before IPv6", 1, 6, 6, 18, 0, 0, { MAC_DST, MAC_SRC, 0x81, 0x00, 0x20, 0x05, 0x86, 0xdd } },
	{ "QinQ: 802.1ad and 802.1Q tags", 1, 4, 6, 22, 0, 0,
	  { MAC_DST, MAC_SRC, 0x88, 0xa8, 0x00, 0x64, 0x81, 0x00, 0x00, 0x05, 0x08, 0x00 } },
	{ "three tags, the old 0x9100 first", 1, 4, 6, 26, 0, 0,
	  { MAC_DST, MAC_SRC, 0x91, 0x00, 0x00, 1, 0x81, 0x00, 0x00, 2, 0x81, 0x00, 0x00, 3, 0x08, 0x00 } },
	{ "802.3 with LLC and SNAP", 1, 4, 6, 22, 12, 14,
	  { MAC_DST, MAC_SRC, 0, 0, 0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00 } },
	{ "802.3 with LLC's own SAP for IP", 1, 4, 6, 17, 12, 14, { MAC_DST, MAC_SRC, 0, 0, 0x06, 0x06, 0x03 } },
	{ "802.3 in a VLAN", 1, 6, 6, 26, 16, 18,
	  { MAC_DST, MAC_SRC, 0x81, 0x00, 0x00, 5, 0, 0, 0xaa, 0xaa, 0x03, 0, 0, 0, 0x86, 0xdd } },
	{ "one MPLS label", 1, 4, 6, 18, 0, 0, { MAC_DST, MAC_SRC, 0x88, 0x47, 0x00, 0x01, 0x01, 0xff } },
	{ "three MPLS labels before IPv6", 1, 6, 6, 26, 0, 0,
	  { MAC_DST, MAC_SRC, 0x88, 0x47, 0, 1, 0, 0xff, 0, 2, 0, 0xff, 0, 3, 1, 0xff } },
	{ "MPLS multicast in a VLAN", 1, 4, 6, 22, 0, 0,
	  { MAC_DST, MAC_SRC, 0x81, 0x00, 0, 5, 0x88, 0x48, 0x00, 0x01, 0x01, 0xff } },
	{ "PPPoE in Ethernet", 1, 4, 6, 22, 18, 20,
	  { MAC_DST, MAC_SRC, 0x88, 0x64, 0x11, 0x00, 0x00, 0x07, 0, 0, 0x00, 0x21 } },
	{ "PPPoE in a VLAN, with IPv6", 1, 6, 6, 26, 22, 24,
	  { MAC_DST, MAC_SRC, 0x81, 0x00, 0x00, 5, 0x88, 0x64, 0x11, 0x00, 0x00, 0x07, 0, 0, 0x00, 0x57 } },
	{ "PPPoE", 51, 4, 0, 8, 4, 6, { 0x11, 0x00, 0x00, 0x07, 0, 0, 0x00, 0x21 } },
	{ "PPP without address and control", 9, 4, 0, 2, 0, 0, { 0x00, 0x21 } },
	{ "PPP with address and control", 9, 6, 0, 4, 0, 0, { 0xff, 0x03, 0x00, 0x57 } },
	{ "PPP with a compressed protocol", 9, 4, 0, 1, 0, 0, { 0x21 } },
	{ "PPP with MPLS", 9, 4, 0, 6, 0, 0, { 0x02, 0x81, 0x00, 0x01, 0x01, 0xff } },
	{ "PPP in HDLC", 50, 4, 0, 4, 0, 0, { 0xff, 0x03, 0x00, 0x21 } },
	{ "Cisco HDLC", 50, 6, 0, 4, 0, 0, { 0x0f, 0x00, 0x86, 0xdd } },
	{ "Cisco HDLC by its own number", 104, 4, 0, 4, 0, 0, { 0x0f, 0x00, 0x08, 0x00 } },
	/* packet type 0, ARPHRD_ETHER 1, address length 6, address, EtherType */
	{ "Linux cooked", 113, 4, 6, 16, 0, 0, { 0, 0, 0, 1, 0, 6, MAC_SRC, 0, 0, 0x08, 0x00 } },
	{ "Linux cooked of a tun device", 113, 6, 0, 16, 0, 0, { 0, 4, 0xff, 0xfe, 0, 0, [14] = 0x86, 0xdd } },
	{ "Linux cooked with a VLAN tag", 113, 4, 6, 20, 0, 0,
	  { 0, 0, 0, 1, 0, 6, MAC_SRC, 0, 0, 0x81, 0x00, 0x00, 0x05, 0x08, 0x00 } },
	{ "Linux cooked with LLC", 113, 4, 6, 24, 0, 0,
	  { 0, 0, 0, 1, 0, 6, MAC_SRC, 0, 0, 0x00, 0x04, 0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00 } },
	/* EtherType, reserved, interface 3, ARPHRD_ETHER 1, packet type 0, address length 6, address */
	{ "Linux cooked 2", 276, 4, 12, 20, 0, 0, { 0x08, 0x00, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, MAC_SRC } },
	{ "Linux cooked 2 with IPv6", 276, 6, 12, 20, 0, 0, { 0x86, 0xdd, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, MAC_SRC } },
	{ "NULL of a little-endian host", 0, 4, 0, 4, 0, 0, { 2, 0, 0, 0 } },
	{ "NULL of a big-endian host", 0, 4, 0, 4, 0, 0, { 0, 0, 0, 2 } },
	{ "NULL with IPv6 of macOS", 0, 6, 0, 4, 0, 0, { 30, 0, 0, 0 } },
	{ "NULL with IPv6 of FreeBSD", 0, 6, 0, 4, 0, 0, { 28, 0, 0, 0 } },
	{ "LOOP", 108, 6, 0, 4, 0, 0, { 0, 0, 0, 24 } },
	{ "raw IP, version 4", 101, 4, 0, 0, 0, 0, { 0 } },
	{ "raw IP, version 6", 101, 6, 0, 0, 0, 0, { 0 } },
	{ "raw IP by the number 12", 12, 4, 0, 0, 0, 0, { 0 } },
	{ "raw IP by the number 14", 14, 6, 0, 0, 0, 0, { 0 } },
	{ "raw IPv4", 228, 4, 0, 0, 0, 0, { 0 } },
	{ "raw IPv6", 229, 6, 0, 0, 0, 0, { 0 } },
	/* data, to DS: BSSID, source, destination; sequence; LLC/SNAP */
	{ "802.11 to the access point", 105, 4, 10, 32, 0, 0,
	  { 0x08, 0x01, 0, 0, MAC_DST, MAC_SRC, MAC_DST, 0x10, 0, 0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00 } },
	/* QoS data, from DS: destination, BSSID, source; sequence; QoS control */
	{ "802.11 from the access point, with QoS", 105, 6, 16, 34, 0, 0,
	  { 0x88, 0x02, 0, 0, MAC_DST, MAC_DST, MAC_SRC, 0x10, 0, 0, 0, 0xaa, 0xaa, 0x03, 0, 0, 0, 0x86, 0xdd } },
	{ "802.11 with four addresses, QoS and HT control", 105, 4, 24, 44, 0, 0,
	  { 0x88, 0x83, 0, 0, MAC_DST, MAC_DST, MAC_DST, 0x10, 0, MAC_SRC, 0, 0, 0, 0, 0, 0,
	    0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00 } },
	/* version 0, length 8, nothing present */
	{ "802.11 behind an empty radiotap header", 127, 4, 18, 40, 0, 0,
	  { 0, 0, 8, 0, 0, 0, 0, 0,
	    0x08, 0x01, 0, 0, MAC_DST, MAC_SRC, MAC_DST, 0x10, 0, 0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00 } },
	/* length 25; TSFT and flags present, and another word of bits; flags at 24: header padded to four bytes */
	{ "802.11 behind radiotap, its header padded", 127, 4, 35, 61, 0, 0,
	  { 0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0x20,
	    0x88, 0x01, 0, 0, MAC_DST, MAC_SRC, MAC_DST, 0x10, 0, 0, 0, 0, 0, 0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00 } },
};

static struct packet wrap(const struct link *link)
{
	struct packet inner = sample_packet(link->version);
	struct packet frame = prepend(link->header, link->header_len, &inner);

	if (link->length_at)
		store_be16(frame.bytes + link->length_at, (uint16_t)(frame.len - link->length_from));
	return frame;
}

static bool mac_is(const struct link *link, const struct packet *frame)
{
	static const uint8_t mac[6] = { MAC_SRC };
	struct decoder *decoder = decoder_new();
	struct decoding decoding = decode(decoder, link->link_type, frame);
	const uint8_t *got = decoding.segment.mac;
	bool right = link->mac_at ? got == decoding.bytes + link->mac_at && memcmp(got, mac, 6) == 0 : got == NULL;

	decoding_clear(&decoding);
	decoder_free(decoder);
	return right;
}

static void every_link(void)
{
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
		struct packet frame = wrap(&links[i]);
		struct segment want = sample_segment(links[i].version);

		ok(decodes_to(links[i].link_type, &frame, &want), "%s is taken off", links[i].name);
		ok(mac_is(&links[i], &frame), "%s: the source address is found, where there is one", links[i].name);
		ok(cuts_are_harmless(links[i].link_type, &frame, &want), "%s may be cut anywhere", links[i].name);
	}
}

static void is_kind(uint16_t link_type, const void *bytes, uint32_t len, enum decoded want, const char *name)
{
	struct packet empty = { .len = 0 };
	struct packet frame = prepend(bytes, len, &empty);

	is_number(kind_of(link_type, &frame), want, name);
}

static void what_is_not_ip(void)
{
	static const uint8_t arp[60] = { MAC_DST, MAC_SRC, 0x08, 0x06 };
	static const uint8_t stp[60] = { MAC_DST, MAC_SRC, 0x00, 0x26, 0x42, 0x42, 0x03 };
	static const uint8_t discovery[60] = { MAC_DST, MAC_SRC, 0x88, 0x63, 0x11, 0x09 };
	static const uint8_t beacon[40] = { 0x80, 0x00 };
	static const uint8_t encrypted[40] = { 0x08, 0x41 };
	static const uint8_t amsdu[40] = { 0x88, 0x01, [24] = 0x80, [26] = 0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00, 0x45 };
	static const uint8_t fragment[40] = { 0x08, 0x01, [22] = 0x11, [24] = 0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0, 0x45 };
	static const uint8_t appletalk[60] = { MAC_DST, MAC_SRC, 0, 0x26, 0xaa, 0xaa, 3, 8, 0, 7, 0x80, 0x9b };
	static const uint8_t ethernet[] = { MAC_DST, MAC_SRC, 0x08, 0x00, 0x65 };

	is_kind(1, arp, sizeof arp, DECODED_OTHER, "ARP is another protocol");
	is_kind(1, stp, sizeof stp, DECODED_OTHER, "so is spanning tree");
	is_kind(1, discovery, sizeof discovery, DECODED_OTHER, "so is PPPoE discovery");
	is_kind(105, beacon, sizeof beacon, DECODED_OTHER, "so is an 802.11 beacon");
	is_kind(105, encrypted, sizeof encrypted, DECODED_OTHER, "encrypted 802.11 data is left alone");
	is_kind(105, amsdu, sizeof amsdu, DECODED_OTHER, "so are aggregated MSDUs");
	is_kind(105, fragment, sizeof fragment, DECODED_OTHER, "and fragmented ones");
	is_kind(1, appletalk, sizeof appletalk, DECODED_OTHER, "SNAP of another organisation is another protocol");
	is_kind(1, ethernet, 10, DECODED_MALFORMED, "half an Ethernet header is malformed");
	is_kind(147, arp, sizeof arp, DECODED_UNKNOWN_LINK, "a private link type is not handled");
}

/* IPv4 with total length 0, in a PPPoE payload, in a frame that was padded. */
static void inner_lengths_hold(void)
{
	struct segment want = sample_segment(4);
	struct packet inner = sample_packet(4);
	uint8_t header[] = { MAC_DST, MAC_SRC, 0x88, 0x64, 0x11, 0, 0, 7, 0, (uint8_t)(inner.len + 2), 0x00, 0x21 };
	uint8_t llc[] = { MAC_DST, MAC_SRC, 0, (uint8_t)(inner.len + 8), 0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00 };
	struct packet frame;

	store_be16(inner.bytes + 2, 0);
	frame = prepend(header, sizeof header, &inner);
	frame.len += 8;
	ok(decodes_to(1, &frame, &want), "PPPoE's length ends the packet where IP's does not");
	frame = prepend(llc, sizeof llc, &inner);
	frame.len += 8;
	ok(decodes_to(1, &frame, &want), "so does the length of an 802.3 frame");
}

static void unknown_link_type_is_counted(void)
{
	struct decoder *decoder = decoder_new();
	uint8_t byte = 0;
	struct decoding decoding = decode_cut(decoder, 147, &byte, 1, 1);

	is_number(decoder_counts(decoder)->unknown_link_type, 147, "the link type that was not handled is remembered");
	is_number((long long)decoder_counts(decoder)->kinds[DECODED_UNKNOWN_LINK], 1, "and counted");
	decoding_clear(&decoding);
	decoder_free(decoder);
}

static void endless_tags_end(void)
{
	struct packet frame = { .bytes = { MAC_DST, MAC_SRC }, .len = PACKET_MAX };

	for (uint32_t at = 12; at + 4 <= PACKET_MAX; at += 4)
		store_be16(frame.bytes + at, 0x8100);
	is_number(kind_of(1, &frame), DECODED_OTHER, "a frame of nothing but VLAN tags is given up");
	memset(frame.bytes + 12, 0, PACKET_MAX - 12);
	store_be16(frame.bytes + 12, 0x8847);
	is_number(kind_of(1, &frame), DECODED_OTHER, "so is one of nothing but MPLS labels");
}

int main(void)
{
	every_link();
	what_is_not_ip();
	inner_lengths_hold();
	unknown_link_type_is_counted();
	endless_tags_end();
	return done_testing();
}
