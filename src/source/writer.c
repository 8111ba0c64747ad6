/*
 * Blocks are gathered in a buffer and written in large pieces. The first failure is kept and silences the rest: the
 * caller hears of it from the next call, and at the latest from writer_close(). Numbers are in this machine's byte
 * order, which the section header tells.
 */
#include "source/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/text.h"
#include "source/limits.h"
#include "source/options.h"
#include "source/pcapng_text.h"

enum {
	PENDING_BYTES = 256 << 10,
	INTERFACE_BUCKETS = 256,
	BLOCK_OVERHEAD = 12,           /* type, length, and length again */
	ENHANCED_HEADER_BYTES = 20,
	FRAME_OPTIONS_MAX = 1 << 20,   /* all comments of a frame together */
};

/* An interface that was described already. */
struct known {
	struct source_interface description;  /* its name is owned */
	uint32_t next;                        /* index + 1 of the next in its bucket, 0 for none */
};

struct writer {
	int fd;
	struct error failure;            /* the first one; nothing is written after it */
	struct known *known;
	uint32_t count, capacity;
	uint32_t buckets[INTERFACE_BUCKETS];  /* index + 1 */
	struct buffer options;           /* of the block at hand */
	size_t pending_len;
	uint8_t pending[PENDING_BYTES];
};

static enum status failed(struct writer *writer, struct error *error)
{
	if (error)
		*error = writer->failure;
	return writer->failure.status;
}

static void write_all(struct writer *writer, const uint8_t *bytes, size_t len)
{
	while (len > 0 && writer->failure.status == STATUS_OK) {
		ssize_t put = write(writer->fd, bytes, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0) {
			error_set(&writer->failure, STATUS_IO, _("cannot be written: %s"),
			          strerror(put ? errno : ENOSPC));
			return;
		}
		bytes += put;
		len -= (size_t)put;
	}
}

static void flush(struct writer *writer)
{
	write_all(writer, writer->pending, writer->pending_len);
	writer->pending_len = 0;
}

static void put(struct writer *writer, const void *bytes, size_t len)
{
	if (len > sizeof writer->pending - writer->pending_len)
		flush(writer);
	if (len > sizeof writer->pending) {
		write_all(writer, bytes, len);
		return;
	}
	if (len)
		memcpy(writer->pending + writer->pending_len, bytes, len);
	writer->pending_len += len;
}

static void put_padding(struct writer *writer, size_t len)
{
	put(writer, "\0\0\0", padded(len) - len);
}

/* Type and length, fixed part, data (padded), the options gathered in writer->options, and the length again. */
static void put_block(struct writer *writer, uint32_t type, const void *fixed, size_t fixed_len, const void *data,
                      size_t data_len)
{
	uint32_t len = (uint32_t)(BLOCK_OVERHEAD + fixed_len + padded(data_len) + writer->options.len);
	uint32_t header[] = { type, len };

	if (writer->options.full)
		error_set(&writer->failure, STATUS_MEMORY, _("out of memory"));
	put(writer, header, sizeof header);
	put(writer, fixed, fixed_len);
	put(writer, data, data_len);
	put_padding(writer, data_len);
	put(writer, buffer_text(&writer->options), writer->options.len);
	put(writer, &len, sizeof len);
	buffer_reset(&writer->options);
}

static void put_section(struct writer *writer)
{
	struct {
		uint32_t byte_order;
		uint16_t major, minor;
		int64_t length;
	} __attribute__((packed)) fixed = { 0x1a2b3c4d, 1, 0, -1 };

	pcapng_add_text(&writer->options, OPTION_SHB_USER_APPLICATION, "tcpwhy " TCPWHY_VERSION,
	                strlen("tcpwhy " TCPWHY_VERSION));
	pcapng_end_options(&writer->options);
	put_block(writer, 0x0a0d0d0a, &fixed, sizeof fixed, NULL, 0);
}

enum status writer_open(const char *path, struct writer **ret_writer, struct error *error)
{
	struct writer *writer = calloc(1, sizeof *writer);

	if (!writer)
		return error_set(error, STATUS_MEMORY, _("out of memory"));
	writer->options.max = FRAME_OPTIONS_MAX;
	writer->fd = strcmp(path, "-") == 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
	                                    : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (writer->fd < 0) {
		error_set(error, STATUS_IO, _("cannot be created: %s"), strerror(errno));
		free(writer);
		return STATUS_IO;
	}
	put_section(writer);
	*ret_writer = writer;
	return STATUS_OK;
}

static bool is_same(const struct source_interface *a, const struct source_interface *b)
{
	return a->link_type == b->link_type && a->snap_length == b->snap_length && !a->name == !b->name &&
	       (!a->name || strcmp(a->name, b->name) == 0);
}

