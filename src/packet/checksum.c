#include "packet/checksum.h"

#include <arpa/inet.h>
#include <string.h>

uint16_t sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/*
 * Words of 64 bits in the machine's order do as well as words of 16 bits in network order, the bytes of the folded sum
 * swapped in the end (RFC 1071 section 2). What is carried out of 64 bits counts 1, for 2^64 = 1 modulo 2^16 - 1.
 */
uint64_t sum_bytes(const uint8_t *bytes, size_t len)
{
	unsigned __int128 sum = 0;
	uint64_t word = 0;

	for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
		memcpy(&word, bytes, sizeof word);
		sum += word;
	}
	word = 0;
	memcpy(&word, bytes, len);
	sum += word;
	return ntohs(sum_fold((uint64_t)(sum >> 64) + sum_fold((uint64_t)sum)));
}

uint64_t sum_pseudo_header(const struct address *src, const struct address *dst, uint32_t length, uint8_t protocol)
{
	/* IPv4 addresses are followed by zeros, which add nothing. */
	return sum_bytes(src->bytes, sizeof src->bytes) + sum_bytes(dst->bytes, sizeof dst->bytes)
	       + (length >> 16) + (length & 0xffff) + protocol;
}

/* 0 and 0xffff are the same number in ones' complement. */
static bool same_sum(uint16_t a, uint16_t b)
{
	return a % 0xffff == b % 0xffff;
}

bool sum_is_partial(uint16_t field, uint64_t pseudo, uint32_t length)
{
	uint64_t without_length = pseudo - (length >> 16) - (length & 0xffff);

	return field == 0 || same_sum(field, sum_fold(pseudo)) || same_sum(field, sum_fold(without_length));
}
