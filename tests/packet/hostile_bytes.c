/* Law: no bytes make the decoder read outside the frame, hang, or hand out a segment that points outside of it. */
#include "sample.h"

#define ROUNDS 4000

static const uint16_t link_types[] = { 0, 1, 9, 12, 50, 51, 101, 104, 105, 108, 113, 127, 228, 229, 276, 147 };

static uint64_t random_state = 0x2545f4914f6cdd1d;

/* xorshift64: the same numbers in every run. */
static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Headers that lead deep: Ethernet, IPv4 with GRE and Ethernet, with UDP and VXLAN, IPv6 with extension headers. */
static const struct {
	uint16_t link_type;
	uint8_t len;
	uint8_t bytes[64];
} seeds[] = {
	{ 1, 14, { [12] = 0x08, 0x00 } },
	{ 1, 18, { [12] = 0x81, 0x00, 0, 1, 0x08, 0x00 } },
	{ 1, 22, { [12] = 0x88, 0x64, 0x11, 0, 0, 1, 0, 90, 0, 0x21 } },
	{ 101, 0, { 0 } },
	{ 101, 38, { 0x45, 0, 0, 120, 0, 0, 0, 0, 64, 47, [20] = 0, 0, 0x65, 0x58, [36] = 0x08, 0x00 } },
	{ 101, 50, { 0x45, 0, 0, 132, 0, 0, 0, 0, 64, 17, [22] = 0x12, 0xb5, 0, 112, [28] = 8, [48] = 0x08, 0x00 } },
	{ 101, 36, { 0x45, 0, 0, 118, 0, 0, 0, 0, 64, 17, [22] = 0x08, 0x68, 0, 98, [28] = 0x30, 255, 0, 82 } },
	{ 101, 56, { 0x60, 0, 0, 0, 0, 98, 0, 64, [40] = 43, 0, [48] = 4, 0 } },
	{ 101, 48, { 0x60, 0, 0, 0, 0, 90, 44, 64, [40] = 4, 0, 0, 0 } },
	{ 105, 32, { 0x08, 0x01, [24] = 0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00 } },
	{ 113, 16, { [14] = 0x08, 0x00 } },
};

static bool inside(const uint8_t *from, uint32_t len, const uint8_t *bytes, uint32_t size)
{
	return from >= bytes && from <= bytes + size && len <= size - (uint32_t)(from - bytes);
}

/* Touch all that the segment points to; AddressSanitizer watches. */
static bool is_usable(struct segment *segment, const uint8_t *bytes, uint32_t size)
{
	struct options options;
	uint32_t sum = segment->ip[0];

	segment_options(segment, &options);
	segment_checksum(segment);
	for (uint32_t i = 0; i < segment->payload_captured; i++)
		sum += segment->payload[i];
	for (int i = 0; segment->mac && i < 6; i++)
		sum += segment->mac[i];
	return sum != UINT32_MAX && segment->options_len <= segment->header_options_len
	       && segment->header_options_len <= 40 && segment->payload_captured <= segment->payload_len
	       && options.sack_count <= SACK_BLOCKS_MAX
	       && (segment->reassembled || (inside(segment->payload, segment->payload_captured, bytes, size)
	                                    && inside(segment->options, segment->options_len, bytes, size)));
}

static bool survives(struct decoder *decoder, uint16_t link_type, const uint8_t *bytes, uint32_t captured,
                     uint32_t length)
{
	struct decoding decoding = decode_cut(decoder, link_type, bytes, captured, length);
	bool usable = decoding.kind < DECODED_KINDS;

	if (decoding.kind == DECODED_SEGMENT)
		usable = is_usable(&decoding.segment, decoding.bytes, captured);
	decoding_clear(&decoding);
	return usable;
}

static void mutate(struct packet *packet)
{
	for (uint64_t changes = random_number() % 6; changes > 0; changes--) {
		uint64_t r = random_number();
		uint32_t at = (uint32_t)(r % (packet->len < 128 ? packet->len : 128));

		packet->bytes[at] = r >> 60 ? (uint8_t)(r >> 32) : (uint8_t)(packet->bytes[at] ^ 1 << (r >> 40 & 7));
	}
}

static void mutated_frames(void)
{
	struct decoder *decoder = decoder_new();
	int bad = 0;

	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
			struct packet inner = sample_packet(i % 3 == 2 ? 6 : 4);
			struct packet packet = prepend(seeds[i].bytes, seeds[i].len, &inner);
			uint32_t captured;

			mutate(&packet);
			captured = round & 1 ? packet.len : (uint32_t)(random_number() % (packet.len + 1));
			bad += !survives(decoder, seeds[i].link_type, packet.bytes, captured, packet.len);
		}
	}
	is_number(bad, 0, "frames with changed bytes never lead outside");
	ok(decoder_counts(decoder)->kinds[DECODED_SEGMENT] > ROUNDS, "and many of them are still segments");
	decoder_free(decoder);
}

