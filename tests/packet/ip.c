/*
 * Law: payload is what the IP header says, not what the frame holds; headers that contradict themselves are
 * malformed.
 */
#include "sample.h"

enum { IPV4_TOTAL = 2, IPV4_FIELDS = 20, IPV6_PAYLOAD = 4, IPV6_NEXT = 6, IPV6_FIELDS = 40 };

#define RAW 101

/* Insert `len` bytes at `at`. */
static struct packet insert(const struct packet *packet, uint32_t at, const uint8_t *bytes, uint32_t len)
{
	struct packet longer = *packet;

	memmove(longer.bytes + at + len, longer.bytes + at, longer.len - at);
	memcpy(longer.bytes + at, bytes, len);
	longer.len += len;
	return longer;
}

static struct packet with_ipv4_options(const uint8_t *options, uint32_t len)
{
	struct packet packet = sample_packet(4);

	packet = insert(&packet, IPV4_FIELDS, options, len);
	packet.bytes[0] = (uint8_t)(0x40 | (IPV4_FIELDS + len) / 4);
	store_be16(packet.bytes + IPV4_TOTAL, (uint16_t)packet.len);
	return packet;
}

static struct packet with_extensions(uint8_t first, const uint8_t *headers, uint32_t len)
{
	struct packet packet = sample_packet(6);

	packet = insert(&packet, IPV6_FIELDS, headers, len);
	packet.bytes[IPV6_NEXT] = first;
	store_be16(packet.bytes + IPV6_PAYLOAD, (uint16_t)(packet.len - IPV6_FIELDS));
	return packet;
}

static struct packet with_byte(struct packet packet, uint32_t at, uint8_t value)
{
	packet.bytes[at] = value;
	return packet;
}

static void ipv4_options(void)
{
	static const uint8_t router_alert[4] = { 148, 4, 0, 0 };
	static const uint8_t full[40] = { 7, 39, 4 }; /* record route, nothing recorded */
	/* loose source route, pointer 4: 10.9.9.9 is still to come, then 10.0.0.3 */
	static const uint8_t route[12] = { 131, 11, 4, 10, 9, 9, 9, 10, 0, 0, 3, 0 };
	static const uint8_t walked[12] = { 131, 11, 12, 10, 9, 9, 9, 10, 0, 0, 3, 0 };
	static const uint8_t broken[4] = { 131, 200, 4, 1 };
	struct segment want = sample_segment(4);
	struct packet packet = with_ipv4_options(router_alert, sizeof router_alert);

	ok(decodes_to(RAW, &packet, &want), "IPv4 options are skipped");
	ok(cuts_are_harmless(RAW, &packet, &want), "and may be cut anywhere");
	packet = with_ipv4_options(full, sizeof full);
	ok(decodes_to(RAW, &packet, &want), "forty bytes of them too");
	packet = with_ipv4_options(walked, sizeof walked);
	ok(decodes_to(RAW, &packet, &want), "a source route that was walked changes nothing");
	packet = with_ipv4_options(broken, sizeof broken);
	ok(decodes_to(RAW, &packet, &want), "nor does one that breaks its own length");
	packet = with_ipv4_options(route, sizeof route);
	memcpy(want.dst.address.bytes, (uint8_t[]){ 10, 0, 0, 3 }, 4);
	ok(decodes_to(RAW, &packet, &want), "a packet under way on a source route is for the route's end");
}

