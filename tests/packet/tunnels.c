/* Law: of a packet in tunnels the innermost TCP segment counts, and UDP that only looks like a tunnel is just UDP. */
#include "sample.h"

#define MACS 0x02, 0, 0, 0, 0, 0x0b, 0x02, 0, 0, 0, 0, 0x0a

/* 192.0.2.1 > 192.0.2.2, TTL 64; the total length at 2 is filled in. */
#define IPV4(protocol) 0x45, 0, 0, 0, 0, 1, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2
/* 2001:db8:1::1 > 2001:db8:1::2, hop limit 64; the payload length at 4 is filled in. */
#define IPV6(next) 0x60, 0, 0, 0, 0, 0, next, 64, 0x20, 1, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, \
	0x20, 1, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2
/* From port 50000, the length at 4 is filled in, no checksum. */
#define UDP(port) 0xc3, 0x50, (port) >> 8, (port) & 0xff, 0, 0, 0, 0

struct length {
	uint8_t at, from; /* where a 16-bit length stands, and from where it counts to the end; 0, 0 for none */
};

struct tunnel {
	const char *name;
	uint8_t version;  /* of the packet inside */
	uint8_t tunnels;
	uint8_t header_len;
	struct length lengths[4];
	uint8_t header[128];
};

/* All come as raw IP (link type 101). */
static const struct tunnel tunnels[] = {
	{ "IPv4 in IPv4", 4, 1, 20, { { 2, 0 } }, { IPV4(4) } },
	{ "IPv6 in IPv4 (6in4)", 6, 1, 20, { { 2, 0 } }, { IPV4(41) } },
	{ "IPv4 in IPv6", 4, 1, 40, { { 4, 40 } }, { IPV6(4) } },
	{ "IPv6 in IPv6", 6, 1, 40, { { 4, 40 } }, { IPV6(41) } },
	{ "MPLS in IPv4", 4, 1, 24, { { 2, 0 } }, { IPV4(137), 0, 1, 1, 64 } },
	{ "GRE", 4, 1, 24, { { 2, 0 } }, { IPV4(47), 0, 0, 0x08, 0x00 } },
	{ "GRE with checksum, key and sequence number", 6, 1, 36, { { 2, 0 } },
	  { IPV4(47), 0xb0, 0, 0x86, 0xdd, 0x12, 0x34, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1 } },
	{ "GRE over IPv6", 4, 1, 44, { { 4, 40 } }, { IPV6(47), 0, 0, 0x08, 0x00 } },
	{ "GRE with MPLS", 4, 1, 28, { { 2, 0 } }, { IPV4(47), 0, 0, 0x88, 0x47, 0, 1, 1, 64 } },
	{ "NVGRE: Ethernet in GRE with a key", 4, 1, 42, { { 2, 0 } },
	  { IPV4(47), 0x20, 0, 0x65, 0x58, 0, 0x10, 0, 1, MACS, 0x08, 0x00 } },
	{ "ERSPAN I", 4, 1, 38, { { 2, 0 } }, { IPV4(47), 0, 0, 0x88, 0xbe, MACS, 0x08, 0x00 } },
	{ "ERSPAN II", 4, 1, 50, { { 2, 0 } },
	  { IPV4(47), 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 5, 0, 1, 0, 0, 0, 0, MACS, 0x08, 0x00 } },
	{ "ERSPAN III", 6, 1, 54, { { 2, 0 } },
	  { IPV4(47), 0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, MACS, 0x86, 0xdd } },
	{ "ERSPAN III with its platform header, a VLAN inside", 4, 1, 66, { { 2, 0 } },
	  { IPV4(47), 0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
	    MACS, 0x81, 0x00, 0, 5, 0x08, 0x00 } },
	{ "ERSPAN III with an IP packet", 4, 1, 40, { { 2, 0 } },
	  { IPV4(47), 0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 5, 0, 1, 0, 0, 0, 0, 0, 0, 2 << 2, 0 } },
	/* flags K S, version 1 with A; payload length at 24, call id, sequence and acknowledgement numbers; PPP */
	{ "PPTP", 4, 1, 40, { { 2, 0 }, { 24, 36 } },
	  { IPV4(47), 0x30, 0x81, 0x88, 0x0b, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0x03, 0x00, 0x21 } },
	{ "VXLAN", 4, 1, 50, { { 2, 0 }, { 24, 20 } },
	  { IPV4(17), UDP(4789), 0x08, 0, 0, 0, 0, 0, 42, 0, MACS, 0x08, 0x00 } },
	{ "VXLAN over IPv6, on Linux's first port", 6, 1, 70, { { 4, 40 }, { 44, 40 } },
	  { IPV6(17), UDP(8472), 0x08, 0, 0, 0, 0, 0, 42, 0, MACS, 0x86, 0xdd } },
	{ "GENEVE with Ethernet and 8 bytes of options", 4, 1, 58, { { 2, 0 }, { 24, 20 } },
	  { IPV4(17), UDP(6081), 0x02, 0, 0x65, 0x58, 0, 0, 42, 0, 1, 2, 3, 1, 0, 0, 0, 0, MACS, 0x08, 0x00 } },
	{ "GENEVE with IPv6", 6, 1, 36, { { 2, 0 }, { 24, 20 } },
	  { IPV4(17), UDP(6081), 0x00, 0, 0x86, 0xdd, 0, 0, 42, 0 } },
	{ "GTP-U", 4, 1, 36, { { 2, 0 }, { 24, 20 }, { 30, 36 } },
	  { IPV4(17), UDP(2152), 0x30, 255, 0, 0, 0, 0, 0, 9 } },
	{ "GTP-U with sequence number", 6, 1, 40, { { 2, 0 }, { 24, 20 }, { 30, 36 } },
	  { IPV4(17), UDP(2152), 0x32, 255, 0, 0, 0, 0, 0, 9, 0, 1, 0, 0 } },
	/* next extension 0x85 (PDU session container, 4 bytes), then none */
	{ "GTP-U with an extension header", 4, 1, 44, { { 2, 0 }, { 24, 20 }, { 30, 36 } },
	  { IPV4(17), UDP(2152), 0x34, 255, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0x85, 1, 0x10, 9, 0 } },
	{ "Teredo", 6, 1, 28, { { 2, 0 }, { 24, 20 } }, { IPV4(17), UDP(3544) } },
	/* authentication without client id, nonce 8 bytes, confirmation; origin 0xffff - port, ~address */
	{ "Teredo with authentication and origin", 6, 1, 49, { { 2, 0 }, { 24, 20 } },
	  { IPV4(17), UDP(3544), 0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0x3c, 0xaf, 0x3f, 0xff, 0xfd, 0xfe } },
	/* IPv4 (total length at 2), GRE, Ethernet, IPv4 (at 40), UDP (at 62), VXLAN, Ethernet */
	{ "VXLAN in NVGRE", 4, 2, 88, { { 2, 0 }, { 40, 38 }, { 62, 58 } },
	  { IPV4(47), 0, 0, 0x65, 0x58, MACS, 0x08, 0x00,
	    IPV4(17), UDP(4789), 0x08, 0, 0, 0, 0, 0, 42, 0, MACS, 0x08, 0x00 } },
	/* one label, control word 0, Ethernet */
	{ "an Ethernet pseudowire in MPLS in GRE", 4, 2, 46, { { 2, 0 } },
	  { IPV4(47), 0, 0, 0x88, 0x47, 0, 1, 1, 64, 0, 0, 0, 0, MACS, 0x08, 0x00 } },
	{ "an Ethernet pseudowire without control word", 6, 2, 42, { { 2, 0 } },
	  { IPV4(47), 0, 0, 0x88, 0x47, 0, 1, 1, 64, MACS, 0x86, 0xdd } },
};

