/* Writing frames as pcapng, with comments that Wireshark shows. */
#ifndef TCPWHY_SOURCE_WRITER_H
#define TCPWHY_SOURCE_WRITER_H

#include "base/error.h"
#include "source/frame.h"
#include "source/source.h"

struct writer;

/* Create `path` ("-" is standard output) with a section header. STATUS_OK and *ret_writer, or STATUS_IO/MEMORY. */
enum status writer_open(const char *path, struct writer **ret_writer, struct error *error);
/*
 * Write one frame. `interface` describes where it was captured (an interface block is written at its first use, keyed
 * by link type, snap length and name); `comments` (NULL-terminated array of UTF-8 texts, or NULL) follow the frame's
 * own. STATUS_LIMIT for a frame of more than 16 MiB, which nothing would read; the writer goes on. STATUS_IO and
 * STATUS_MEMORY are for good. Comments that do not fit (65535 bytes each, 1 MiB a frame) are cut or left out.
 */
enum status writer_frame(struct writer *writer, const struct frame *frame, const struct source_interface *interface,
                         const char *const *comments, struct error *error);
/*
 * State that an interface was captured from `start_ns` to `end_ns` (after 1970), and that nothing was lost; where it
 * has no frames, too. Results as those of writer_frame().
 */
enum status writer_statistics(struct writer *writer, const struct source_interface *interface, int64_t start_ns,
                              int64_t end_ns, struct error *error);
/* Flush and close; reports what could not be written. Frees the writer in any case. NULL is allowed. */
enum status writer_close(struct writer *writer, struct error *error);

#endif
