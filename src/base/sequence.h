/* Arithmetic on TCP sequence numbers, modulo 2^32 (RFC 9293 section 3.4). */
#ifndef TCPWHY_BASE_SEQUENCE_H
#define TCPWHY_BASE_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

/* a - b as a signed distance: positive where a is ahead. */
static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

static inline bool seq_before(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) < 0;
}

static inline bool seq_after(uint32_t a, uint32_t b)
{
	return seq_diff(a, b) > 0;
}

#endif
