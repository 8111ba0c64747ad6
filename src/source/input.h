/*
 * The bytes of a capture, decompressed where they are compressed, as a window that moves forward: [data, limit) can be
 * read, input_need() moves the window on. A mapped file is seen through the same window, so that only a small part of
 * it counts as the memory of the program.
 */
#ifndef TCPWHY_SOURCE_INPUT_H
#define TCPWHY_SOURCE_INPUT_H

#include "source/sniff.h"
#include "source/stream.h"

struct decompressor;

struct input {
	const uint8_t *data;    /* the next byte; a reader moves it on to consume */
	const uint8_t *limit;
	uint64_t limit_offset;  /* of `limit`, from the start of the (decompressed) bytes */
	uint64_t skip;          /* bytes past `limit` to be dropped unseen */

	uint8_t *map;           /* a mapped file, else NULL */
	size_t map_bytes;       /* mapped */
	size_t map_size;        /* of them within the file: fewer once it has shrunk */
	int map_fd;             /* the mapped file, owned by `stream` */
	size_t map_released;    /* pages before this are no longer ours */
	size_t map_populated;   /* pages before this were brought in, and are still ours where `keep` */
	bool keep;              /* give back nothing before the end */

	uint8_t *buffer;        /* of a stream */
	size_t capacity;
	struct stream stream;
	enum compression compression;
	struct decompressor *decompressor;
};

/*
 * Take over `fd` (in any case), find out whether it is compressed, and make its first SNIFF_BYTES available.
 * What is shorter than that is refused as sniff_foreign() does. STATUS_IDLE: a signal came while waiting.
 */
enum status input_open(struct input *input, int fd, bool spool, struct error *error);
/*
 * Make at least `want` bytes available; what lies before `data` may go away. STATUS_OK; STATUS_END where fewer are left
 * (those are available); STATUS_IDLE; else a failure. `want` must be bounded by the caller.
 */
enum status input_need(struct input *input, size_t want, struct error *error);
/* Drop `len` bytes, of which not all need be available. Nothing may be read before the next input_need(). */
void input_skip(struct input *input, uint64_t len);
/* As input_open(), for the bytes that were read before. */
enum status input_rewind(struct input *input, struct error *error);
/* Bytes read of the file as it lies on disk. */
uint64_t input_bytes_read(const struct input *input);
void input_close(struct input *input);

#define PLACE_TEXT_MAX 96

/* Where `data` is, in words: "byte 1234". Returns `text`. */
const char *input_place(const struct input *input, char text[PLACE_TEXT_MAX]);

static inline size_t input_available(const struct input *input)
{
	return (size_t)(input->limit - input->data);
}

#endif
