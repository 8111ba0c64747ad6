#include "packet/decoder.h"

#include <stdlib.h>

#include "packet/fragments.h"
#include "packet/glance.h"

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

static inline bool straight(const struct frame *frame, struct segment *segment)
{
	struct glance glance;

	if (!glance_at(frame, &glance))
		return false;
	glance_decode(&glance, frame, segment);
	return true;
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
	if (!straight(frame, segment))
		return walk_frame(decoder, frame, segment, icmp_error);
	decoder->counts.kinds[DECODED_SEGMENT]++;
	return DECODED_SEGMENT;
}
