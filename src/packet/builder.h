/* The inverse of the decoder: builds frames, for the lab, the prober and the tests. */
#ifndef TCPWHY_PACKET_BUILDER_H
#define TCPWHY_PACKET_BUILDER_H

#include <stddef.h>

#include "packet/decoder.h"
#include "packet/segment.h"

#define BUILDER_FRAME_MAX 65549 /* Ethernet header and the largest IP packet */

/*
 * Encode the options of `options` (those named in `seen`) padded to four bytes; one that does not fit any more is
 * left out. Keys, cookies and digests are zeros. Returns the length, at most 40.
 */
size_t builder_options(const struct options *options, uint8_t ret_bytes[40]);

/*
 * Build an Ethernet frame around `segment` (endpoints, numbers, flags, hop_limit, ip_id, DF, class, label, and
 * `payload` of payload_captured bytes; `options` bytes as they are). mac NULL means 02:00:00:00:00:01. Checksums are
 * right unless segment->checksum is CHECKSUM_BAD or CHECKSUM_OFFLOADED. The version is that of src.address. Returns
 * the frame's length, 0 where it does not fit into `size` or into IP.
 */
size_t builder_frame(const struct segment *segment, uint8_t *ret_frame, size_t size);

/*
 * Build an ICMP or ICMPv6 error from error->reporter to the sender of `quoted`, quoting its IP header (with the
 * length that payload_len gives) and 8 bytes of TCP; error names reporter, type and code. Returns the frame's
 * length, 0 where it does not fit into `size` or the addresses are of different versions.
 */
size_t builder_icmp_error(const struct icmp_error *error, const struct segment *quoted, uint8_t *ret_frame,
                          size_t size);

#endif
