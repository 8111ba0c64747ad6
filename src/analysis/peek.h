/* Which connection a frame belongs to, without decoding more of it than that. */
#ifndef TCPWHY_ANALYSIS_PEEK_H
#define TCPWHY_ANALYSIS_PEEK_H

#include "flow/tuple.h"
#include "packet/glance.h"

/* The key of an IPv4 connection; returns the side that sent the segment. */
static inline unsigned peek_tuple_v4(const struct glance *glance, struct tuple *ret_tuple)
{
	const uint8_t *ip = glance->ip, *tcp = glance->tcp;

	return tuple_v4(load_be32(ip + 12), load_be16(tcp), load_be32(ip + 16), load_be16(tcp + 2), ret_tuple);
}

/* The same for either version. */
static inline unsigned peek_tuple(const struct glance *glance, struct tuple *ret_tuple)
{
	if (glance->version == 4)
		return peek_tuple_v4(glance, ret_tuple);
	return tuple_v6(glance->ip + 8, load_be16(glance->tcp), glance->ip + 24, load_be16(glance->tcp + 2), ret_tuple);
}

#endif
