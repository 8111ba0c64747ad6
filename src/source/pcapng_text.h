/* Adding options to a pcapng block. */
#ifndef TCPWHY_SOURCE_PCAPNG_TEXT_H
#define TCPWHY_SOURCE_PCAPNG_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/*
 * Add an option to `options`, in this machine's byte order and padded. One that does not wholly fit below the ceiling
 * is left out. `len` is at most OPTION_VALUE_MAX.
 */
void pcapng_add_option(struct buffer *options, uint16_t code, const void *value, size_t len);
/*
 * The same for a text, which may be hostile and of any length: what is not UTF-8 becomes U+FFFD, and it is cut between
 * characters.
 */
void pcapng_add_text(struct buffer *options, uint16_t code, const char *text, size_t len);
/* Add the end of the options, for which room is always kept. */
void pcapng_end_options(struct buffer *options);

#endif
