#include "packet/decoder.h"

#include <stdlib.h>

#include "packet/fragments.h"
#include "packet/tcp.h"

struct decoder {
	struct decoder_counts counts;
	struct fragments *fragments;
};

struct decoder *decoder_new(void)
{
	struct decoder *decoder = calloc(1, sizeof *decoder);

	if (!decoder)
		return NULL;
	decoder->fragments = fragments_new();
	if (decoder->fragments)
		return decoder;
	free(decoder);
	return NULL;
}

void decoder_free(struct decoder *decoder)
{
	if (!decoder)
		return;
	fragments_free(decoder->fragments);
	free(decoder);
}

const struct decoder_counts *decoder_counts(const struct decoder *decoder)
{
	return &decoder->counts;
}

/*
 * The straight road for what nearly every capture consists of: whole IPv4 and IPv6 headers, no options, no extension
 * headers, no fragments. False where a packet is anything else; nothing is decided then.
 */
static inline bool straight_ipv4(const struct view *view, struct segment *segment)
{
	const uint8_t *ip = view->data;
	uint32_t length = load_be16(ip + 2);
	uint32_t captured = view->captured < length ? view->captured : length;

	if (ip[0] != 0x45 || ip[9] != PROTOCOL_TCP || load_be16(ip + 6) & (IPV4_MF | IPV4_OFFSET))
		return false;
	if (captured < IPV4_HEADER + TCP_HEADER || length > view->length)
		return false;
	if (!segment_tcp(segment, ip + IPV4_HEADER, captured - IPV4_HEADER, length - IPV4_HEADER))
		return false;
	segment_ipv4(segment, ip, ip + 16);
	return true;
}

static inline bool straight_ipv6(const struct view *view, struct segment *segment)
{
	const uint8_t *ip = view->data;
	uint32_t length = load_be16(ip + 4) + IPV6_HEADER;
	uint32_t captured = view->captured < length ? view->captured : length;

	if (ip[0] >> 4 != 6 || ip[6] != PROTOCOL_TCP)
		return false;
	if (captured < IPV6_HEADER + TCP_HEADER || length > view->length)
		return false;
	if (!segment_tcp(segment, ip + IPV6_HEADER, captured - IPV6_HEADER, length - IPV6_HEADER))
		return false;
	segment_ipv6(segment, ip, ip + 24);
	return true;
}

static inline bool straight_ethernet(const struct frame *frame, struct segment *segment)
{
	struct view view;
	uint16_t type;
	bool filled = false;

	if (frame->link_type != LINK_ETHERNET || frame->captured < ETHERNET_HEADER + IPV4_HEADER + TCP_HEADER)
		return false;
	view = (struct view){
		frame->data + ETHERNET_HEADER, frame->captured - ETHERNET_HEADER, frame->length - ETHERNET_HEADER
	};
	type = load_be16(frame->data + 12);
	if (type == ETHERTYPE_IPV4)
		filled = straight_ipv4(&view, segment);
	else if (type == ETHERTYPE_IPV6)
		filled = straight_ipv6(&view, segment);
	if (filled)
		segment_frame(segment, frame, frame->data + 6);
	return filled;
}

__attribute__((noinline))
static enum decoded walk_frame(struct decoder *decoder, const struct frame *frame, struct segment *segment,
                               struct icmp_error *icmp_error)
{
	struct decoder_counts *counts = &decoder->counts;
	uint32_t length = frame->length < frame->captured ? frame->captured : frame->length;
	struct walk walk = {
		.view = { frame->data, frame->captured, length },
		.frame = frame,
		.fragments = decoder->fragments,
		.segment = segment,
		.icmp_error = icmp_error,
	};
	enum decoded decoded = walk_link(&walk);

	if (decoded == DECODED_UNKNOWN_LINK)
		counts->unknown_link_type = frame->link_type;
	counts->fragments_lost = fragments_lost(decoder->fragments);
	counts->fragments_waiting = fragments_waiting(decoder->fragments);
	counts->kinds[decoded]++;
	return decoded;
}

enum decoded decoder_frame(struct decoder *decoder, const struct frame *frame, struct segment *segment,
                           struct icmp_error *icmp_error)
{
	if (!straight_ethernet(frame, segment))
		return walk_frame(decoder, frame, segment, icmp_error);
	decoder->counts.kinds[DECODED_SEGMENT]++;
	return DECODED_SEGMENT;
}