/* FNV-1a. Names chosen to collide make one list of INTERFACES_MAX at worst. */
static uint32_t bucket_of(const struct source_interface *interface)
{
	uint32_t hash = 2166136261u ^ interface->link_type ^ interface->snap_length << 8;

	for (const char *c = interface->name ? interface->name : ""; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	return (hash ^ hash >> 16) % INTERFACE_BUCKETS;
}

static bool make_room(struct writer *writer)
{
	uint32_t capacity = writer->capacity ? 2 * writer->capacity : 8;
	struct known *known;

	if (writer->count < writer->capacity)
		return true;
	known = writer->count < INTERFACES_MAX ? realloc(writer->known, capacity * sizeof *known) : NULL;
	if (!known)
		return false;
	writer->known = known;
	writer->capacity = capacity;
	return true;
}

static bool remember(struct writer *writer, const struct source_interface *interface, uint32_t bucket)
{
	char *name = interface->name ? strdup(interface->name) : NULL;

	if ((interface->name && !name) || !make_room(writer)) {
		free(name);
		return false;
	}
	writer->known[writer->count] = (struct known){ .description = *interface, .next = writer->buckets[bucket] };
	writer->known[writer->count].description.name = name;
	writer->buckets[bucket] = ++writer->count;
	return true;
}

static void put_interface(struct writer *writer, const struct source_interface *interface)
{
	struct {
		uint16_t link_type, reserved;
		uint32_t snap_length;
	} fixed = { interface->link_type, 0, interface->snap_length };
	const uint8_t nanoseconds = 9;

	if (interface->name)
		pcapng_add_text(&writer->options, OPTION_IF_NAME, interface->name, strlen(interface->name));
	pcapng_add_option(&writer->options, OPTION_IF_TSRESOL, &nanoseconds, sizeof nanoseconds);
	pcapng_end_options(&writer->options);
	put_block(writer, 1, &fixed, sizeof fixed, NULL, 0);
}

/* The index of an interface in the file, which is described there at its first use. */
static enum status find_interface(struct writer *writer, const struct source_interface *interface,
                                  uint32_t *ret_index)
{
	uint32_t bucket = bucket_of(interface), at = writer->buckets[bucket];

	while (at && !is_same(&writer->known[at - 1].description, interface))
		at = writer->known[at - 1].next;
	if (!at) {
		if (!remember(writer, interface, bucket))
			return error_set(&writer->failure, STATUS_MEMORY, _("no room for another interface"));
		put_interface(writer, interface);
		at = writer->count;
	}
	*ret_index = at - 1;
	return STATUS_OK;
}

static void add_frame_options(struct buffer *options, const struct frame *frame, const char *const *comments)
{
	if (frame->comment)
		pcapng_add_text(options, OPTION_COMMENT, frame->comment, frame->comment_len);
	for (; comments && *comments; comments++)
		pcapng_add_text(options, OPTION_COMMENT, *comments, strlen(*comments));
	if (frame->inbound) {
		uint32_t flags = frame->inbound;

		pcapng_add_option(options, OPTION_PACKET_FLAGS, &flags, sizeof flags);
	}
	if (options->len)
		pcapng_end_options(options);
}

enum status writer_frame(struct writer *writer, const struct frame *frame, const struct source_interface *interface,
                         const char *const *comments, struct error *error)
{
	/* Unsigned in the file: what was before 1970 is written as 1970. */
	uint64_t time = frame->time_ns > 0 ? (uint64_t)frame->time_ns : 0;
	uint32_t fixed[ENHANCED_HEADER_BYTES / 4] = {
		0, (uint32_t)(time >> 32), (uint32_t)time, frame->captured, frame->length
	};

	if (writer->failure.status != STATUS_OK)
		return failed(writer, error);
	if (frame->captured > CAPTURED_MAX_LARGE)
		return error_set(error, STATUS_LIMIT, _("frame %ju is too long to be written"),
		                 (uintmax_t)frame->number);
	if (find_interface(writer, interface, &fixed[0]) != STATUS_OK)
		return failed(writer, error);
	add_frame_options(&writer->options, frame, comments);
	put_block(writer, 6, fixed, sizeof fixed, frame->data, frame->captured);
	return writer->failure.status == STATUS_OK ? STATUS_OK : failed(writer, error);
}

enum status writer_statistics(struct writer *writer, const struct source_interface *interface, int64_t start_ns,
                              int64_t end_ns, struct error *error)
{
	uint32_t fixed[3] = { 0, (uint32_t)((uint64_t)end_ns >> 32), (uint32_t)end_ns };
	const uint32_t start[2] = { (uint32_t)((uint64_t)start_ns >> 32), (uint32_t)start_ns };
	const uint32_t end[2] = { fixed[1], fixed[2] };
	const uint64_t dropped = 0;

	if (writer->failure.status != STATUS_OK || find_interface(writer, interface, &fixed[0]) != STATUS_OK)
		return failed(writer, error);
	pcapng_add_option(&writer->options, OPTION_ISB_START, start, sizeof start);
	pcapng_add_option(&writer->options, OPTION_ISB_END, end, sizeof end);
	pcapng_add_option(&writer->options, OPTION_ISB_IF_DROP, &dropped, sizeof dropped);
	pcapng_end_options(&writer->options);
	put_block(writer, 5, fixed, sizeof fixed, NULL, 0);
	return writer->failure.status == STATUS_OK ? STATUS_OK : failed(writer, error);
}

enum status writer_close(struct writer *writer, struct error *error)
{
	enum status status;

	if (!writer)
		return STATUS_OK;
	flush(writer);
	/* Some file systems (NFS, quotas) refuse only here. */
	if (close(writer->fd) < 0 && writer->failure.status == STATUS_OK)
		error_set(&writer->failure, STATUS_IO, _("cannot be written: %s"), strerror(errno));
	status = writer->failure.status == STATUS_OK ? STATUS_OK : failed(writer, error);
	for (uint32_t i = 0; i < writer->count; i++)
		free((char *)writer->known[i].description.name);
	free(writer->known);
	buffer_clear(&writer->options);
	free(writer);
	return status;
}
