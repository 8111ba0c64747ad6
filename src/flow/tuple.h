/* The two ends of a connection as a key: both directions give the same one. Inline, for every packet needs it. */
#ifndef TCPWHY_FLOW_TUPLE_H
#define TCPWHY_FLOW_TUPLE_H

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/segment.h"

#define TUPLE_SIZE_V4 12
#define TUPLE_SIZE_V6 36
#define TUPLE_WORDS 5

/*
 * Lower end first (address, then port): both addresses, then both ports; what is not used is 0. Filled and read by
 * whole words, for a load that joins two narrower stores has to wait for both.
 */
struct tuple {
	union {
		uint8_t bytes[TUPLE_SIZE_V6];
		uint64_t words[TUPLE_WORDS];
	};
	uint64_t size;  /* TUPLE_SIZE_V4 or TUPLE_SIZE_V6 */
};

/* The key of two IPv4 ends, addresses in host order. Returns 0 where the source is the lower end, else 1. */
static inline unsigned tuple_v4(uint32_t src, uint16_t src_port, uint32_t dst, uint16_t dst_port,
                                struct tuple *ret_tuple)
{
	uint64_t from = (uint64_t)src << 16 | src_port, to = (uint64_t)dst << 16 | dst_port;
	uint64_t low = from <= to ? from : to, high = from <= to ? to : from;
	uint32_t addresses[2] = { __builtin_bswap32((uint32_t)(low >> 16)), __builtin_bswap32((uint32_t)(high >> 16)) };
	uint64_t ports = __builtin_bswap32((uint32_t)(low << 16 | (high & 0xffff)));

	/* As little-endian words, which is what memory order makes of the bytes there; other machines swap. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	ports <<= 32;
	*ret_tuple = (struct tuple){ .words = { (uint64_t)addresses[0] << 32 | addresses[1], ports }, .size = TUPLE_SIZE_V4 };
#else
	*ret_tuple = (struct tuple){ .words = { (uint64_t)addresses[1] << 32 | addresses[0], ports }, .size = TUPLE_SIZE_V4 };
#endif
	return from > to;
}

/* The key of two IPv6 ends, addresses as 16 bytes each. */
unsigned tuple_v6(const uint8_t *src, uint16_t src_port, const uint8_t *dst, uint16_t dst_port,
                  struct tuple *ret_tuple);

/* Fill the key. Returns the direction of the segment: 0 where its source is the lower end, else 1. */
static inline unsigned tuple_of(const struct endpoint *src, const struct endpoint *dst, struct tuple *ret_tuple)
{
	if (src->address.version == 4)
		return tuple_v4(load_be32(src->address.bytes), src->port, load_be32(dst->address.bytes), dst->port, ret_tuple);
	return tuple_v6(src->address.bytes, src->port, dst->address.bytes, dst->port, ret_tuple);
}

/* Odd constants with no structure: the fractional parts of the golden ratio and of the square root of 2. */
#define TUPLE_MIX_A 0x9e3779b97f4a7c15u
#define TUPLE_MIX_B 0x6a09e667f3bcc909u

/* Multiply and fold: every bit of either number reaches every bit of the result. */
static inline uint64_t tuple_mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* `seed` keeps whoever wrote the capture from choosing collisions. */
static inline uint64_t tuple_hash(const struct tuple *tuple, uint64_t seed)
{
	const uint64_t *w = tuple->words;
	uint64_t state = seed ^ TUPLE_MIX_A;

	if (tuple->size == TUPLE_SIZE_V4) {
		state = tuple_mix(w[0] ^ state, w[1] ^ seed ^ TUPLE_MIX_B);
	} else {
		state = tuple_mix(w[0] ^ state, w[1] ^ seed ^ TUPLE_MIX_B);
		state = tuple_mix(w[2] ^ state, w[3] ^ seed ^ TUPLE_MIX_B);
		state = tuple_mix(w[4] ^ state, seed ^ TUPLE_MIX_B);
	}
	return tuple_mix(state ^ seed, TUPLE_MIX_A);
}

#endif
