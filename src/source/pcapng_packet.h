/* The three pcapng blocks that hold a frame. */
#ifndef TCPWHY_SOURCE_PCAPNG_PACKET_H
#define TCPWHY_SOURCE_PCAPNG_PACKET_H

#include "source/reader.h"

/*
 * Fill *frame, but for its number, from the body of a block. STATUS_MALFORMED; STATUS_MEMORY; STATUS_IDLE where its
 * comments find no room beside those of the frames before it: deliver these, then come again.
 */
enum status pcapng_enhanced_packet(struct reader *reader, const uint8_t *body, size_t len, struct frame *frame,
                                   struct error *error);
enum status pcapng_simple_packet(struct reader *reader, const uint8_t *body, size_t len, struct frame *frame,
                                 struct error *error);
/* The obsolete packet block of the first drafts. */
enum status pcapng_packet(struct reader *reader, const uint8_t *body, size_t len, struct frame *frame,
                          struct error *error);

#endif