static void ipv4_lengths(void)
{
	struct segment want = sample_segment(4);
	struct packet plain = sample_packet(4);
	struct packet packet = plain;

	packet.len += 6;
	ok(decodes_to(RAW, &packet, &want), "padding behind the packet is not payload");
	packet = plain;
	store_be16(packet.bytes + IPV4_TOTAL, 0);
	ok(decodes_to(RAW, &packet, &want), "a total length of 0 (offload) means as long as the frame");
	store_be16(packet.bytes + IPV4_TOTAL, 19);
	is_number(kind_of(RAW, &packet), DECODED_MALFORMED, "a total length below the header's is malformed");
	store_be16(packet.bytes + IPV4_TOTAL, 39);
	is_number(kind_of(RAW, &packet), DECODED_MALFORMED, "so is one that leaves no room for a TCP header");
	packet = with_byte(plain, 0, 0x44);
	is_number(kind_of(RAW, &packet), DECODED_MALFORMED, "a header of 16 bytes is malformed");
	packet = with_byte(plain, 0, 0x55);
	is_number(kind_of(228, &packet), DECODED_MALFORMED, "so is version 5");
	packet = with_byte(plain, 9, 50);
	is_number(kind_of(RAW, &packet), DECODED_OTHER, "ESP is another protocol");
}

/* An empty segment in a 60-byte frame: RSTs look like this, and six bytes of payload would be a wrong verdict. */
static void ethernet_padding(void)
{
	struct segment segment = sample_segment(4);
	struct packet packet;
	static const uint8_t ethernet[ETHERNET] = { [12] = 0x08, 0x00 };

	segment.options_len = 0;
	segment.payload_len = segment.payload_captured = 0;
	packet = packet_of(&segment);
	packet = prepend(ethernet, sizeof ethernet, &packet);
	memset(packet.bytes + packet.len, 0xff, 6);
	packet.len += 6;
	is_number(packet.len, 60, "the shortest Ethernet frame has six bytes of padding behind a bare TCP header");
	ok(decodes_to(1, &packet, &segment), "which are no payload");
}

static void tcp_header(void)
{
	struct packet plain = sample_packet(4);
	struct packet packet = with_byte(plain, IPV4_FIELDS + 12, 0x40);
	struct decoder *decoder = decoder_new();
	struct decoding decoding;

	is_number(kind_of(RAW, &packet), DECODED_MALFORMED, "a data offset of 16 bytes is malformed");
	packet = with_byte(plain, IPV4_FIELDS + 12, 0xf0);
	is_number(kind_of(RAW, &packet), DECODED_MALFORMED, "so is one that points behind the packet");
	packet = with_byte(plain, IPV4_FIELDS + 12, 0x8f);
	packet.bytes[IPV4_FIELDS + 13] = 0xff;
	decoding = decode(decoder, RAW, &packet);
	is_number(decoding.segment.flags, 0xfff, "all twelve flag bits are kept");
	decoding_clear(&decoding);
	decoder_free(decoder);
}

static void snap_length(uint8_t version)
{
	uint32_t header = version == 4 ? IPV4_FIELDS : IPV6_FIELDS;
	struct segment want = sample_segment(version);
	struct packet packet = sample_packet(version);
	struct decoder *decoder = decoder_new();
	struct decoding decoding = decode_cut(decoder, RAW, packet.bytes, header + 19, packet.len);

	is_number(decoding.kind, DECODED_CUT, "a TCP header of 19 bytes is cut");
	decoding_clear(&decoding);
	decoding = decode_cut(decoder, RAW, packet.bytes, header + 26, packet.len);
	ok(decoding.kind == DECODED_SEGMENT && same_headers(&decoding.segment, &want), "20 bytes of it are enough");
	is_number(decoding.segment.options_len, 6, "the options that were captured are there");
	is_number(decoding.segment.header_options_len, 12, "and how many there should be is known");
	is_number(decoding.segment.payload_captured, 0, "no payload was captured");
	is_number(decoding.segment.payload_len, want.payload_len, "its length on the wire is known all the same");
	decoding_clear(&decoding);
	decoding = decode_cut(decoder, RAW, packet.bytes, packet.len - 3, packet.len - 3);
	is_number(decoding.segment.payload_len, want.payload_len,
	          "where a tool cut the packet and changed the frame's length, IP's length counts");
	decoding_clear(&decoding);
	decoder_free(decoder);
}

