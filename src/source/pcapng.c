/*
 * The pcapng format (draft-ietf-opsawg-pcapng): blocks, each with its type, its length, a body, and the length again.
 * One step handles one block, and consumes it only when it was handled: so a bad block, or one that is not wholly here
 * yet, is met again by the next call, after the frames before it were delivered.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "source/limits.h"
#include "source/options.h"
#include "source/pcapng_packet.h"
#include "source/reader.h"

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2,
	BLOCK_SIMPLE_PACKET = 3,
	BLOCK_STATISTICS = 5,
	BLOCK_ENHANCED_PACKET = 6,
	BLOCK_SYSTEMD_JOURNAL = 9,
	BLOCK_SYSDIG_EVENT = 0x204,
	BLOCK_SYSDIG_EVENT_FLAGS = 0x208,
	BLOCK_SYSDIG_EVENT_2 = 0x216,
	BLOCK_SYSDIG_EVENT_2_FLAGS = 0x217,
	BLOCK_SYSDIG_EVENT_2_LARGE = 0x221,
	BLOCK_SYSDIG_EVENT_2_FLAGS_LARGE = 0x222,
	BLOCK_CUSTOM = 0xbad,
	BLOCK_CUSTOM_LOCAL = 0x40000bad, /* not to be copied into other files */
	BLOCK_SECTION = 0x0a0d0d0a,
};

enum {
	BLOCK_HEADER_BYTES = 8,
	BLOCK_TRAILER_BYTES = 4,
	BLOCK_BYTES_MIN = BLOCK_HEADER_BYTES + BLOCK_TRAILER_BYTES,
	BYTE_ORDER_OFFSET = 8,
	SECTION_BYTES_MIN = 28,
	INTERFACE_BODY_MIN = 8,
	STATISTICS_BODY_MIN = 12,
	STATISTICS_BODY_MAX = 4096, /* longer ones are passed over */
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du

bool pcapng_is_format(const struct input *input)
{
	return load_u32(input->data, false) == BLOCK_SECTION;
}

static enum status fail(const struct reader *reader, enum status status, const char *format, struct error *error)
{
	char place[PLACE_TEXT_MAX];

	return error_set(error, status, _(format), input_place(&reader->input, place));
}

static enum status truncated(const struct reader *reader, struct error *error)
{
	return fail(reader, STATUS_TRUNCATED, N_("the capture is cut off inside a block, at %s"), error);
}

/*
 * Have `len` bytes at hand. STATUS_END only where there is nothing at all. STATUS_IDLE also where the input would have
 * to move while frames of this call point into it: those are delivered first.
 */
static enum status want(struct reader *reader, size_t len, struct error *error)
{
	enum status status;

	if (!reader->input.skip && input_available(&reader->input) >= len)
		return STATUS_OK;
	if (!reader->pcapng.may_wait)
		return STATUS_IDLE;
	status = input_need(&reader->input, len, error);
	if (status == STATUS_END && input_available(&reader->input) > 0)
		return truncated(reader, error);
	return status;
}

static enum status check_length(const struct reader *reader, uint32_t len, uint32_t min, struct error *error)
{
	if (len >= min && len % 4 == 0)
		return STATUS_OK;
	return fail(reader, STATUS_MALFORMED,
	            N_("the block at %s has an impossible length: the capture is damaged there"), error);
}

static enum status mismatch(const struct reader *reader, struct error *error)
{
	return fail(reader, STATUS_MALFORMED,
	            N_("the two lengths of the block at %s differ: the capture is damaged there"), error);
}

/* Have the whole block of `len` bytes at hand, its second length checked. */
static enum status want_block(struct reader *reader, uint32_t len, struct error *error)
{
	enum status status;

	if (len > BLOCK_MAX)
		return fail(reader, STATUS_MALFORMED, N_("the block at %s is too long for what it is"), error);
	status = want(reader, len, error);
	if (status != STATUS_OK)
		return status;
	if (load_u32(reader->input.data + len - BLOCK_TRAILER_BYTES, reader->pcapng.swapped) != len)
		return mismatch(reader, error);
	return STATUS_OK;
}

static enum status check_version(const struct reader *reader, struct error *error)
{
	unsigned int major = load_u16(reader->input.data + 12, reader->pcapng.swapped);
	unsigned int minor = load_u16(reader->input.data + 14, reader->pcapng.swapped);

	/* 1.2 was written by mistake, and means 1.0. */
	if (major == 1 && (minor == 0 || minor == 2))
		return STATUS_OK;
	return error_set(error, STATUS_UNSUPPORTED, _("pcapng version %u.%u, unknown here"), major, minor);
}

/* A section may change the byte order, and numbers its interfaces from 0 again. Its length is only a hint: ignored. */
static enum status read_section(struct reader *reader, struct error *error)
{
	struct pcapng *pcapng = &reader->pcapng;
	struct input *input = &reader->input;
	enum status status = want(reader, SECTION_BYTES_MIN, error);
	uint32_t len;

