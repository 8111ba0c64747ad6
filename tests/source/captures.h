/* Captures built in memory, and what a source makes of them, as text that can be compared. */
#ifndef TCPWHY_TESTS_SOURCE_CAPTURES_H
#define TCPWHY_TESTS_SOURCE_CAPTURES_H

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "source/source.h"
#include "tap.h"

#define HELPER __attribute__((unused)) static

enum { LINK_ETHERNET = 1, LINK_RAW = 101, LINK_COOKED = 113, LINK_USER0 = 147 };
enum { MAGIC_US = (int)0xa1b2c3d4, MAGIC_NS = (int)0xa1b23c4d, MAGIC_MODIFIED = (int)0xa1b2cd34 };

/* Bytes in a chosen order. The tests stop on a lack of memory, so nothing here can fail. */
struct bytes {
	uint8_t data[1 << 16];
	size_t len;
	bool big;   /* big-endian numbers */
};

HELPER void put(struct bytes *bytes, const void *data, size_t len)
{
	if (len > sizeof bytes->data - bytes->len)
		abort();
	if (len)
		memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
}

HELPER void put_number(struct bytes *bytes, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> 8 * (bytes->big ? size - 1 - i : i));

		put(bytes, &byte, 1);
	}
}

HELPER void put16(struct bytes *bytes, uint16_t value)
{
	put_number(bytes, value, 2);
}

HELPER void put32(struct bytes *bytes, uint32_t value)
{
	put_number(bytes, value, 4);
}

HELPER void put_zeros(struct bytes *bytes, size_t len)
{
	while (len--)
		put(bytes, "", 1);
}

/* `len` bytes that differ from frame to frame. */
HELPER void put_filler(struct bytes *bytes, uint8_t first, size_t len)
{
	for (size_t i = 0; i < len; i++, first = (uint8_t)(first * 5 + 7))
		put(bytes, &first, 1);
}

/* ---- pcap ---- */

HELPER void pcap_header(struct bytes *bytes, int magic, uint32_t snap_length, uint32_t link_type)
{
	put32(bytes, (uint32_t)magic);
	put16(bytes, 2);
	put16(bytes, 4);
	put32(bytes, 0);
	put32(bytes, 0);
	put32(bytes, snap_length);
	put32(bytes, link_type);
}

HELPER void pcap_record_header(struct bytes *bytes, uint32_t seconds, uint32_t fraction, uint32_t captured,
                               uint32_t length)
{
	put32(bytes, seconds);
	put32(bytes, fraction);
	put32(bytes, captured);
	put32(bytes, length);
}

HELPER void pcap_record(struct bytes *bytes, uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t length)
{
	pcap_record_header(bytes, seconds, fraction, captured, length);
	put_filler(bytes, (uint8_t)fraction, captured);
}

/* Five frames of odd lengths, one of them empty. */
HELPER void pcap_sample(struct bytes *bytes, int magic)
{
	pcap_header(bytes, magic, 65535, LINK_ETHERNET);
	pcap_record(bytes, 1700000000, 1, 60, 60);
	pcap_record(bytes, 1700000000, 2, 61, 1514);
	pcap_record(bytes, 1700000001, 3, 0, 0);
	pcap_record(bytes, 1700000001, 4, 54, 54);
	pcap_record(bytes, 1700000002, 999999, 33, 33);
}

/* ---- pcapng ---- */

/* A block in three parts: block_begin(), the body, block_end(). */
HELPER size_t block_begin(struct bytes *bytes, uint32_t type)
{
	put32(bytes, type);
	put32(bytes, 0);
	return bytes->len - 8;
}

HELPER void block_end(struct bytes *bytes, size_t start)
{
	struct bytes len = { .big = bytes->big };

	put_zeros(bytes, -bytes->len & 3);
	put32(&len, (uint32_t)(bytes->len + 4 - start));
	put(bytes, len.data, 4);
	memcpy(bytes->data + start + 4, len.data, 4);
}

HELPER void ng_option(struct bytes *bytes, uint16_t code, const void *value, size_t len)
{
	put16(bytes, code);
	put16(bytes, (uint16_t)len);
	put(bytes, value, len);
	put_zeros(bytes, -len & 3);
}

HELPER void ng_section(struct bytes *bytes, bool big)
{
	size_t start;

	bytes->big = big;
	start = block_begin(bytes, 0x0a0d0d0a);
	put32(bytes, 0x1a2b3c4d);
	put16(bytes, 1);
	put16(bytes, 0);
	put_number(bytes, UINT64_MAX, 8);
	block_end(bytes, start);
}

