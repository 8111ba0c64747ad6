/* Puts IP fragments together, within bounds that a hostile capture cannot move. Private to src/packet. */
#ifndef TCPWHY_PACKET_FRAGMENTS_H
#define TCPWHY_PACKET_FRAGMENTS_H

#include "base/clock.h"
#include "packet/walk.h"

#define FRAGMENTS_DATAGRAMS_MAX 256            /* datagrams that wait for more at a time; the oldest gives way */
#define FRAGMENTS_BYTES_MAX (4u << 20)         /* bytes that they hold together */
#define FRAGMENTS_AGE_NS (30 * NS_PER_S)       /* in capture time; Linux: net.ipv4.ipfrag_time, IP_FRAG_TIME */
#define FRAGMENTS_PIECES_MAX 128               /* fragments a datagram: 64 KiB over a 576-byte MTU need 119 */
#define FRAGMENTS_REASSEMBLIES_MAX 4           /* datagrams completed by one frame: fragments in tunnels in fragments */

struct fragment_key {
	uint8_t src[16], dst[16];
	uint32_t id;
	uint8_t version;
	uint8_t protocol;  /* IPv4 only: RFC 791 counts it in, RFC 8200 does not */
	uint8_t zero[2];
};

struct fragment {
	struct fragment_key key;
	const uint8_t *header;  /* the fixed IP header with, for IPv4, its options */
	uint8_t header_len;
	uint8_t protocol;       /* of the payload, right in the first fragment */
	bool more;
	uint32_t offset;        /* bytes */
	struct view payload;
	int64_t time_ns;
};

/* A complete datagram. Its memory is the cache's and stays until fragments are added from a later frame. */
struct datagram {
	const uint8_t *header;  /* of the first fragment, made to look like that of a whole packet */
	struct view payload;
	uint8_t protocol;
};

struct fragments;

/* NULL when out of memory. */
struct fragments *fragments_new(void);
void fragments_free(struct fragments *fragments);
/*
 * Add a fragment whose frame has completed `completed` datagrams so far (0: datagrams of earlier frames are let go).
 * DECODED_FRAGMENT: kept or dropped; WALK_ON: *ret_datagram is complete; DECODED_MALFORMED: cannot be part of anything.
 */
enum decoded fragments_add(struct fragments *fragments, const struct fragment *fragment, unsigned int completed,
                           struct datagram *ret_datagram);
/* Fragments that were let go, and fragments that still wait. */
uint64_t fragments_lost(const struct fragments *fragments);
uint64_t fragments_waiting(const struct fragments *fragments);

#endif