	if (status != STATUS_OK)
		return status;
	pcapng->swapped = load_u32(input->data + BYTE_ORDER_OFFSET, false) != BYTE_ORDER_MAGIC;
	if (load_u32(input->data + BYTE_ORDER_OFFSET, pcapng->swapped) != BYTE_ORDER_MAGIC)
		return fail(reader, STATUS_MALFORMED, N_("the section header at %s has no byte-order mark"), error);
	len = load_u32(input->data + 4, pcapng->swapped);
	status = check_length(reader, len, SECTION_BYTES_MIN, error);
	if (status == STATUS_OK)
		status = check_version(reader, error);
	if (status == STATUS_OK)
		status = want_block(reader, len, error);
	if (status != STATUS_OK)
		return status;
	pcapng->first_interface = pcapng->next_interface;
	input->data += len;
	return STATUS_OK;
}

static void read_clock(struct tick_clock *clock, const struct option *option, bool swapped)
{
	if (option->code == OPTION_IF_TSRESOL && option->len == 1)
		clock->resolution = *option->value;
	if (option->code == OPTION_IF_TSOFFSET && option->len == 8) {
		uint32_t first = load_u32(option->value, swapped), second = load_u32(option->value + 4, swapped);
		/* In a little-endian section the low word comes first. */
		bool little = swapped != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

		clock->offset_s = (int64_t)(little ? (uint64_t)second << 32 | first : (uint64_t)first << 32 | second);
	}
}

static enum status read_interface(struct reader *reader, const uint8_t *body, size_t len, struct error *error)
{
	struct pcapng *pcapng = &reader->pcapng;
	struct interface interface = { .clock.resolution = TICK_RESOLUTION_DEFAULT };
	struct option_list list = { body + INTERFACE_BODY_MIN, body + len, pcapng->swapped };
	struct option option;
	const uint8_t *name = NULL;
	size_t name_len = 0;
	enum status status;

	if (len < INTERFACE_BODY_MIN)
		return check_length(reader, 0, BLOCK_BYTES_MIN + INTERFACE_BODY_MIN, error);
	interface.description.link_type = load_u16(body, pcapng->swapped);
	interface.description.snap_length = load_u32(body + 4, pcapng->swapped);
	while (option_next(&list, &option)) {
		if (option.code == OPTION_IF_NAME && !name) {
			name = option.value;
			name_len = option.len;
		}
		read_clock(&interface.clock, &option, pcapng->swapped);
	}
	status = interfaces_put(&reader->interfaces, pcapng->next_interface, &interface, name, name_len, error);
	if (status == STATUS_OK)
		pcapng->next_interface++;
	return status;
}

/* Two words, the high one first whatever the byte order. */
static int64_t read_time(const struct interface *interface, const struct option *option, bool swapped)
{
	uint64_t ticks = (uint64_t)load_u32(option->value, swapped) << 32 | load_u32(option->value + 4, swapped);

	return ticks_to_ns(&interface->clock, ticks);
}

static uint64_t read_count(const struct option *option, bool swapped)
{
	uint64_t count;

	memcpy(&count, option->value, sizeof count);
	return swapped ? __builtin_bswap64(count) : count;
}

/*
 * From when to when the capture ran, and what it lost. Of several interfaces, and several blocks of one, the time in
 * which all of them ran. What makes no sense says nothing.
 */
static void read_statistics(struct reader *reader, const uint8_t *body, size_t len)
{
	struct pcapng *pcapng = &reader->pcapng;
	struct source_statistics *all = &pcapng->statistics;
	struct option_list list = { body + STATISTICS_BODY_MIN, body + len, pcapng->swapped };
	struct option option;
	uint32_t index;

	if (len < STATISTICS_BODY_MIN)
		return;
	index = load_u32(body, pcapng->swapped);
	if (index >= pcapng->next_interface - pcapng->first_interface)
		return;
	while (option_next(&list, &option)) {
		const struct interface *interface = &reader->interfaces.list[pcapng->first_interface + index];

		if (option.len != 8)
			continue;
		if (option.code == OPTION_ISB_START) {
			int64_t ns = read_time(interface, &option, pcapng->swapped);

			all->start_ns = !all->has_start || ns > all->start_ns ? ns : all->start_ns;
			all->has_start = true;
		} else if (option.code == OPTION_ISB_END) {
			int64_t ns = read_time(interface, &option, pcapng->swapped);

			all->end_ns = !all->has_end || ns < all->end_ns ? ns : all->end_ns;
			all->has_end = true;
		} else if (option.code == OPTION_ISB_IF_DROP || option.code == OPTION_ISB_OS_DROP) {
			uint64_t dropped = read_count(&option, pcapng->swapped);

			all->has_dropped = true;
			all->dropped = dropped > all->dropped ? dropped : all->dropped;
		}
	}
}

/*
 * Blocks that Wireshark (tried with 4.0) numbers as frames although no link ever carried them. They are not delivered,
 * but they take a number, so that ours agree with what it shows.
 */
static bool is_numbered(uint32_t type)
{
	switch (type) {
	case BLOCK_SYSTEMD_JOURNAL:
	case BLOCK_SYSDIG_EVENT:
	case BLOCK_SYSDIG_EVENT_FLAGS:
	case BLOCK_SYSDIG_EVENT_2:
	case BLOCK_SYSDIG_EVENT_2_FLAGS:
	case BLOCK_SYSDIG_EVENT_2_LARGE:
	case BLOCK_SYSDIG_EVENT_2_FLAGS_LARGE:
	case BLOCK_CUSTOM:
	case BLOCK_CUSTOM_LOCAL:
		return true;
	default:
		return false;
	}
}

static bool is_handled(uint32_t type, uint32_t len)
{
	if (type == BLOCK_STATISTICS)
		return len <= BLOCK_BYTES_MIN + STATISTICS_BODY_MAX;
	return type == BLOCK_INTERFACE || type == BLOCK_PACKET || type == BLOCK_SIMPLE_PACKET ||
	       type == BLOCK_ENHANCED_PACKET;
}

/* Names, statistics, secrets, what is not known: passed over at any length, without holding it. */
static void skip_block(struct reader *reader, uint32_t type, uint32_t len)
{
	reader->frames += is_numbered(type);
	reader->pcapng.trailer = len;
	input_skip(&reader->input, len - BLOCK_TRAILER_BYTES);
}

static enum status end_skip(struct reader *reader, struct error *error)
{
	enum status status = want(reader, BLOCK_TRAILER_BYTES, error);

