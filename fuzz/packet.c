/*
 * Fuzzes src/packet: decoder.c, link.c, mpls.c, ppp.c, wireless.c, ip.c, extensions.c, fragments.c, tunnel.c, udp.c,
 * tcp.c, icmp.c, options.c, segment.c, checksum.c.
 *
 * Input: two bytes choose the link type, then frames, each two bytes of length (the top four bits: how much the snap
 * length took away) and its bytes. All go through one decoder, so that fragments meet.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "packet/decoder.h"

#define FRAMES_MAX 256

static const uint16_t link_types[] = { 1, 101, 113, 276, 0, 108, 228, 229, 9, 50, 51, 104, 105, 127, 12, 14 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads all, for AddressSanitizer to watch. */
static unsigned int read_bytes(const uint8_t *bytes, uint32_t len)
{
	unsigned int sum = 0;

	for (uint32_t i = 0; i < len; i++)
		sum += bytes[i];
	return sum;
}

static void check(struct segment *segment)
{
	struct options options;
	unsigned int sum = read_bytes(segment->ip, 20) + read_bytes(segment->payload, segment->payload_captured);

	if (segment->mac)
		sum += read_bytes(segment->mac, 6);
	segment_options(segment, &options);
	segment_checksum(segment);
	if (sum == UINT32_MAX || segment->payload_captured > segment->payload_len
	    || segment->options_len > segment->header_options_len || options.sack_count > SACK_BLOCKS_MAX
	    || options.window_scale > 14)
		abort();
}

static void one_frame(struct decoder *decoder, uint64_t number, uint16_t link_type, const uint8_t *bytes,
                      uint32_t captured, uint32_t lost)
{
	uint8_t *exact = malloc(captured);
	struct frame frame = {
		.number = number, .time_ns = (int64_t)number * 1000000000, .has_time = 1,
		.data = exact, .captured = captured, .length = captured + lost, .link_type = link_type,
	};
	struct segment segment;
	struct icmp_error icmp_error;

	if (!exact)
		return;
	if (captured)
		memcpy(exact, bytes, captured);
	if (decoder_frame(decoder, &frame, &segment, &icmp_error) == DECODED_SEGMENT)
		check(&segment);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoder *decoder;
	uint16_t link_type;

	if (size < 2)
		return 0;
	decoder = decoder_new();
	if (!decoder)
		return 0;
	link_type = link_types[load_be16(data) % (sizeof link_types / sizeof link_types[0])];
	data += 2;
	size -= 2;
	for (uint64_t frames = 0; size >= 2 && frames < FRAMES_MAX; frames++) {
		uint16_t field = load_be16(data);
		uint32_t captured = field & 0xfff;

		data += 2;
		size -= 2;
		if (captured > size)
			captured = (uint32_t)size;
		one_frame(decoder, frames + 1, link_type, data, captured, (uint32_t)(field >> 12) * 100);
		data += captured;
		size -= captured;
	}
	decoder_free(decoder);
	return 0;
}
