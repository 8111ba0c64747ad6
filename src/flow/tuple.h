/* The two ends of a connection as a key: both directions give the same one. */
#ifndef TCPWHY_FLOW_TUPLE_H
#define TCPWHY_FLOW_TUPLE_H

#include <stdint.h>

#include "packet/segment.h"

#define TUPLE_SIZE_V4 12
#define TUPLE_SIZE_V6 36

struct tuple {
	uint8_t bytes[TUPLE_SIZE_V6];  /* lower end first (address, then port): addresses, then ports; the rest is 0 */
	uint8_t size;                  /* TUPLE_SIZE_V4 or TUPLE_SIZE_V6 */
};

/* Fill the key. Returns the direction of the segment: 0 where its source is the lower end, else 1. */
unsigned tuple_of(const struct endpoint *src, const struct endpoint *dst, struct tuple *ret_tuple);
/* `seed` keeps whoever wrote the capture from choosing collisions. */
uint64_t tuple_hash(const struct tuple *tuple, uint64_t seed);

#endif
