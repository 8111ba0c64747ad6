/*
 * Law: an option counts where it stands whole and with its own length; a list that lies is broken, one that was cut
 * is not.
 */
#include "sample.h"

static struct options parse(const uint8_t *bytes, uint8_t captured, uint8_t announced)
{
	uint8_t *exact = malloc(captured);
	struct segment segment = { .options = exact, .options_len = captured, .header_options_len = announced };
	struct options options;

	memset(&options, 0xa5, sizeof options);
	if (captured)
		memcpy(exact, bytes, captured);
	segment_options(&segment, &options);
	free(exact);
	return options;
}

#define PARSE(...) parse((const uint8_t[]){ __VA_ARGS__ }, sizeof (const uint8_t[]){ __VA_ARGS__ }, \
                         sizeof (const uint8_t[]){ __VA_ARGS__ })

static void of_a_syn(void)
{
	/* MSS 1460, SACK permitted, timestamps 1 and 0, NOP, window scale 7 */
	struct options options = PARSE(2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7);

	is_number(options.seen, OPTION_MSS | OPTION_SACK_PERMITTED | OPTION_TIMESTAMP | OPTION_WINDOW_SCALE,
	          "the options of a SYN are seen");
	is_number(options.mss, 1460, "MSS");
	is_number(options.window_scale, 7, "window scale");
	is_number(options.ts_value, 1, "timestamp");
	is_number(options.ts_echo, 0, "its echo");
}

static void of_data(void)
{
	/* NOP NOP timestamps; NOP NOP SACK with two blocks */
	struct options plain = PARSE(1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8);
	struct options sack = PARSE(1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4);

	is_number(plain.seen, OPTION_TIMESTAMP, "timestamps in their usual place");
	is_number(plain.ts_value, 0x01020304, "value");
	is_number(plain.ts_echo, 0x05060708, "echo");
	is_number(sack.seen, OPTION_SACK, "selective acknowledgement");
	is_number(sack.sack_count, 2, "of two blocks");
	is_number(sack.sack[1][0], 3, "left edge");
	is_number(sack.sack[1][1], 4, "right edge");
	is_number(sack.mss, 0, "what is not there is 0");
}

static void less_common(void)
{
	struct options options = PARSE(30, 4, 0x81, 0x05);

	is_number(PARSE(19, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0).seen, OPTION_MD5, "MD5 signature");
	is_number(PARSE(29, 16, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0).seen, OPTION_AO, "authentication option");
	is_number(PARSE(34, 2).seen, OPTION_FAST_OPEN, "fast open, asking for a cookie");
	is_number(PARSE(34, 10, 1, 2, 3, 4, 5, 6, 7, 8).seen, OPTION_FAST_OPEN, "fast open, with a cookie");
	is_number(PARSE(254, 4, 0xf9, 0x89).seen, OPTION_FAST_OPEN, "experimental fast open");
	is_number(PARSE(254, 4, 0xf9, 0x88).seen, OPTION_OTHER, "another experiment");
	is_number(PARSE(28, 4, 0x80, 5).seen, OPTION_USER_TIMEOUT, "user time-out");
	is_number(PARSE(30, 4, 0x01, 0x81).seen, OPTION_MPTCP | OPTION_MP_CAPABLE, "MP_CAPABLE");
	is_number(PARSE(30, 12, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0).seen, OPTION_MPTCP | OPTION_MP_JOIN, "MP_JOIN");
	is_number(PARSE(30, 12, 0x70, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0).seen, OPTION_MPTCP | OPTION_MP_FASTCLOSE,
	          "MP_FASTCLOSE");
	is_number(PARSE(30, 4, 0x20, 0).seen, OPTION_MPTCP, "another MPTCP option");
	is_number(options.seen, OPTION_MPTCP | OPTION_MP_TCPRST, "MP_TCPRST");
	is_number(options.mp_tcprst_flags, 1, "its flags: transient");
	is_number(options.mp_tcprst_reason, 5, "its reason");
	is_number(PARSE(77, 2, 1, 1).seen, OPTION_OTHER, "an unknown kind");
}

static void wrong_lengths(void)
{
	is_number(PARSE(2, 3, 5, 1, 3, 3, 7, 0).seen, OPTION_OTHER | OPTION_WINDOW_SCALE,
	          "an MSS of three bytes is not one, and the list goes on");
	is_number(PARSE(3, 3, 200, 0).window_scale, 14, "a window scale above 14 counts as 14");
	is_number(PARSE(5, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0).seen, OPTION_OTHER,
	          "SACK of a block and a quarter is none");
	is_number(PARSE(2, 1, 5, 5).seen, OPTION_BROKEN, "length 1 breaks the list");
	is_number(PARSE(2, 0, 5, 5).seen, OPTION_BROKEN, "length 0 too");
	is_number(PARSE(1, 1, 1, 2).seen, OPTION_BROKEN, "so does a kind without length at the end");
	is_number(PARSE(4, 2, 2, 6).seen, OPTION_SACK_PERMITTED | OPTION_BROKEN, "and an option beyond the end");
	is_number(PARSE(0, 77, 1, 1).seen, 0, "behind the end of the list nothing is read");
}

static void cut_by_snap_length(void)
{
	static const uint8_t syn[] = { 2, 4, 0x05, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7 };

	for (uint8_t captured = 0; captured <= sizeof syn; captured++) {
		struct options options = parse(syn, captured, sizeof syn);
		uint32_t want = (captured >= 4 ? OPTION_MSS : 0) | (captured >= 6 ? OPTION_SACK_PERMITTED : 0)
		                | (captured >= 16 ? OPTION_TIMESTAMP : 0) | (captured >= 20 ? OPTION_WINDOW_SCALE : 0);

		ok(options.seen == want,
		   "of 20 bytes of options %d were captured: the whole ones count, none is broken", captured);
	}
	is_number(parse((const uint8_t[]){ 2, 44 }, 2, 20).seen, OPTION_BROKEN,
	          "one that could never fit is broken all the same");
}

int main(void)
{
	of_a_syn();
	of_data();
	less_common();
	wrong_lengths();
	cut_by_snap_length();
	return done_testing();
}
