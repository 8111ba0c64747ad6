#include "packet/option_kinds.h"
#include "packet/walk.h"

/* Each reader gets an option of `len` >= 2 bytes, all there, and says which one it is. */

static uint32_t read_mss(struct options *options, const uint8_t *option)
{
	options->mss = load_be16(option + 2);
	return OPTION_MSS;
}

static uint32_t read_window_scale(struct options *options, const uint8_t *option)
{
	options->window_scale = option[2] > WINDOW_SCALE_MAX ? WINDOW_SCALE_MAX : option[2];
	return OPTION_WINDOW_SCALE;
}

static uint32_t read_timestamp(struct options *options, const uint8_t *option)
{
	options->ts_value = load_be32(option + 2);
	options->ts_echo = load_be32(option + 6);
	return OPTION_TIMESTAMP;
}

static uint32_t read_sack(struct options *options, const uint8_t *option, uint8_t len)
{
	unsigned int count = (len - 2u) / 8;

	if (count == 0 || count > SACK_BLOCKS_MAX || len != 2 + count * 8)
		return OPTION_OTHER;
	for (unsigned int i = 0; i < count; i++) {
		options->sack[i][0] = load_be32(option + 2 + i * 8);
		options->sack[i][1] = load_be32(option + 6 + i * 8);
	}
	options->sack_count = (uint8_t)count;
	return OPTION_SACK;
}

static uint32_t read_mptcp(struct options *options, const uint8_t *option, uint8_t len)
{
	if (len < 3)
		return OPTION_OTHER;
	switch (option[2] >> 4) {
	case MPTCP_CAPABLE:
		return OPTION_MPTCP | OPTION_MP_CAPABLE;
	case MPTCP_JOIN:
		return OPTION_MPTCP | OPTION_MP_JOIN;
	case MPTCP_FASTCLOSE:
		return OPTION_MPTCP | OPTION_MP_FASTCLOSE;
	case MPTCP_RST:
		if (len != 4)
			return OPTION_MPTCP;
		options->mp_tcprst_flags = option[2] & 0xf;
		options->mp_tcprst_reason = option[3];
		return OPTION_MPTCP | OPTION_MP_TCPRST;
	default:
		return OPTION_MPTCP;
	}
}

/*
 * An option of a known kind but not of its length is ignored, as Linux does (tcp_parse_options()): it counts as
 * another.
 */
static uint32_t read_option(struct options *options, const uint8_t *option, uint8_t len)
{
	switch (option[0]) {
	case KIND_MSS:
		return len == 4 ? read_mss(options, option) : OPTION_OTHER;
	case KIND_WINDOW_SCALE:
		return len == 3 ? read_window_scale(options, option) : OPTION_OTHER;
	case KIND_SACK_PERMITTED:
		return len == 2 ? OPTION_SACK_PERMITTED : OPTION_OTHER;
	case KIND_SACK:
		return read_sack(options, option, len);
	case KIND_TIMESTAMP:
		return len == 10 ? read_timestamp(options, option) : OPTION_OTHER;
	case KIND_MD5:
		return len == 18 ? OPTION_MD5 : OPTION_OTHER;
	case KIND_USER_TIMEOUT:
		return len == 4 ? OPTION_USER_TIMEOUT : OPTION_OTHER;
	case KIND_AO:
		return len >= 4 ? OPTION_AO : OPTION_OTHER;
	case KIND_MPTCP:
		return read_mptcp(options, option, len);
	case KIND_FAST_OPEN:
		return OPTION_FAST_OPEN;
	case KIND_EXPERIMENT_2:
		return len >= 4 && load_be16(option + 2) == FAST_OPEN_EXPERIMENT ? OPTION_FAST_OPEN : OPTION_OTHER;
	default:
		return OPTION_OTHER;
	}
}

/* `announced` tells an option that breaks the list from one that the snap length cut off. */
static void read_list(struct options *options, const uint8_t *list, unsigned int captured, unsigned int announced)
{
	unsigned int at = 0;

	while (at < captured && list[at] != KIND_END) {
		unsigned int room = announced - at;
		uint8_t len;

		if (list[at] == KIND_NOP) {
			at++;
			continue;
		}
		len = at + 1 < captured ? list[at + 1] : 0;
		if (room < 2 || (at + 1 < captured && (len < 2 || len > room))) {
			options->seen |= OPTION_BROKEN;
			return;
		}
		if (len == 0 || len > captured - at)
			return;
		options->seen |= read_option(options, list + at, len);
		at += len;
	}
}

void segment_options(const struct segment *segment, struct options *ret_options)
{
	const uint8_t *list = segment->options;

	*ret_options = (struct options){ 0 };
	if (segment->header_options_len == 12 && segment->options_len == 12 && load_be32(list) == FILLED_TIMESTAMP)
		ret_options->seen = read_timestamp(ret_options, list + 2);
	else
		read_list(ret_options, list, segment->options_len, segment->header_options_len);
}
