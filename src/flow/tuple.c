#include "flow/tuple.h"

#include <string.h>

#include "base/bytes.h"

/* Odd constants with no structure: the fractional parts of the golden ratio and of the square root of 2. */
#define MIX_A 0x9e3779b97f4a7c15u
#define MIX_B 0x6a09e667f3bcc909u

static unsigned tuple_v4(const struct endpoint *src, const struct endpoint *dst, struct tuple *tuple)
{
	uint64_t from = (uint64_t)load_be32(src->address.bytes) << 16 | src->port;
	uint64_t to = (uint64_t)load_be32(dst->address.bytes) << 16 | dst->port;
	uint64_t low = from <= to ? from : to, high = from <= to ? to : from;

	memset(tuple, 0, sizeof *tuple);
	store_be32(tuple->bytes, (uint32_t)(low >> 16));
	store_be32(tuple->bytes + 4, (uint32_t)(high >> 16));
	store_be32(tuple->bytes + 8, (uint32_t)(low << 16 | (high & 0xffff)));
	tuple->size = TUPLE_SIZE_V4;
	return from > to;
}

static unsigned tuple_v6(const struct endpoint *src, const struct endpoint *dst, struct tuple *tuple)
{
	int order = memcmp(src->address.bytes, dst->address.bytes, 16);
	unsigned swapped = order > 0 || (order == 0 && src->port > dst->port);
	const struct endpoint *low = swapped ? dst : src, *high = swapped ? src : dst;

	memcpy(tuple->bytes, low->address.bytes, 16);
	memcpy(tuple->bytes + 16, high->address.bytes, 16);
	store_be16(tuple->bytes + 32, low->port);
	store_be16(tuple->bytes + 34, high->port);
	tuple->size = TUPLE_SIZE_V6;
	return swapped;
}

unsigned tuple_of(const struct endpoint *src, const struct endpoint *dst, struct tuple *ret_tuple)
{
	return src->address.version == 4 ? tuple_v4(src, dst, ret_tuple) : tuple_v6(src, dst, ret_tuple);
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof value);
	return value;
}

static uint64_t load32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof value);
	return value;
}

/* Multiply and fold: every bit of either number reaches every bit of the result. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t tuple_hash(const struct tuple *tuple, uint64_t seed)
{
	const uint8_t *p = tuple->bytes;
	uint64_t state = seed ^ MIX_A;

	if (tuple->size == TUPLE_SIZE_V4) {
		state = mix(load64(p) ^ state, load32(p + 8) ^ seed ^ MIX_B);
	} else {
		state = mix(load64(p) ^ state, load64(p + 8) ^ seed ^ MIX_B);
		state = mix(load64(p + 16) ^ state, load64(p + 24) ^ seed ^ MIX_B);
		state = mix(load32(p + 32) ^ state, seed ^ MIX_B);
	}
	return mix(state ^ seed, MIX_A);
}