static struct packet wrap(const struct tunnel *tunnel)
{
	struct packet inner = sample_packet(tunnel->version);
	struct packet packet = prepend(tunnel->header, tunnel->header_len, &inner);

	for (int i = 0; i < 4 && tunnel->lengths[i].at; i++) {
		const struct length *length = &tunnel->lengths[i];

		store_be16(packet.bytes + length->at, (uint16_t)(packet.len - length->from));
	}
	return packet;
}

static uint8_t tunnels_counted(const struct packet *packet)
{
	struct decoder *decoder = decoder_new();
	struct decoding decoding = decode(decoder, 101, packet);

	decoding_clear(&decoding);
	decoder_free(decoder);
	return decoding.segment.tunnels;
}

static void every_tunnel(void)
{
	for (size_t i = 0; i < sizeof tunnels / sizeof tunnels[0]; i++) {
		struct packet packet = wrap(&tunnels[i]);
		struct segment want = sample_segment(tunnels[i].version);

		ok(decodes_to(101, &packet, &want), "%s is taken off", tunnels[i].name);
		ok(tunnels_counted(&packet) == tunnels[i].tunnels,
		   "%s counts as %d", tunnels[i].name, tunnels[i].tunnels);
		ok(cuts_are_harmless(101, &packet, &want), "%s may be cut anywhere", tunnels[i].name);
	}
}

