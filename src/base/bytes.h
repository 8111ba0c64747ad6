/* Reading and writing numbers in byte order. The caller has checked the bounds. */
#ifndef TCPWHY_BASE_BYTES_H
#define TCPWHY_BASE_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof value);
	return be32toh(value);
}

static inline uint64_t load_be64(const uint8_t *p)
{
	return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
}

static inline void store_be16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static inline void store_be32(uint8_t *p, uint32_t value)
{
	store_be16(p, (uint16_t)(value >> 16));
	store_be16(p + 2, (uint16_t)value);
}

#endif
