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

/*
 * The key of two IPv4 ends as the first two words of a tuple, from both addresses and both ports as they stand in a
 * packet, the source first. No branch: which end is the lower one nobody can foresee. Returns the direction as
 * tuple_of().
 */
static inline unsigned tuple_words_v4(const uint8_t addresses[8], const uint8_t ports[4], uint64_t ret_words[2])
{
	uint64_t word;
	uint32_t half, src, dst;
	unsigned swapped;

	memcpy(&word, addresses, sizeof word);
	memcpy(&half, ports, sizeof half);
	src = load_be32(addresses);
	dst = load_be32(addresses + 4);
	swapped = ((uint64_t)src << 16 | load_be16(ports)) > ((uint64_t)dst << 16 | load_be16(ports + 2));
	word = word << swapped * 32 | word >> (-(swapped * 32) & 63);
	half = half << swapped * 16 | half >> (-(swapped * 16) & 31);
	ret_words[0] = word;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	ret_words[1] = (uint64_t)half << 32;
#else
	ret_words[1] = half;
#endif
	return swapped;
}

static inline unsigned tuple_v4(const uint8_t src[4], uint16_t src_port, const uint8_t dst[4], uint16_t dst_port,
                                struct tuple *ret_tuple)
{
	uint8_t addresses[8], ports[4];

	memcpy(addresses, src, 4);
	memcpy(addresses + 4, dst, 4);
	store_be16(ports, src_port);
	store_be16(ports + 2, dst_port);
	*ret_tuple = (struct tuple){ .size = TUPLE_SIZE_V4 };
	return tuple_words_v4(addresses, ports, ret_tuple->words);
}

/* The key of two IPv6 ends, addresses as 16 bytes each. */
unsigned tuple_v6(const uint8_t *src, uint16_t src_port, const uint8_t *dst, uint16_t dst_port,
                  struct tuple *ret_tuple);

/* Fill the key. Returns the direction of the segment: 0 where its source is the lower end, else 1. */
static inline unsigned tuple_of(const struct endpoint *src, const struct endpoint *dst, struct tuple *ret_tuple)
{
	if (src->address.version == 4)
		return tuple_v4(src->address.bytes, src->port, dst->address.bytes, dst->port, ret_tuple);
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
static inline uint64_t tuple_hash_v4(const uint64_t words[2], uint64_t seed)
{
	uint64_t state = tuple_mix(words[0] ^ seed ^ TUPLE_MIX_A, words[1] ^ seed ^ TUPLE_MIX_B);

	return tuple_mix(state ^ seed, TUPLE_MIX_A);
}

static inline uint64_t tuple_hash(const struct tuple *tuple, uint64_t seed)
{
	const uint64_t *w = tuple->words;
	uint64_t state;

	if (tuple->size == TUPLE_SIZE_V4)
		return tuple_hash_v4(w, seed);
	state = tuple_mix(w[0] ^ seed ^ TUPLE_MIX_A, w[1] ^ seed ^ TUPLE_MIX_B);
	state = tuple_mix(w[2] ^ state, w[3] ^ seed ^ TUPLE_MIX_B);
	state = tuple_mix(w[4] ^ state, seed ^ TUPLE_MIX_B);
	return tuple_mix(state ^ seed, TUPLE_MIX_A);
}

#endif
