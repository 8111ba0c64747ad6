/* The Internet checksum (RFC 1071), for whoever decodes or builds packets. */
#ifndef TCPWHY_PACKET_CHECKSUM_H
#define TCPWHY_PACKET_CHECKSUM_H

#include <stddef.h>

#include "packet/address.h"

/* Sum of 16-bit words in network order, not folded; `bytes` may stand anywhere, an odd last byte is padded with 0. */
uint64_t sum_bytes(const uint8_t *bytes, size_t len);
/* Sum of the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1). */
uint64_t sum_pseudo_header(const struct address *src, const struct address *dst, uint32_t length, uint8_t protocol);
/* Folded to 16 bits, not complemented. */
uint16_t sum_fold(uint64_t sum);
/*
 * Whether a wrong checksum field is one that the sender's card was to complete. Linux leaves the pseudo header's sum
 * in it (CHECKSUM_PARTIAL); for segmentation by the card drivers take the length out of it again
 * (tcp_v6_gso_csum_prep()). Other systems leave 0. `pseudo` is the sum of the pseudo header, `length` the one that
 * went into it.
 */
bool sum_is_partial(uint16_t field, uint64_t pseudo, uint32_t length);

#endif