/* `resolution` < 0: none given. */
HELPER void ng_interface(struct bytes *bytes, uint16_t link_type, uint32_t snap_length, const char *name,
                         int resolution, int64_t offset)
{
	size_t start = block_begin(bytes, 1);

	put16(bytes, link_type);
	put16(bytes, 0);
	put32(bytes, snap_length);
	if (name)
		ng_option(bytes, 2, name, strlen(name));
	if (resolution >= 0)
		ng_option(bytes, 9, &(uint8_t){ (uint8_t)resolution }, 1);
	if (offset) {
		put16(bytes, 14);
		put16(bytes, 8);
		put_number(bytes, (uint64_t)offset, 8);
	}
	put32(bytes, 0);
	block_end(bytes, start);
}

HELPER size_t ng_frame_begin(struct bytes *bytes, uint32_t interface, uint64_t ticks, uint32_t captured,
                             uint32_t length)
{
	size_t start = block_begin(bytes, 6);

	put32(bytes, interface);
	put32(bytes, (uint32_t)(ticks >> 32));
	put32(bytes, (uint32_t)ticks);
	put32(bytes, captured);
	put32(bytes, length);
	put_filler(bytes, (uint8_t)ticks, captured);
	put_zeros(bytes, -captured & 3);
	return start;
}

HELPER void ng_frame(struct bytes *bytes, uint32_t interface, uint64_t ticks, uint32_t captured, uint32_t length)
{
	block_end(bytes, ng_frame_begin(bytes, interface, ticks, captured, length));
}

HELPER void ng_simple_frame(struct bytes *bytes, uint32_t captured, uint32_t length)
{
	size_t start = block_begin(bytes, 3);

	put32(bytes, length);
	put_filler(bytes, 9, captured);
	block_end(bytes, start);
}

/* A block of a type that has nothing to do with frames. */
HELPER void ng_other(struct bytes *bytes, uint32_t type, size_t len)
{
	size_t start = block_begin(bytes, type);

	put_filler(bytes, 77, len);
	block_end(bytes, start);
}

/* Two sections of both byte orders, two interfaces, every kind of frame, comments, and blocks to be skipped. */
HELPER void ng_sample(struct bytes *bytes)
{
	size_t start;

	ng_section(bytes, false);
	ng_interface(bytes, LINK_ETHERNET, 0, "eth0", 9, 0);
	ng_frame(bytes, 0, 1700000000000000001u, 61, 61);
	ng_other(bytes, 0x80000005, 24);
	start = ng_frame_begin(bytes, 0, 1700000000000000002u, 54, 1514);
	ng_option(bytes, 2, "\x01\0\0\0", 4);
	ng_option(bytes, 1, "one", 3);
	ng_option(bytes, 1, "and two", 7);
	put32(bytes, 0);
	block_end(bytes, start);
	ng_section(bytes, true);
	ng_interface(bytes, LINK_RAW, 40, NULL, -1, 0);
	ng_simple_frame(bytes, 40, 90);
	ng_other(bytes, 0x80000bad, 12);
	ng_frame(bytes, 0, 1700000000000003u, 20, 20);
}

/* ---- where the bytes lie ---- */

/* An anonymous file with the bytes, at its start. */
HELPER int file_of(const void *data, size_t len)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);

	if (fd < 0 || (len && write(fd, data, len) != (ssize_t)len) || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

/* The reading end of a pipe into which another process writes `piece` bytes at a time; single bytes are read singly. */
HELPER int pipe_of(const uint8_t *data, size_t len, size_t piece)
{
	int ends[2];
	pid_t writer;

	fflush(stdout);
	if (pipe2(ends, piece == 1 ? O_CLOEXEC | O_DIRECT : O_CLOEXEC) < 0 || (writer = fork()) < 0)
		abort();
	if (writer > 0) {
		close(ends[1]);
		return ends[0];
	}
	close(ends[0]);
	for (size_t done = 0; done < len; done += piece)
		if (write(ends[1], data + done, piece < len - done ? piece : len - done) < 0)
			_exit(0); /* the reader had enough */
	_exit(0);
}

enum packing { GZIP, ZSTD, LZ4, XZ, PACKINGS };

HELPER const char *packing_name(enum packing packing)
{
	static const char *const names[] = { "gzip", "zstd", "lz4", "xz" };

	return names[packing];
}

HELPER size_t pack(enum packing packing, const struct bytes *bytes, uint8_t *into, size_t room)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	if (archive_write_add_filter_by_name(archive, packing_name(packing)) != ARCHIVE_OK)
		abort();
	archive_write_set_format_raw(archive);
	archive_write_set_bytes_per_block(archive, 0);
	archive_write_open_memory(archive, into, room, &used);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_pathname(entry, "data");
	if (archive_write_header(archive, entry) != ARCHIVE_OK ||
	    archive_write_data(archive, bytes->data, bytes->len) != (la_ssize_t)bytes->len ||
	    archive_write_close(archive) != ARCHIVE_OK)
		abort();
	archive_entry_free(entry);
	archive_write_free(archive);
	return used;
}