static const struct tunnel *tunnel_named(const char *name)
{
	for (size_t i = 0; i < sizeof tunnels / sizeof tunnels[0]; i++)
		if (strcmp(tunnels[i].name, name) == 0)
			return &tunnels[i];
	abort();
}

/* Decode a tunnel with one byte of its header changed. */
static enum decoded kind_with(const char *name, uint32_t at, uint8_t value)
{
	struct packet packet = wrap(tunnel_named(name));

	packet.bytes[at] = value;
	return kind_of(101, &packet);
}

static void what_only_looks_like_a_tunnel(void)
{
	is_number(kind_with("VXLAN", 28, 0), DECODED_OTHER, "VXLAN's port without its flag is plain UDP");
	is_number(kind_with("VXLAN", 35, 1), DECODED_OTHER, "so is a reserved byte that is set");
	is_number(kind_with("VXLAN", 50, 0x15), DECODED_OTHER, "an IP header of version 1 inside is no packet");
	is_number(kind_with("GENEVE with IPv6", 28, 0xc0), DECODED_OTHER, "GENEVE of another version is plain UDP");
	is_number(kind_with("GTP-U", 29, 1), DECODED_OTHER, "a GTP echo is plain UDP");
	is_number(kind_with("GTP-U with an extension header", 40, 0), DECODED_OTHER,
	          "an extension of no length is no GTP");
	is_number(kind_with("Teredo", 28, 0x45), DECODED_OTHER, "Teredo carries IPv6 only");
	is_number(kind_with("GRE", 20, 0x40), DECODED_OTHER, "GRE with source routes is not looked into");
	is_number(kind_with("GRE", 21, 0x02), DECODED_OTHER, "nor is GRE of version 2");
	is_number(kind_with("IPv4 in IPv4", 20, 0x55), DECODED_MALFORMED, "IP in IP of the wrong version is malformed");
	is_number(kind_with("IPv4 in IPv4", 22, 0xff), DECODED_MALFORMED,
	          "and so is one that is longer than its tunnel");
}

/* Mirror ports cut long frames before they send them on; the numbers in front are none the worse for it. */
static void mirrored_frames_may_be_cut(void)
{
	const struct tunnel *tunnel = tunnel_named("VXLAN");
	struct packet packet = wrap(tunnel);
	struct segment want = sample_segment(4);
	struct decoder *decoder = decoder_new();
	struct decoding decoding;

	packet.len -= 10;
	store_be16(packet.bytes + 2, (uint16_t)packet.len);
	store_be16(packet.bytes + 24, (uint16_t)(packet.len - 20));
	decoding = decode(decoder, 101, &packet);
	ok(decoding.kind == DECODED_SEGMENT && same_headers(&decoding.segment, &want),
	   "a mirrored frame that was cut keeps its length on the wire");
	is_number(decoding.segment.payload_captured, want.payload_len - 10, "and says how much of it is there");
	decoding_clear(&decoding);
	decoder_free(decoder);
}

static void endless_tunnels_end(void)
{
	static const uint8_t header[20] = { IPV4(4) };
	struct packet packet = sample_packet(4);

	for (int i = 0; i < 60; i++) {
		packet = prepend(header, sizeof header, &packet);
		store_be16(packet.bytes + 2, (uint16_t)packet.len);
	}
	is_number(kind_of(101, &packet), DECODED_OTHER, "sixty tunnels deep nobody looks");
}

static void trailing_bytes_of_the_tunnel_are_not_payload(void)
{
	struct packet packet = wrap(tunnel_named("VXLAN"));
	struct segment want = sample_segment(4);

	packet.len += 4; /* a frame check sequence of the inner frame */
	store_be16(packet.bytes + 2, (uint16_t)packet.len);
	store_be16(packet.bytes + 24, (uint16_t)(packet.len - 20));
	ok(decodes_to(101, &packet, &want), "what stands behind the inner packet is not its payload");
}

int main(void)
{
	every_tunnel();
	what_only_looks_like_a_tunnel();
	mirrored_frames_may_be_cut();
	endless_tunnels_end();
	trailing_bytes_of_the_tunnel_are_not_payload();
	return done_testing();
}
