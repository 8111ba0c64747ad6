/*
 * Law: a checksum is bad only where every byte was there to be summed and no sender's card explains what stands in
 * it.
 */
#include "sample.h"

#define RAW 101

static enum checksum checksum_of(const struct packet *packet, uint32_t captured)
{
	struct decoder *decoder = decoder_new();
	struct decoding decoding = decode_cut(decoder, RAW, packet->bytes, captured, packet->len);
	enum checksum checksum = segment_checksum(&decoding.segment);

	if (decoding.kind != DECODED_SEGMENT || checksum != decoding.segment.checksum)
		abort();
	decoding_clear(&decoding);
	decoder_free(decoder);
	return checksum;
}

static enum checksum built_as(enum checksum checksum, uint8_t version)
{
	struct segment segment = sample_segment(version);
	struct packet packet;

	segment.checksum = checksum;
	packet = packet_of(&segment);
	return checksum_of(&packet, packet.len);
}

/* A header without options or payload whose checksum was worked out by hand (RFC 1071). */
static void known_value(void)
{
	/*
	 * 10.0.0.1:1 > 10.0.0.2:2 [R], seq 0x00010203: pseudo header 0a00+0001+0a00+0002+0006+0014 = 141d,
	 * TCP 0001+0002+0001+0203+0000+0000+5004+0000+0000 = 520b; sum 6628, complement 99d7.
	 */
	static const uint8_t bytes[] = {
		0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
		0, 1, 0, 2, 0, 1, 2, 3, 0, 0, 0, 0, 0x50, 0x04, 0, 0, 0x99, 0xd7, 0, 0,
	};
	struct packet none = { .len = 0 };
	struct packet packet = prepend(bytes, sizeof bytes, &none);

	is_number(checksum_of(&packet, packet.len), CHECKSUM_GOOD, "a checksum worked out by hand is good");
	packet.bytes[37] ^= 1;
	is_number(checksum_of(&packet, packet.len), CHECKSUM_BAD, "with one bit changed it is bad");
}

static void each_kind(uint8_t version)
{
	is_number(built_as(CHECKSUM_UNKNOWN, version), CHECKSUM_GOOD, "a right checksum is good");
	is_number(built_as(CHECKSUM_BAD, version), CHECKSUM_BAD, "a wrong one is bad");
	is_number(built_as(CHECKSUM_OFFLOADED, version), CHECKSUM_OFFLOADED,
	          "the pseudo header's sum was left to the card");
}

static void left_to_the_card(uint8_t version)
{
	uint32_t field = (version == 4 ? 20 : 40) + 16;
	struct segment segment = sample_segment(version);
	struct packet packet;
	uint32_t partial;

	segment.checksum = CHECKSUM_OFFLOADED;
	packet = packet_of(&segment);
	partial = load_be16(packet.bytes + field) + 0xffffu - (packet.len - field + 16);
	store_be16(packet.bytes + field, (uint16_t)((partial & 0xffff) + (partial >> 16)));
	is_number(checksum_of(&packet, packet.len), CHECKSUM_OFFLOADED,
	          "so was one without the length (segmentation offload)");
	store_be16(packet.bytes + field, 0);
	is_number(checksum_of(&packet, packet.len), CHECKSUM_OFFLOADED, "so was 0");
}

static void any_changed_byte(uint8_t version)
{
	uint32_t header = version == 4 ? 20 : 40;
	struct packet packet = sample_packet(version);
	int unseen = 0;

	for (uint32_t at = header; at < packet.len; at++) {
		if (at == header + 12) /* the data offset */
			continue;
		packet.bytes[at] ^= 0x40;
		unseen += checksum_of(&packet, packet.len) == CHECKSUM_GOOD;
		packet.bytes[at] ^= 0x40;
	}
	is_number(unseen, 0, "a changed bit in any byte is noticed");
}

static void odd_lengths(void)
{
	struct segment segment = sample_segment(4);
	int wrong = 0;

	for (uint32_t len = 0; len <= segment.payload_len; len++) {
		struct segment part = segment;
		struct packet packet;

		part.payload_len = part.payload_captured = len;
		packet = packet_of(&part);
		wrong += checksum_of(&packet, packet.len) != CHECKSUM_GOOD;
	}
	is_number(wrong, 0, "payloads of every length sum up, odd ones too");
}

static void cut_short(uint8_t version)
{
	struct packet packet = sample_packet(version);

	is_number(checksum_of(&packet, packet.len - 1), CHECKSUM_UNKNOWN, "without the last byte nothing is known");
	is_number(checksum_of(&packet, packet.len - 25), CHECKSUM_UNKNOWN, "nor without half the options");
}

int main(void)
{
	known_value();
	for (uint8_t version = 4; version <= 6; version += 2) {
		each_kind(version);
		left_to_the_card(version);
		any_changed_byte(version);
		cut_short(version);
	}
	odd_lengths();
	return done_testing();
}
