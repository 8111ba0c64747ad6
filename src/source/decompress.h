/* The bytes inside a gzip, zstd, lz4 or xz stream. */
#ifndef TCPWHY_SOURCE_DECOMPRESS_H
#define TCPWHY_SOURCE_DECOMPRESS_H

#include "source/sniff.h"
#include "source/stream.h"

struct decompressor;

/*
 * Decompress what `stream` delivers, after the `head_len` bytes at `head` that were already read from it; `head` is
 * malloc'ed and taken over, and may be NULL. The stream stays the caller's and must outlive the decompressor.
 */
enum status decompressor_open(enum compression compression, struct stream *stream, uint8_t *head, size_t head_len,
                              struct decompressor **ret_decompressor, struct error *error);
/*
 * As stream_read(), except that a silent pipe blocks in here: a decompressor cannot stop in the middle.
 * STATUS_MALFORMED or STATUS_TRUNCATED where the compressed data are broken or cut off. libarchive then lets go what it
 * had decompressed of the current piece, up to 64 KiB for gzip and xz, 128 KiB for zstd, a block for lz4.
 */
enum status decompressor_read(struct decompressor *decompressor, void *bytes, size_t len, size_t *ret_count,
                              struct error *error);
/* NULL is allowed. */
void decompressor_free(struct decompressor *decompressor);

#endif
