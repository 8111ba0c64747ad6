/*
 * What the tests of src/packet share: a segment, the packet built from it, and decoding from memory of its exact
 * size.
 */
#ifndef TCPWHY_TESTS_PACKET_SAMPLE_H
#define TCPWHY_TESTS_PACKET_SAMPLE_H

#include "base/bytes.h"
#include "packet/builder.h"
#include "tap.h"

#define PACKET_MAX 2048
#define ETHERNET 14

/* An IP packet without a link layer. */
struct packet {
	uint8_t bytes[PACKET_MAX];
	uint32_t len;
};

/* A frame that was decoded. The segment's pointers are valid until decoding_clear(). */
struct decoding {
	enum decoded kind;
	struct segment segment;
	struct icmp_error icmp_error;
	uint8_t *bytes;
};

static const uint8_t sample_payload[] = "GET / HTTP/1.1\r\n\r\n";
static const uint8_t sample_options[] = { 1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 5 }; /* NOP NOP, timestamps 7 and 5 */

/* 10.0.0.1:40000 > 10.0.0.2:80, or 2001:db8::1 > 2001:db8::2: flags [P.], seq 0x11223344, ack 0x55667788. */
__attribute__((unused))
static struct segment sample_segment(uint8_t version)
{
	struct segment segment = {
		.options = sample_options, .options_len = sizeof sample_options,
		.payload = sample_payload,
		.payload_len = sizeof sample_payload - 1, .payload_captured = sizeof sample_payload - 1,
		.seq = 0x11223344, .ack = 0x55667788, .flags = TCP_PSH | TCP_ACK, .window = 501,
		.hop_limit = 61, .traffic_class = 0x02, .version = version,
		.src = { .address.version = version, .port = 40000 },
		.dst = { .address.version = version, .port = 80 },
	};
	static const uint8_t src[2][16] = { { 10, 0, 0, 1 }, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	static const uint8_t dst[2][16] = { { 10, 0, 0, 2 }, { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } };

	memcpy(segment.src.address.bytes, src[version == 6], 16);
	memcpy(segment.dst.address.bytes, dst[version == 6], 16);
	return segment;
}

__attribute__((unused))
static struct packet packet_of(const struct segment *segment)
{
	uint8_t frame[ETHERNET + PACKET_MAX];
	size_t len = builder_frame(segment, frame, sizeof frame);
	struct packet packet = { .len = (uint32_t)len - ETHERNET };

	if (len == 0)
		abort();
	memcpy(packet.bytes, frame + ETHERNET, packet.len);
	return packet;
}

__attribute__((unused))
static struct packet sample_packet(uint8_t version)
{
	struct segment segment = sample_segment(version);

	return packet_of(&segment);
}

/* Put bytes before a packet. */
__attribute__((unused))
static struct packet prepend(const void *header, uint32_t header_len, const struct packet *packet)
{
	struct packet whole = { .len = header_len + packet->len };

	if (whole.len > PACKET_MAX)
		abort();
	if (header_len)
		memcpy(whole.bytes, header, header_len);
	memcpy(whole.bytes + header_len, packet->bytes, packet->len);
	return whole;
}

/* Decode from a heap block of exactly `captured` bytes, so that AddressSanitizer sees every step beyond it. */
static struct decoding decode_cut(struct decoder *decoder, uint16_t link_type, const uint8_t *bytes, uint32_t captured,
                                  uint32_t length)
{
	static uint64_t number;
	struct decoding decoding = { .bytes = malloc(captured) };
	struct frame frame = {
		.number = ++number, .data = decoding.bytes, .captured = captured, .length = length,
		.link_type = link_type, .has_time = 1,
	};

	if (captured)
		memcpy(decoding.bytes, bytes, captured);
	memset(&decoding.segment, 0xa5, sizeof decoding.segment);
	decoding.kind = decoder_frame(decoder, &frame, &decoding.segment, &decoding.icmp_error);
	return decoding;
}

__attribute__((unused))
static struct decoding decode(struct decoder *decoder, uint16_t link_type, const struct packet *packet)
{
	return decode_cut(decoder, link_type, packet->bytes, packet->len, packet->len);
}

__attribute__((unused))
static void decoding_clear(struct decoding *decoding)
{
	free(decoding->bytes);
	decoding->bytes = NULL;
}

/* Whether the headers say the same: end points, numbers, flags, and how much payload there was on the wire. */
__attribute__((unused))
static bool same_headers(const struct segment *a, const struct segment *b)
{
	return endpoint_equal(&a->src, &b->src) && endpoint_equal(&a->dst, &b->dst)
	       && a->seq == b->seq && a->ack == b->ack && a->flags == b->flags && a->window == b->window
	       && a->urgent == b->urgent && a->payload_len == b->payload_len && a->hop_limit == b->hop_limit
	       && a->traffic_class == b->traffic_class && a->ip_id == b->ip_id && a->flow_label == b->flow_label
	       && a->dont_fragment == b->dont_fragment && a->version == b->version;
}

/* Whether all of `want` is there, payload and options too. */
__attribute__((unused))
static bool same_segment(const struct segment *got, const struct segment *want)
{
	return same_headers(got, want) && got->payload_captured == want->payload_captured
	       && memcmp(got->payload, want->payload, want->payload_captured) == 0
	       && got->options_len == want->options_len && got->header_options_len == want->options_len
	       && memcmp(got->options, want->options, want->options_len) == 0;
}

__attribute__((unused))
static bool decodes_to(uint16_t link_type, const struct packet *packet, const struct segment *want)
{
	struct decoder *decoder = decoder_new();
	struct decoding decoding = decode(decoder, link_type, packet);
	bool same = decoding.kind == DECODED_SEGMENT && same_segment(&decoding.segment, want);

	decoding_clear(&decoding);
	decoder_free(decoder);
	return same;
}

__attribute__((unused))
static enum decoded kind_of(uint16_t link_type, const struct packet *packet)
{
	struct decoder *decoder = decoder_new();
	struct decoding decoding = decode(decoder, link_type, packet);

	decoding_clear(&decoding);
	decoder_free(decoder);
	return decoding.kind;
}

/* Cut the frame at every length, as a snap length does: no cut may lead to another segment than `want`. */
__attribute__((unused))
static bool cuts_are_harmless(uint16_t link_type, const struct packet *packet, const struct segment *want)
{
	struct decoder *decoder = decoder_new();
	bool harmless = true;

	for (uint32_t captured = 0; captured < packet->len; captured++) {
		struct decoding snapped = decode_cut(decoder, link_type, packet->bytes, captured, packet->len);
		struct decoding shortened = decode_cut(decoder, link_type, packet->bytes, captured, captured);

		if (snapped.kind == DECODED_SEGMENT)
			harmless = harmless && same_headers(&snapped.segment, want);
		if (shortened.kind == DECODED_SEGMENT)
			harmless = harmless && shortened.segment.seq == want->seq
			           && endpoint_equal(&shortened.segment.src, &want->src)
			           && endpoint_equal(&shortened.segment.dst, &want->dst);
		decoding_clear(&snapped);
		decoding_clear(&shortened);
	}
	decoder_free(decoder);
	return harmless;
}

#endif