/* Decode the packet in Ethernet with one decoder, and as raw IP, where there is no short cut, with another. */
static bool roads_agree(struct decoder *straight, struct decoder *walk, const struct packet *packet, uint32_t lost)
{
	static const uint8_t ethernet[2][ETHERNET] = { { [12] = 0x08, 0x00 }, { [12] = 0x86, 0xdd } };
	uint8_t version = packet->bytes[0] >> 4;
	struct packet frame = prepend(ethernet[version == 6], ETHERNET, packet);
	uint32_t captured = packet->len - lost;
	struct decoding a = decode_cut(straight, 1, frame.bytes, ETHERNET + captured, frame.len);
	struct decoding b = decode_cut(walk, version == 6 ? 229 : 228, packet->bytes, captured, packet->len);
	bool agree = a.kind == b.kind;

	if (agree && a.kind == DECODED_SEGMENT)
		agree = same_headers(&a.segment, &b.segment) && a.segment.options_len == b.segment.options_len
		        && a.segment.payload_captured == b.segment.payload_captured
		        && a.segment.header_options_len == b.segment.header_options_len
		        && a.segment.tunnels == b.segment.tunnels && a.segment.reassembled == b.segment.reassembled
		        && memcmp(a.segment.payload, b.segment.payload, a.segment.payload_captured) == 0;
	decoding_clear(&a);
	decoding_clear(&b);
	return agree;
}

static void the_short_cut_is_no_other_road(void)
{
	struct decoder *straight = decoder_new(), *walk = decoder_new();
	int bad = 0;

	for (int round = 0; round < 5 * ROUNDS; round++) {
		struct packet packet = sample_packet(round & 1 ? 6 : 4);
		uint64_t r = random_number();
		uint32_t at = (uint32_t)(r % (round & 1 ? 60 : 40));

		if (r >> 40 & 7)
			packet.bytes[at] ^= (uint8_t)(1 << (r >> 32 & 7));
		bad += !roads_agree(straight, walk, &packet, r >> 48 & 1 ? (uint32_t)(r >> 52) % (packet.len + 1) : 0);
	}
	is_number(bad, 0, "the short cut for plain Ethernet says what the long way says");
	decoder_free(straight);
	decoder_free(walk);
}

static void noise(void)
{
	struct decoder *decoder = decoder_new();
	int bad = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct packet packet = { .len = (uint32_t)(random_number() % 200) };

		for (uint32_t i = 0; i < packet.len; i++)
			packet.bytes[i] = (uint8_t)(random_number() >> 24);
		for (size_t i = 0; i < sizeof link_types / sizeof link_types[0]; i++)
			bad += !survives(decoder, link_types[i], packet.bytes, packet.len, packet.len);
	}
	is_number(bad, 0, "noise on every link type does no harm");
	decoder_free(decoder);
}

/* One byte value throughout: lengths, types and flags at their extremes all at once. */
static void monotone(void)
{
	struct decoder *decoder = decoder_new();
	int bad = 0;

	for (int value = 0; value < 256; value++) {
		struct packet packet = { .len = 1500 };

		memset(packet.bytes, value, packet.len);
		for (size_t i = 0; i < sizeof link_types / sizeof link_types[0]; i++)
			bad += !survives(decoder, link_types[i], packet.bytes, packet.len, packet.len);
	}
	is_number(bad, 0, "nor does one byte repeated");
	decoder_free(decoder);
}

static void lying_lengths(void)
{
	struct packet packet = sample_packet(4);
	struct decoder *decoder = decoder_new();

	ok(survives(decoder, 101, packet.bytes, packet.len, 0),
	   "a frame that says it is shorter than what was captured");
	ok(survives(decoder, 101, packet.bytes, packet.len, UINT32_MAX), "a frame that says it is 4 GiB long");
	store_be16(packet.bytes + 2, 0);
	ok(survives(decoder, 101, packet.bytes, packet.len, UINT32_MAX), "and an IP header that leaves it at that");
	ok(survives(decoder, 1, packet.bytes, 0, 0), "an empty frame");
	decoder_free(decoder);
}

int main(void)
{
	mutated_frames();
	the_short_cut_is_no_other_road();
	noise();
	monotone();
	lying_lengths();
	return done_testing();
}
