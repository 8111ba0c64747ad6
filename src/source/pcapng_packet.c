/*
 * A frame's bytes and its comment stay where they are in the input. Only several comments of one frame, which lie
 * apart, are copied together, into a store that lives as long as the call: frames point into it, so it never moves.
 */
#include "source/pcapng_packet.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "source/limits.h"
#include "source/options.h"

enum {
	ENHANCED_HEADER_BYTES = 20,
	PACKET_HEADER_BYTES = 20,
	SIMPLE_HEADER_BYTES = 4,
	FLAGS_DIRECTION = 3, /* 1 inbound, 2 outbound */
};

static enum status fail(const struct reader *reader, enum status status, const char *format, struct error *error)
{
	char place[PLACE_TEXT_MAX];

	return error_set(error, status, _(format), (uintmax_t)reader->frames + 1, input_place(&reader->input, place));
}

static enum status bad_length(const struct reader *reader, struct error *error)
{
	return fail(reader, STATUS_MALFORMED,
	            N_("frame %ju, in the block at %s, is longer than its block: the capture is damaged there"), error);
}

/* The description of a section's interface, or NULL. */
static const struct interface *find_interface(const struct reader *reader, uint32_t index)
{
	const struct pcapng *pcapng = &reader->pcapng;

	if (index >= pcapng->next_interface - pcapng->first_interface)
		return NULL;
	return &reader->interfaces.list[pcapng->first_interface + index];
}

static enum status no_interface(const struct reader *reader, struct error *error)
{
	return fail(reader, STATUS_MALFORMED,
	            N_("frame %ju, in the block at %s, names an interface that is not described before it"), error);
}

/* Room for joined comments. What one frame cannot have even alone is cut. */
static enum status add_joined(struct pcapng *pcapng, const void *text, size_t len)
{
	size_t room = JOINED_COMMENTS_MAX - pcapng->joined_len;

	if (len > room && !pcapng->may_wait)
		return STATUS_IDLE;
	if (len > room)
		len = room;
	memcpy(pcapng->joined + pcapng->joined_len, text, len);
	pcapng->joined_len += len;
	return STATUS_OK;
}

/* The second and later comments of a frame: copied together, a line each. */
static enum status join_comment(struct reader *reader, struct frame *frame, const struct option *comment)
{
	struct pcapng *pcapng = &reader->pcapng;
	enum status status = STATUS_OK;

	if (!pcapng->joined)
		pcapng->joined = malloc(JOINED_COMMENTS_MAX);
	if (!pcapng->joined)
		return STATUS_MEMORY;
	/* A frame's joined text is the last in the store, and can go on growing; a first comment is in the input. */
	if (frame->comment + frame->comment_len != pcapng->joined + pcapng->joined_len) {
		const char *first = frame->comment;

		frame->comment = pcapng->joined + pcapng->joined_len;
		status = add_joined(pcapng, first, frame->comment_len);
	}
	if (status == STATUS_OK)
		status = add_joined(pcapng, "\n", 1);
	if (status == STATUS_OK)
		status = add_joined(pcapng, comment->value, comment->len);
	frame->comment_len = (uint32_t)(pcapng->joined + pcapng->joined_len - frame->comment);
	return status;
}

static enum status add_comment(struct reader *reader, struct frame *frame, const struct option *comment,
                               struct error *error)
{
	enum status status;

	if (!frame->comment) {
		frame->comment = (const char *)comment->value;
		frame->comment_len = comment->len;
		return STATUS_OK;
	}
	status = join_comment(reader, frame, comment);
	return status == STATUS_MEMORY ? error_set(error, STATUS_MEMORY, _("out of memory")) : status;
}

/* Options of enhanced and obsolete packet blocks have the same codes for what matters here. */
static enum status read_options(struct reader *reader, const uint8_t *at, const uint8_t *end, struct frame *frame,
                                struct error *error)
{
	struct option_list list = { at, end, reader->pcapng.swapped };
	struct option option;

	while (option_next(&list, &option)) {
		if (option.code == OPTION_PACKET_FLAGS && option.len == 4) {
			uint32_t direction = load_u32(option.value, list.swapped) & FLAGS_DIRECTION;

			frame->inbound = direction == FLAGS_DIRECTION ? 0 : (uint8_t)direction;
		}
		if (option.code == OPTION_COMMENT) {
			enum status status = add_comment(reader, frame, &option, error);

			if (status != STATUS_OK)
				return status;
		}
	}
	return STATUS_OK;
}

/* What both blocks with a time hold from their fifth byte on: time (high, low), the two lengths, data, options. */
static enum status read_timed(struct reader *reader, uint32_t index, const uint8_t *body, size_t len,
                              struct frame *frame, struct error *error)
{
	const bool swapped = reader->pcapng.swapped;
	const struct interface *interface = find_interface(reader, index);
	const uint8_t *data = body + ENHANCED_HEADER_BYTES, *end = body + len;
	uint32_t captured = load_u32(body + 12, swapped), length = load_u32(body + 16, swapped);
	uint64_t ticks = (uint64_t)load_u32(body + 4, swapped) << 32 | load_u32(body + 8, swapped);

	if (!interface)
		return no_interface(reader, error);
	if (captured > CAPTURED_MAX_LARGE || captured > len - ENHANCED_HEADER_BYTES)
		return bad_length(reader, error);
	*frame = (struct frame){
		.time_ns = ticks_to_ns(&interface->clock, ticks),
		.data = data,
		.captured = captured,
		.length = length > captured ? length : captured,
		.interface = reader->pcapng.first_interface + index,
		.link_type = interface->description.link_type,
		.has_time = 1,
	};
	if (padded(captured) >= (size_t)(end - data))
		return STATUS_OK;
	return read_options(reader, data + padded(captured), end, frame, error);
}

enum status pcapng_enhanced_packet(struct reader *reader, const uint8_t *body, size_t len, struct frame *frame,
                                   struct error *error)
{
	if (len < ENHANCED_HEADER_BYTES)
		return bad_length(reader, error);
	return read_timed(reader, load_u32(body, reader->pcapng.swapped), body, len, frame, error);
}

enum status pcapng_packet(struct reader *reader, const uint8_t *body, size_t len, struct frame *frame,
                          struct error *error)
{
	if (len < PACKET_HEADER_BYTES)
		return bad_length(reader, error);
	/* The other half of the first word counts drops. */
	return read_timed(reader, load_u16(body, reader->pcapng.swapped), body, len, frame, error);
}

enum status pcapng_simple_packet(struct reader *reader, const uint8_t *body, size_t len, struct frame *frame,
                                 struct error *error)
{
	const struct interface *interface = find_interface(reader, 0);
	uint32_t length, captured, snap_length;

	if (len < SIMPLE_HEADER_BYTES)
		return bad_length(reader, error);
	if (!interface)
		return no_interface(reader, error);
	length = captured = load_u32(body, reader->pcapng.swapped);
	snap_length = interface->description.snap_length;
	if (snap_length && captured > snap_length)
		captured = snap_length;
	if (captured > CAPTURED_MAX_LARGE || captured > len - SIMPLE_HEADER_BYTES)
		return bad_length(reader, error);
	*frame = (struct frame){
		.data = body + SIMPLE_HEADER_BYTES,
		.captured = captured,
		.length = length,
		.interface = reader->pcapng.first_interface,
		.link_type = interface->description.link_type,
	};
	return STATUS_OK;
}
