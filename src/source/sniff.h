/* What a file is, told by its first bytes. */
#ifndef TCPWHY_SOURCE_SNIFF_H
#define TCPWHY_SOURCE_SNIFF_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
	COMPRESSION_LZ4,
	COMPRESSION_XZ,
};

/* So many bytes tell a capture from a compressed file; and so many help to name what is neither. */
#define SNIFF_BYTES 4
#define SNIFF_BYTES_FOREIGN 512

enum compression sniff_compression(const uint8_t first[SNIFF_BYTES]);
/*
 * Say in *error what the file is that is not a capture that can be read, given its first `len` bytes.
 * Returns STATUS_TRUNCATED, STATUS_UNSUPPORTED or STATUS_MALFORMED.
 */
enum status sniff_foreign(const uint8_t *bytes, size_t len, struct error *error);

#endif
