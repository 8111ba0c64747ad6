/*
 * Three ways to get at the bytes, one window for the readers: a mapped file moves the window over its pages, a stream
 * copies into a buffer, and a compressed one is decompressed into the same buffer. The readers' fast loops run inside
 * the window and never come here; what is here runs once in some thousand frames.
 */
#include "source/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "source/decompress.h"
#include "source/limits.h"

/* Any multiple of the real page size will do: 64 KiB is the largest that Linux uses. */
#define PAGE_ALIGN ((size_t)64 << 10)

static size_t align_down(size_t position)
{
	return position & ~(PAGE_ALIGN - 1);
}

static size_t smaller(uint64_t a, uint64_t b)
{
	return (size_t)(a < b ? a : b);
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* A file system that cannot map is no failure: the file is streamed then. */
static void map_file(struct input *input, int fd, uint64_t size)
{
	void *map = MAP_FAILED;

	if (size <= SIZE_MAX / 2)
		map = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return;
	madvise(map, (size_t)size, MADV_SEQUENTIAL);
	input->map = map;
	input->map_bytes = input->map_size = (size_t)size;
	input->map_fd = fd;
}

static void unmap_file(struct input *input)
{
	if (input->map)
		munmap(input->map, input->map_bytes);
	input->map = NULL;
}

/* Forget the position, keep what is open. */
static void restart(struct input *input)
{
	input->data = input->limit = input->map ? input->map : input->buffer;
	input->limit_offset = input->skip = input->map_released = 0;
}

/*
 * Bring in the pages of [from, to) in one go: a page fault for every 16th page would cost more than parsing does.
 * False where the file does not reach so far any more: this saves the program from a SIGBUS. Kernels before 5.14 cannot
 * do it (EINVAL), and fault as the bytes are read.
 */
static bool populate(struct input *input, size_t from, size_t to)
{
	from = align_down(input->keep ? larger(from, input->map_populated) : from);
	if (from >= to)
		return true;
	if (madvise(input->map + from, to - from, MADV_POPULATE_READ) != 0 && errno == EFAULT)
		return false;
	input->map_populated = to;
	return true;
}

/* Whether the file is shorter than it was. What is left of it can still be read. */
static bool has_shrunk(struct input *input)
{
	struct stat stat;

	if (fstat(input->map_fd, &stat) < 0 || (uint64_t)stat.st_size >= input->map_size)
		return false;
	input->map_size = (size_t)stat.st_size;
	return true;
}

static enum status shrunk_or_failed(struct error *error)
{
	return error_set(error, STATUS_IO, _("the file became shorter while it was read, or its disk failed"));
}

/* What lies well before the window stays in the page cache, but does not count as memory of this program. */
static void release(struct input *input, size_t position)
{
	if (input->keep)
		return;
	position = align_down(position > KEPT_BEHIND_BYTES ? position - KEPT_BEHIND_BYTES : 0);
	/* Seldom, for each time every processor that a thread of the program runs on is interrupted. */
	if (position < input->map_released + RELEASE_BYTES)
		return;
	madvise(input->map + input->map_released, position - input->map_released, MADV_DONTNEED);
	input->map_released = position;
}

/* Where a window from `position` on ends: some way ahead, so that this is done seldom. */
static size_t window_end(const struct input *input, size_t position, size_t want)
{
	return smaller(input->map_size, align_down(position + larger(want, WINDOW_BYTES)) + PAGE_ALIGN);
}

static enum status move_window(struct input *input, size_t want, struct error *error)
{
	size_t position = (size_t)(input->data - input->map), start = (size_t)(input->limit - input->map), end;
	size_t dropped = smaller(input->skip, input->map_size - position);

	position += dropped;
	start = larger(start, position);
	end = window_end(input, position, want);
	while (!populate(input, start, end)) {
		if (!has_shrunk(input) || position > input->map_size)
			return shrunk_or_failed(error);
		end = window_end(input, position, want);
	}
	release(input, position);
	input->skip -= dropped;
	input->data = input->map + position;
	end = smaller(larger(end, start), input->map_size);
	input->limit = input->map + end;
	input->limit_offset = end;
	if (!input->skip && input_available(input) >= want)
		return STATUS_OK;
	return input->map_size < input->map_bytes ? shrunk_or_failed(error) : STATUS_END;
}

/* Room behind what is in the buffer. It grows as bytes arrive, never because a header promises many. */
static enum status make_room(struct input *input, struct error *error)
{
	size_t kept = input_available(input), capacity = input->capacity;
	uint8_t *buffer;

	if (kept && input->data != input->buffer)
		memmove(input->buffer, input->data, kept);
	if (kept == capacity) {
		capacity = capacity ? 2 * capacity : STREAM_BUFFER_BYTES;
		buffer = realloc(input->buffer, capacity);
		if (!buffer)
			return error_set(error, STATUS_MEMORY, _("out of memory"));
		input->buffer = buffer;
		input->capacity = capacity;
	}
	input->data = input->buffer;
	input->limit = input->buffer + kept;
	return STATUS_OK;
}

static enum status refill(struct input *input, struct error *error)
{
	uint8_t *into;
	enum status status;
	size_t room, got = 0;

	if (input->skip && input_available(input) > 0) {
		input_skip(input, input->skip);
		if (!input->skip)
			return STATUS_OK;
	}
	status = make_room(input, error);
	if (status != STATUS_OK)
		return status;
	into = input->buffer + input_available(input);
	room = input->capacity - input_available(input);
	if (input->decompressor)
		status = decompressor_read(input->decompressor, into, room, &got, error);
	else
		status = stream_read(&input->stream, into, room, &got, error);
	input->limit += got;
	input->limit_offset += got;
	return status;
}

enum status input_need(struct input *input, size_t want, struct error *error)
{
	while (input->skip || input_available(input) < want) {
		enum status status = input->map ? move_window(input, want, error) : refill(input, error);

		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

void input_skip(struct input *input, uint64_t len)
{
	size_t here = smaller(len, input_available(input));

	input->data += here;
	input->skip = len - here;
}

/* What a pipe gave already goes to the decompressor first; a file is simply read again. */
static enum status start_decompressor(struct input *input, struct error *error)
{
	uint8_t *head = NULL;
	size_t head_len = 0;

	if (input->map || input->stream.seekable) {
		enum status status = stream_rewind(&input->stream, error);

		if (status != STATUS_OK)
			return status;
		unmap_file(input);
	} else {
		head = input->buffer;
		head_len = input_available(input);
		input->buffer = NULL;
		input->capacity = 0;
	}
	restart(input);
	return decompressor_open(input->compression, &input->stream, head, head_len, &input->decompressor, error);
}

/* The first bytes of the capture itself, or why there are none. */
static enum status need_first(struct input *input, struct error *error)
{
	enum status status = input_need(input, SNIFF_BYTES, error);

	return status == STATUS_END ? sniff_foreign(input->data, input_available(input), error) : status;
}

enum status input_open(struct input *input, int fd, bool spool, struct error *error)
{
	enum status status;

	*input = (struct input){ 0 };
	status = stream_open(&input->stream, fd, spool, error);
	if (status != STATUS_OK)
		return status;
	if (input->stream.seekable)
		map_file(input, fd, input->stream.size);
	restart(input);
	status = need_first(input, error);
	if (status != STATUS_OK)
		return status;
	input->compression = sniff_compression(input->data);
	if (input->compression == COMPRESSION_NONE)
		return STATUS_OK;
	status = start_decompressor(input, error);
	return status == STATUS_OK ? need_first(input, error) : status;
}

/* A pipe that has ended and was kept is a file now. */
static void map_spool(struct input *input)
{
	const struct stream *stream = &input->stream;

	if (!input->map && stream->spool >= 0 && stream->ended && input->compression == COMPRESSION_NONE)
		map_file(input, stream->spool, stream->spooled);
}

enum status input_rewind(struct input *input, struct error *error)
{
	enum status status = STATUS_OK;

	if (!input->map || input->compression != COMPRESSION_NONE)
		status = stream_rewind(&input->stream, error);
	if (status != STATUS_OK)
		return status;
	decompressor_free(input->decompressor);
	input->decompressor = NULL;
	map_spool(input);
	restart(input);
	if (input->compression != COMPRESSION_NONE)
		status = decompressor_open(input->compression, &input->stream, NULL, 0, &input->decompressor, error);
	return status == STATUS_OK ? need_first(input, error) : status;
}

uint64_t input_bytes_read(const struct input *input)
{
	return input->map ? (uint64_t)(input->data - input->map) : input->stream.position;
}

void input_close(struct input *input)
{
	decompressor_free(input->decompressor);
	unmap_file(input);
	free(input->buffer);
	stream_close(&input->stream);
}

const char *input_place(const struct input *input, char text[PLACE_TEXT_MAX])
{
	uint64_t offset = input->limit_offset - input_available(input);
	bool plain = input->compression == COMPRESSION_NONE;

	snprintf(text, PLACE_TEXT_MAX, plain ? _("byte %ju") : _("byte %ju of the decompressed data"),
	         (uintmax_t)offset);
	return text;
}
