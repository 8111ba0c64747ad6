/*
 * A capture file or pipe as a series of frames: pcap (both byte orders, micro- and nanoseconds, Kuznetzov's modified
 * headers) and pcapng (several sections and interfaces), plain or compressed (gzip, zstd, lz4, xz, told by content).
 *
 * A plain regular file is mapped; everything else is streamed. Of a mapped file about a megabyte at a time is brought
 * in, and some ten count as memory, if nobody asks for more by source_keep(); what it grows by after it was opened is
 * not read. A file that is cut shorter while it is mapped is reported as STATUS_IO, except where the cut hits the very
 * megabyte that is being looked at: the kernel then sends SIGBUS, which a library cannot catch for its program.
 */
#ifndef TCPWHY_SOURCE_SOURCE_H
#define TCPWHY_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "source/frame.h"

struct source;

struct source_options {
	const char *filter;  /* libpcap filter expression, NULL for none; applied per link type */
	bool spool;          /* keep what a pipe delivers in an unlinked temporary file, for source_rewind() */
	int idle_ms;         /* a pipe with nothing to read returns STATUS_IDLE after so many milliseconds; 0: block.
	                        A compressed pipe blocks in any case: its decompressor cannot stop in the middle */
};

/* Frames that a call may return at a time. */
#define SOURCE_BATCH 64

/*
 * Open `path` ("-" is standard input) and read up to its first header. `options` may be NULL for none.
 * On success STATUS_OK and *ret_source, to be freed by source_free(). On failure *error says what and why:
 * STATUS_IO (cannot be opened or read), STATUS_MALFORMED (not a capture), STATUS_TRUNCATED (shorter than a header),
 * STATUS_UNSUPPORTED (a capture format that this cannot read), STATUS_USAGE (the filter does not compile),
 * STATUS_MEMORY.
 */
enum status source_open(const char *path, const struct source_options *options, struct source **ret_source,
                        struct error *error);
/* The same for an open descriptor at the start of the capture, which is taken over and closed in any case. */
enum status source_open_fd(int fd, const char *name, const struct source_options *options, struct source **ret_source,
                           struct error *error);

/*
 * Fill `frames` with up to SOURCE_BATCH frames that pass the filter. Their bytes stay valid until the next call.
 * STATUS_OK with *ret_count >= 1; STATUS_END; STATUS_IDLE; else a failure in *error, after every frame before the bad
 * place was delivered by earlier calls (a bad place never costs the frames before it). A pipe returns what it has
 * rather than waiting for a full batch, and STATUS_IDLE at once where a signal handler ran. After an end or a failure
 * every further call returns the same. Where compressed data are cut off or broken, the frames of the last piece that
 * the decompressor was at (64 KiB for gzip and xz, 128 KiB for zstd, a block for lz4) are lost with it.
 */
enum status source_next(struct source *source, struct frame frames[SOURCE_BATCH], size_t *ret_count,
                        struct error *error);

/*
 * The second reading of a file can pass over the frames that nobody wants, if the first one left a mark of each: their
 * captured length and some bits of a hash.
 */
#define SOURCE_MARK_LENGTH_BITS 8
#define SOURCE_MARK_LONG ((1u << SOURCE_MARK_LENGTH_BITS) - 1) /* as long as this or longer: the record tells */
#define SOURCE_MARK_HASH_BITS 20 /* as large a bitmap as stays in a second-level cache: 128 KiB */
#define SOURCE_MARK_HASHES (1u << SOURCE_MARK_HASH_BITS)
#define SOURCE_MARK_HASH_SHIFT (32 - SOURCE_MARK_HASH_BITS)

static inline uint32_t source_mark(uint32_t captured, uint64_t hash)
{
	return (uint32_t)(hash >> 32) << SOURCE_MARK_LENGTH_BITS | (captured < SOURCE_MARK_LONG ? captured : SOURCE_MARK_LONG);
}

/* The bit of a mark in the bitmap of those that are wanted. */
static inline uint32_t source_mark_hash(uint32_t mark)
{
	return mark >> SOURCE_MARK_HASH_SHIFT;
}

/* Whether source_follow() works: a mapped file whose records lie one behind the other (pcap), and no filter. */
bool source_can_follow(const struct source *source);
/*
 * As source_next(), for the frames that the next `count` of the marks stand for, but only those whose bit is set in
 * `wanted`. *ret_used tells how many marks were used up; of them, *ret_count frames are wanted, which may be none.
 */
struct source_trail {
	const uint32_t *marks;
	size_t count;
	const uint64_t *wanted;
};
enum status source_follow(struct source *source, const struct source_trail *trail, size_t *ret_used,
                          struct frame frames[SOURCE_BATCH], size_t *ret_count, struct error *error);

/* Whether source_rewind() will work: regular files (compressed too) and spooled pipes. */
bool source_can_rewind(const struct source *source);
/* Whether the bytes are mapped, so that reading again costs no input. */
bool source_is_mapped(const struct source *source);
/*
 * A mapped file that will be read again soon: let its pages stay until then. They are those of the system's cache,
 * which takes them back where memory is short, but they count as the program's.
 */
void source_keep(struct source *source);
/* Start again at frame 1. */
enum status source_rewind(struct source *source, struct error *error);

struct source_position {
	uint64_t bytes_read;   /* of the file as it lies on disk */
	uint64_t bytes_total;  /* 0 where unknown (a pipe) */
	uint64_t frames;       /* seen, before the filter */
	uint64_t frames_filtered; /* let pass by the filter */
	uint64_t frames_unfiltered_link; /* of a link type that the filter could not be compiled for; skipped */
};
void source_position(const struct source *source, struct source_position *ret_position);

/* Properties of an interface, for writing the frames again. */
struct source_interface {
	uint16_t link_type;
	uint32_t snap_length;   /* 0: no limit */
	const char *name;       /* hostile text, NUL-terminated, or NULL; owned by the source */
};
/* False past the last interface seen so far. */
bool source_interface(const struct source *source, uint32_t index, struct source_interface *ret_interface);

/* What the capture says of itself, as far as it was read: pcapng interface statistics, nothing else has them. */
struct source_statistics {
	bool has_start, has_end, has_dropped;
	int64_t start_ns, end_ns;  /* it ran, whether or not there was anything to capture */
	uint64_t dropped;          /* frames that it lost, where it says so */
};
struct source_statistics source_statistics(const struct source *source);

/* The name given to source_open(). */
const char *source_name(const struct source *source);
void source_free(struct source *source);

#endif
