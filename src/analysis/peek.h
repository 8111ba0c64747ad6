/* Which connection a frame belongs to, without decoding more of it than that. */
#ifndef TCPWHY_ANALYSIS_PEEK_H
#define TCPWHY_ANALYSIS_PEEK_H

#include "flow/tuple.h"
#include "packet/glance.h"

/* The key of the connection; returns the side that sent it. */
static inline unsigned peek_tuple(const struct glance *glance, struct tuple *ret_tuple)
{
	const uint8_t *ip = glance->ip, *tcp = glance->tcp;
	uint16_t src_port = load_be16(tcp), dst_port = load_be16(tcp + 2);

	if (glance->version == 4)
		return tuple_v4(load_be32(ip + 12), src_port, load_be32(ip + 16), dst_port, ret_tuple);
	return tuple_v6(ip + 8, src_port, ip + 24, dst_port, ret_tuple);
}

#endif