/* ---- what a source says ---- */

struct reading {
	enum status status;      /* how it ended: STATUS_END, or a failure */
	struct error error;
	uint64_t frames;
	bool mapped;
	struct buffer text;      /* a line a frame */
};

HELPER uint32_t checksum(const uint8_t *data, size_t len)
{
	uint32_t sum = 1;

	while (len--)
		sum = sum * 31 + *data++;
	return sum;
}

HELPER void describe(struct buffer *text, const struct frame *frame)
{
	buffer_printf(text, "%ju %jd %u/%u if%u link%u t%u d%u %08x '%.*s'\n", (uintmax_t)frame->number,
	              (intmax_t)frame->time_ns, frame->captured, frame->length, frame->interface, frame->link_type,
	              frame->has_time, frame->inbound, checksum(frame->data, frame->captured),
	              (int)frame->comment_len, frame->comment ? frame->comment : "");
}

HELPER void read_on(struct source *source, struct reading *reading)
{
	struct frame frames[SOURCE_BATCH];
	size_t count;

	while ((reading->status = source_next(source, frames, &count, &reading->error)) == STATUS_OK) {
		for (size_t i = 0; i < count; i++)
			describe(&reading->text, &frames[i]);
		reading->frames += count;
	}
	if (source_next(source, frames, &count, NULL) != reading->status)
		ok(false, "after the end, the same again");
}

/* Read all that is behind `fd`, which is closed. The reading is to be freed by reading_clear(). */
HELPER struct reading read_all(int fd, const struct source_options *options)
{
	struct reading reading = { .text = BUFFER_INIT(1 << 20) };
	struct source *source;

	reading.status = source_open_fd(fd, "test", options, &source, &reading.error);
	if (reading.status != STATUS_OK)
		return reading;
	reading.mapped = source_is_mapped(source);
	read_on(source, &reading);
	source_free(source);
	return reading;
}

HELPER struct reading read_bytes(const struct bytes *bytes)
{
	return read_all(file_of(bytes->data, bytes->len), NULL);
}

HELPER struct reading read_pipe(const void *bytes, size_t len, size_t piece)
{
	struct reading reading = read_all(pipe_of(bytes, len, piece), NULL);

	wait(NULL);
	return reading;
}

HELPER void reading_clear(struct reading *reading)
{
	buffer_clear(&reading->text);
}

/* The whole reading in one comparison; frees it. */
HELPER void reads_as(struct reading reading, enum status status, const char *text, const char *name)
{
	ok(reading.status == status, "%s: status %d", name, status);
	if (reading.status != status)
		printf("#   got %d: %s\n", reading.status, reading.error.text);
	is_text(buffer_text(&reading.text), text, name);
	reading_clear(&reading);
}

/* The part of `text` that is its first `lines` lines. */
HELPER size_t lines_len(const char *text, uint64_t lines)
{
	const char *end = text;

	while (lines-- && *end)
		end = strchr(end, '\n') + 1;
	return (size_t)(end - text);
}

/*
 * Read the capture cut after every byte, from a file and from a pipe. `frame_ends` are the lengths at which one more
 * frame is whole, `clean` those at which a capture may end; both end with 0.
 */
HELPER void survives_every_cut(const struct bytes *bytes, const size_t *frame_ends, const size_t *clean)
{
	struct reading whole = read_bytes(bytes);
	uint64_t frames = 0;
	bool frames_good = true, status_good = true, pipes_good = true;

	for (size_t cut = 0; cut <= bytes->len; cut++) {
		struct reading mapped = read_all(file_of(bytes->data, cut), NULL);
		struct reading piped = read_pipe(bytes->data, cut, 61);

		frames += frame_ends[frames] && cut == frame_ends[frames];
		clean += *clean && cut == *clean + 1;
		frames_good &= mapped.frames == frames &&
		               !strncmp(buffer_text(&mapped.text), buffer_text(&whole.text), mapped.text.len);
		if (mapped.status != (cut == *clean ? STATUS_END : STATUS_TRUNCATED)) {
			printf("#   cut at %zu: %d %s\n", cut, mapped.status, mapped.error.text);
			status_good = false;
		}
		pipes_good &= piped.status == mapped.status && !strcmp(piped.error.text, mapped.error.text) &&
		              !strcmp(buffer_text(&piped.text), buffer_text(&mapped.text));
		reading_clear(&mapped);
		reading_clear(&piped);
	}
	ok(frames_good, "every whole frame is delivered, and no other");
	ok(status_good, "a cut inside a record or header is told from an end between them");
	ok(pipes_good, "a pipe that ends there says the same");
	reading_clear(&whole);
}

#endif
