/*
 * Exercises src/source/: input.c, stream.c, decompress.c, sniff.c, pcap.c, pcapng.c, pcapng_packet.c, options.c,
 * interfaces.c, filter.c and source.c read any bytes, mapped and streamed; writer.c and pcapng_text.c write the frames
 * again, and what they wrote must be read as the same frames. src/base/buffer.c, error.c and utf8.c help.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/source.h"
#include "source/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PIPE_BYTES_MAX 65536 /* a pipe takes as much without a reader */

/* What must not depend on where the bytes came from. */
struct outcome {
	enum status status;
	uint64_t frames, sum;
};

static void check(bool good)
{
	if (!good)
		abort();
}

static uint64_t add(uint64_t sum, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
	return sum;
}

/* Reads each byte that a frame points at, so that a sanitizer sees a bad one. */
static uint64_t add_frame(uint64_t sum, const struct frame *frame)
{
	check(frame->length >= frame->captured);
	sum = add(sum, frame->data, frame->captured);
	sum = add(sum, &frame->length, sizeof frame->length);
	sum = add(sum, &frame->link_type, sizeof frame->link_type);
	return add(sum, &frame->inbound, sizeof frame->inbound);
}

static struct outcome read_frames(struct source *source, struct writer *writer)
{
	struct outcome outcome = { .sum = 14695981039346656037u };
	struct frame frames[SOURCE_BATCH];
	struct error error = { .status = STATUS_OK };
	uint64_t last = 0;
	size_t count;

	while ((outcome.status = source_next(source, frames, &count, &error)) == STATUS_OK) {
		check(count >= 1 && count <= SOURCE_BATCH);
		for (size_t i = 0; i < count; i++) {
			struct source_interface interface;

			check(frames[i].number > last && source_interface(source, frames[i].interface, &interface));
			last = frames[i].number;
			outcome.sum = add_frame(outcome.sum, &frames[i]);
			add(0, frames[i].comment, frames[i].comment_len);
			if (writer)
				check(writer_frame(writer, &frames[i], &interface, NULL, NULL) == STATUS_OK);
		}
		outcome.frames += count;
	}
	check(outcome.status == STATUS_END || error.text[0]);
	return outcome;
}

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	check(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static int pipe_of(const uint8_t *data, size_t size)
{
	int ends[2];

	check(pipe2(ends, O_CLOEXEC) == 0 && write(ends[1], data, size) == (ssize_t)size);
	close(ends[1]);
	return ends[0];
}

static bool is_same(const struct outcome *a, const struct outcome *b)
{
	return a->status == b->status && a->frames == b->frames && a->sum == b->sum;
}

static void read_written(int fd, const struct outcome *want)
{
	struct source *source;
	struct outcome again;

	check(source_open_fd(fd, "written", NULL, &source, NULL) == STATUS_OK);
	again = read_frames(source, NULL);
	check(again.status == STATUS_END && again.frames == want->frames && again.sum == want->sum);
	source_free(source);
}

/* Reads the frames, writes them to another file, reads both again. */
static struct outcome read_and_write(struct source *source)
{
	struct writer *writer;
	struct outcome outcome, again;
	char path[64];
	int fd = memfd_create("out", MFD_CLOEXEC);

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	check(writer_open(path, &writer, NULL) == STATUS_OK);
	outcome = read_frames(source, writer);
	check(writer_close(writer, NULL) == STATUS_OK);
	read_written(fd, &outcome);
	check(source_rewind(source, NULL) == STATUS_OK);
	again = read_frames(source, NULL);
	check(is_same(&outcome, &again));
	return outcome;
}

static void read_filtered(const uint8_t *data, size_t size)
{
	static const struct source_options options = { .filter = "tcp[tcpflags] & tcp-rst != 0" };
	struct source *source;

	if (source_open_fd(file_of(data, size), "filtered", &options, &source, NULL) != STATUS_OK)
		return;
	read_frames(source, NULL);
	source_free(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct source_options keep = { .spool = true };
	struct source *mapped, *piped;
	struct error error, pipe_error;
	enum status status;
	struct outcome from_file, from_pipe;

	if (size > PIPE_BYTES_MAX)
		return 0;
	status = source_open_fd(file_of(data, size), "mapped", NULL, &mapped, &error);
	check(source_open_fd(pipe_of(data, size), "piped", &keep, &piped, &pipe_error) == status);
	if (status != STATUS_OK) {
		check(error.text[0] && !strcmp(error.text, pipe_error.text));
		return 0;
	}
	from_file = read_and_write(mapped);
	from_pipe = read_and_write(piped);
	check(is_same(&from_file, &from_pipe));
	source_free(mapped);
	source_free(piped);
	read_filtered(data, size);
	return 0;
}
