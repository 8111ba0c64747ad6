/* Which connection a frame belongs to, without decoding more of it than that. */
#ifndef TCPWHY_ANALYSIS_PEEK_H
#define TCPWHY_ANALYSIS_PEEK_H

#include "flow/tuple.h"
#include "packet/glance.h"

/* The key of an IPv4 connection; returns the side that sent the segment. */
static inline unsigned peek_tuple_v4(const struct glance *glance, struct tuple *ret_tuple)
{
	*ret_tuple = (struct tuple){ .size = TUPLE_SIZE_V4 };
	return tuple_words_v4(glance->ip + 12, glance->tcp, ret_tuple->words);
}

/* The same for either version. */
static inline unsigned peek_tuple(const struct glance *glance, struct tuple *ret_tuple)
{
	if (glance->version == 4)
		return peek_tuple_v4(glance, ret_tuple);
	return tuple_v6(glance->ip + 8, load_be16(glance->tcp), glance->ip + 24, load_be16(glance->tcp + 2), ret_tuple);
}

#endif
