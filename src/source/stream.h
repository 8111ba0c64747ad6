/*
 * The bytes of a file or pipe in their order, as they lie there. A stream that spools can be read again:
 * what the pipe gave before comes from the spool file, and the pipe follows.
 */
#ifndef TCPWHY_SOURCE_STREAM_H
#define TCPWHY_SOURCE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct stream {
	int fd;               /* owned */
	int spool;            /* unlinked temporary file, owned; -1 for none */
	bool seekable;        /* `fd` is a regular file that was at its start */
	bool ended;           /* `fd` has said that there is no more */
	int idle_ms;          /* see source_options; 0: block */
	uint64_t size;        /* of a seekable file when it was opened, else 0 */
	uint64_t position;    /* bytes delivered since the start or the last rewind */
	uint64_t spooled;     /* bytes in the spool file */
};

/* Take over `fd`; on failure it is still the caller's. A directory or a terminal is refused. */
enum status stream_open(struct stream *stream, int fd, bool spool, struct error *error);
/*
 * Read some bytes: STATUS_OK with *ret_count >= 1; STATUS_END; STATUS_IDLE after idle_ms without any or when a signal
 * came; STATUS_IO.
 */
enum status stream_read(struct stream *stream, void *bytes, size_t len, size_t *ret_count, struct error *error);
bool stream_can_rewind(const struct stream *stream);
enum status stream_rewind(struct stream *stream, struct error *error);
void stream_close(struct stream *stream);

#endif
