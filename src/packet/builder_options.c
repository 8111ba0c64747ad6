#include "packet/builder.h"

#include "base/bytes.h"
#include "packet/option_kinds.h"

/*
 * An option to be written: its size, and the bytes that are always the same. Cookies, keys and digests are zeros, for a
 * decoder looks at none of them. Where an option may be of several sizes it is that of the SYN.
 */
struct shape {
	uint32_t seen;
	uint8_t size;
	uint8_t bytes[4];
};

/* The order is that of Linux (tcp_options_write()). */
static const struct shape shapes[] = {
	{ OPTION_MD5,            18, { KIND_MD5, 18 } },
	{ OPTION_AO,             16, { KIND_AO, 16 } },
	{ OPTION_MSS,             4, { KIND_MSS, 4 } },
	{ OPTION_SACK_PERMITTED,  2, { KIND_SACK_PERMITTED, 2 } },
	{ OPTION_TIMESTAMP,      10, { KIND_TIMESTAMP, 10 } },
	{ OPTION_WINDOW_SCALE,    3, { KIND_WINDOW_SCALE, 3 } },
	{ OPTION_SACK,            2, { KIND_SACK, 2 } },
	{ OPTION_FAST_OPEN,      10, { KIND_FAST_OPEN, 10 } },
	{ OPTION_MP_CAPABLE,      4, { KIND_MPTCP, 4, MPTCP_CAPABLE << 4 | 1 } },
	{ OPTION_MP_JOIN,        12, { KIND_MPTCP, 12, MPTCP_JOIN << 4 } },
	{ OPTION_MP_FASTCLOSE,   12, { KIND_MPTCP, 12, MPTCP_FASTCLOSE << 4 } },
	{ OPTION_MP_TCPRST,       4, { KIND_MPTCP, 4, MPTCP_RST << 4 } },
	{ OPTION_MPTCP,           4, { KIND_MPTCP, 4, MPTCP_DSS << 4 } },
	{ OPTION_USER_TIMEOUT,    4, { KIND_USER_TIMEOUT, 4 } },
	{ OPTION_OTHER,           4, { KIND_EXPERIMENT_1, 4 } },
	{ OPTION_BROKEN,          2, { KIND_EXPERIMENT_1, 1 } },
};

#define MP_SUBTYPES (OPTION_MP_CAPABLE | OPTION_MP_JOIN | OPTION_MP_FASTCLOSE | OPTION_MP_TCPRST)

static uint8_t sack_size(const struct options *options)
{
	unsigned int count = options->sack_count < SACK_BLOCKS_MAX ? options->sack_count : SACK_BLOCKS_MAX;

	return (uint8_t)(2 + 8 * count);
}

static void put_sack(uint8_t *to, const struct options *options)
{
	to[1] = sack_size(options);
	for (unsigned int i = 0; 2 + 8 * i < to[1]; i++) {
		store_be32(to + 2 + 8 * i, options->sack[i][0]);
		store_be32(to + 6 + 8 * i, options->sack[i][1]);
	}
}

static void put_values(uint8_t *to, uint32_t seen, const struct options *options)
{
	switch ((enum option_seen)seen) {
	case OPTION_MSS:
		store_be16(to + 2, options->mss);
		break;
	case OPTION_WINDOW_SCALE:
		to[2] = options->window_scale;
		break;
	case OPTION_TIMESTAMP:
		store_be32(to + 2, options->ts_value);
		store_be32(to + 6, options->ts_echo);
		break;
	case OPTION_SACK:
		put_sack(to, options);
		break;
	case OPTION_MP_TCPRST:
		to[2] |= options->mp_tcprst_flags & 0xf;
		to[3] = options->mp_tcprst_reason;
		break;
	default:
		break;
	}
}

/* Any MPTCP option says OPTION_MPTCP; one of its own stands for it only where no subtype does. */
static uint32_t wanted(const struct options *options)
{
	return options->seen & MP_SUBTYPES ? options->seen & ~(uint32_t)OPTION_MPTCP : options->seen;
}

/* Timestamps alone have the shape that RFC 7323 appendix A recommends and every fast path expects. */
static size_t leading_nops(uint32_t seen, uint8_t *ret_bytes)
{
	if (seen != OPTION_TIMESTAMP && seen != (OPTION_TIMESTAMP | OPTION_SACK))
		return 0;
	memset(ret_bytes, KIND_NOP, 2);
	return 2;
}

size_t builder_options(const struct options *options, uint8_t ret_bytes[40])
{
	uint32_t seen = wanted(options);
	size_t len;

	memset(ret_bytes, KIND_END, OPTIONS_MAX);
	len = leading_nops(seen, ret_bytes);
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		const struct shape *shape = &shapes[i];
		uint8_t size = shape->seen == OPTION_SACK ? sack_size(options) : shape->size;

		if (!(seen & shape->seen) || len + size > OPTIONS_MAX)
			continue;
		memcpy(ret_bytes + len, shape->bytes, size < sizeof shape->bytes ? size : sizeof shape->bytes);
		put_values(ret_bytes + len, shape->seen, options);
		len += size;
	}
	return (len + 3) & ~(size_t)3;
}