static void ipv6_extension_headers(void)
{
	/* hop-by-hop (router alert), destination options, AH with a 12-byte ICV; then TCP */
	static const uint8_t chain[] = {
		60, 0, 5, 2, 0, 0, 1, 0,
		51, 0, 1, 4, 0, 0, 0, 0,
		6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	};
	/* segment routing: 2 addresses, type 4, 1 segment left; the last one, 2001:db8::3, comes first */
	static const uint8_t srh[40] = {
		6, 4, 4, 1, 1, [8] = 0x20, 1, 0x0d, 0xb8, [23] = 3, [24] = 0x20, 1, 0x0d, 0xb8, [39] = 2
	};
	/* type 0, 1 address, 1 segment left: 2001:db8::3 */
	static const uint8_t type0[24] = { 6, 2, 0, 1, [8] = 0x20, 1, 0x0d, 0xb8, [23] = 3 };
	static const uint8_t arrived[24] = { 6, 2, 0, 0, [8] = 0x20, 1, 0x0d, 0xb8, [23] = 3 };
	struct segment want = sample_segment(6);
	struct packet packet = with_extensions(0, chain, sizeof chain);

	ok(decodes_to(RAW, &packet, &want), "hop-by-hop, destination options and AH are skipped");
	ok(cuts_are_harmless(RAW, &packet, &want), "and may be cut anywhere");
	packet = with_extensions(43, arrived, sizeof arrived);
	ok(decodes_to(RAW, &packet, &want), "a routing header at its end changes nothing");
	want.dst.address.bytes[15] = 3;
	packet = with_extensions(43, srh, sizeof srh);
	ok(decodes_to(RAW, &packet, &want), "a segment-routed packet is for the last segment");
	packet = with_extensions(43, type0, sizeof type0);
	ok(decodes_to(RAW, &packet, &want), "a source-routed one for the last address");
}

static void ipv6_lengths(void)
{
	static const uint8_t atomic[8] = { 6, 0, 0, 0, 0, 0, 0, 9 };
	uint8_t long_chain[17 * 8] = { 0 };
	struct segment want = sample_segment(6);
	struct packet packet = sample_packet(6);

	packet.len += 6;
	ok(decodes_to(RAW, &packet, &want), "padding behind an IPv6 packet is not payload");
	packet.len -= 6;
	store_be16(packet.bytes + IPV6_PAYLOAD, 0);
	ok(decodes_to(RAW, &packet, &want), "a payload length of 0 (offload) means as long as the frame");
	store_be16(packet.bytes + IPV6_PAYLOAD, 19);
	is_number(kind_of(RAW, &packet), DECODED_MALFORMED, "19 bytes are no TCP header");
	packet = with_extensions(44, atomic, sizeof atomic);
	ok(decodes_to(RAW, &packet, &want), "an atomic fragment is a whole packet");
	packet = with_extensions(59, atomic, sizeof atomic);
	is_number(kind_of(RAW, &packet), DECODED_OTHER, "no next header means nothing follows");
	for (int i = 0; i < 17; i++)
		long_chain[i * 8] = i == 16 ? 6 : 60;
	packet = with_extensions(60, long_chain, sizeof long_chain);
	is_number(kind_of(RAW, &packet), DECODED_MALFORMED, "seventeen extension headers are an attack");
}

static void ipv4_authentication_header(void)
{
	/* next header TCP, 24 bytes */
	static const uint8_t ah[24] = { 6, 4, 0, 0, 0, 0, 0, 1 };
	struct segment want = sample_segment(4);
	struct packet packet = sample_packet(4);

	packet = insert(&packet, IPV4_FIELDS, ah, sizeof ah);
	packet.bytes[9] = 51;
	store_be16(packet.bytes + IPV4_TOTAL, (uint16_t)packet.len);
	ok(decodes_to(RAW, &packet, &want), "AH is skipped in IPv4");
	ok(cuts_are_harmless(RAW, &packet, &want), "and may be cut anywhere");
}

int main(void)
{
	ipv4_options();
	ipv4_lengths();
	ethernet_padding();
	tcp_header();
	snap_length(4);
	snap_length(6);
	ipv6_extension_headers();
	ipv6_lengths();
	ipv4_authentication_header();
	return done_testing();
}