	if (status == STATUS_END)
		return truncated(reader, error);
	if (status != STATUS_OK)
		return status;
	if (load_u32(reader->input.data, reader->pcapng.swapped) != reader->pcapng.trailer)
		return mismatch(reader, error);
	reader->input.data += BLOCK_TRAILER_BYTES;
	reader->pcapng.trailer = 0;
	return STATUS_OK;
}

static enum status read_body(struct reader *reader, uint32_t type, uint32_t len, struct frame *frame,
                             bool *ret_frame, struct error *error)
{
	const uint8_t *body = reader->input.data + BLOCK_HEADER_BYTES;
	size_t body_len = len - BLOCK_BYTES_MIN;

	*ret_frame = type != BLOCK_INTERFACE && type != BLOCK_STATISTICS;
	switch (type) {
	case BLOCK_STATISTICS:
		read_statistics(reader, body, body_len);
		return STATUS_OK;
	case BLOCK_INTERFACE:
		return read_interface(reader, body, body_len, error);
	case BLOCK_PACKET:
		return pcapng_packet(reader, body, body_len, frame, error);
	case BLOCK_SIMPLE_PACKET:
		return pcapng_simple_packet(reader, body, body_len, frame, error);
	default:
		return pcapng_enhanced_packet(reader, body, body_len, frame, error);
	}
}

/* One block. On STATUS_OK it is consumed, and *ret_frame says whether it was a frame. */
static enum status step(struct reader *reader, struct frame *frame, bool *ret_frame, struct error *error)
{
	enum status status = reader->pcapng.trailer ? end_skip(reader, error) : STATUS_OK;
	uint32_t type, len;

	if (status == STATUS_OK)
		status = want(reader, BLOCK_HEADER_BYTES, error);
	if (status != STATUS_OK)
		return status;
	__builtin_prefetch(reader->input.data + PREFETCH_BYTES);
	type = load_u32(reader->input.data, reader->pcapng.swapped);
	if (type == BLOCK_SECTION)
		return read_section(reader, error);
	len = load_u32(reader->input.data + 4, reader->pcapng.swapped);
	status = check_length(reader, len, BLOCK_BYTES_MIN, error);
	if (status != STATUS_OK)
		return status;
	if (!is_handled(type, len)) {
		skip_block(reader, type, len);
		return STATUS_OK;
	}
	status = want_block(reader, len, error);
	if (status == STATUS_OK)
		status = read_body(reader, type, len, frame, ret_frame, error);
	if (status == STATUS_OK)
		reader->input.data += len;
	return status;
}

static enum status read_blocks(struct reader *reader, struct frame *frames, size_t *ret_count, struct error *error)
{
	size_t count = 0;

	reader->pcapng.joined_len = 0;
	while (count < SOURCE_BATCH) {
		enum status status;
		bool is_frame = false;

		reader->pcapng.may_wait = count == 0;
		status = step(reader, &frames[count], &is_frame, count ? NULL : error);
		if (status != STATUS_OK && count == 0)
			return status;
		if (status != STATUS_OK)
			break;
		if (is_frame)
			frames[count++].number = ++reader->frames;
	}
	*ret_count = count;
	return STATUS_OK;
}

enum status pcapng_begin(struct reader *reader, struct error *error)
{
	reader->next = read_blocks;
	reader->pcapng = (struct pcapng){ .may_wait = true, .joined = reader->pcapng.joined };
	return read_section(reader, error);
}

void pcapng_clear(struct reader *reader)
{
	free(reader->pcapng.joined);
	reader->pcapng.joined = NULL;
}
