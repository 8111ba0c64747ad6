/* Law: what the builder builds the decoder takes apart into the same segment; what does not fit is not built. */
#include "sample.h"

#define ROUNDS 20000

static uint64_t random_state = 0x9e3779b97f4a7c15;

/* xorshift64: the same numbers in every run. */
static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void random_address(struct address *address, uint8_t version)
{
	memset(address, 0, sizeof *address);
	address->version = version;
	for (int i = 0; i < (version == 4 ? 4 : 16); i++)
		address->bytes[i] = (uint8_t)random_number();
}

static struct segment random_segment(const uint8_t *payload, uint8_t options[40])
{
	uint64_t r = random_number();
	uint8_t version = r & 1 ? 4 : 6;
	struct segment segment = {
		.options = options, .options_len = (uint8_t)(r >> 1 & 7) * 4,
		.payload = payload, .payload_len = (r >> 4) % 1400,
		.seq = (uint32_t)random_number(), .ack = (uint32_t)random_number(),
		.flags = r >> 16 & 0xfff, .window = (uint16_t)(r >> 28), .urgent = (uint16_t)(r >> 44),
		.hop_limit = (uint8_t)(r >> 36), .traffic_class = (uint8_t)(r >> 52), .version = version,
		.ip_id = version == 4 ? (uint16_t)random_number() : 0,
		.dont_fragment = version == 4 && r >> 60 & 1,
		.flow_label = version == 6 ? random_number() & 0xfffff : 0,
		.src.port = (uint16_t)random_number(), .dst.port = (uint16_t)random_number(),
		.checksum = (enum checksum)(r >> 61 & 3),
	};

	segment.payload_captured = segment.payload_len;
	for (uint8_t i = 0; i < segment.options_len; i++)
		options[i] = (uint8_t)random_number();
	random_address(&segment.src.address, version);
	random_address(&segment.dst.address, version);
	return segment;
}

static bool checksum_kept(struct segment *got, enum checksum want)
{
	return segment_checksum(got) == (want == CHECKSUM_UNKNOWN ? CHECKSUM_GOOD : want);
}

static void random_segments_survive(void)
{
	uint8_t payload[1400], options[40], frame[2048];
	struct decoder *decoder = decoder_new();
	int lost = 0, sums = 0;

	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)random_number();
	for (int i = 0; i < ROUNDS; i++) {
		struct segment want = random_segment(payload, options);
		uint32_t len = (uint32_t)builder_frame(&want, frame, sizeof frame);
		struct decoding got = decode_cut(decoder, 1, frame, len, len);

		lost += got.kind != DECODED_SEGMENT || !same_segment(&got.segment, &want);
		sums += got.kind != DECODED_SEGMENT || !checksum_kept(&got.segment, want.checksum);
		decoding_clear(&got);
	}
	is_number(lost, 0, "random segments come back as they were");
	is_number(sums, 0, "with the checksum that was asked for: good, offloaded or bad");
	is_number((long long)decoder_counts(decoder)->kinds[DECODED_SEGMENT], ROUNDS, "and each of them is counted");
	decoder_free(decoder);
}

static struct options options_after(const struct options *want)
{
	uint8_t bytes[40];
	struct segment segment = { .options = bytes };
	struct options got;

	segment.options_len = segment.header_options_len = (uint8_t)builder_options(want, bytes);
	segment_options(&segment, &got);
	return got;
}

/* Field by field, for what lies between the fields may differ. */
static bool same_options(const struct options *a, const struct options *b)
{
	return a->seen == b->seen && a->ts_value == b->ts_value && a->ts_echo == b->ts_echo && a->mss == b->mss &&
	       a->window_scale == b->window_scale && a->sack_count == b->sack_count &&
	       a->mp_tcprst_reason == b->mp_tcprst_reason && a->mp_tcprst_flags == b->mp_tcprst_flags &&
	       memcmp(a->sack, b->sack, sizeof a->sack) == 0;
}

static void options_survive(void)
{
	static const uint32_t sets[] = {
		0, OPTION_MSS, OPTION_TIMESTAMP, OPTION_TIMESTAMP | OPTION_SACK, OPTION_MD5 | OPTION_MSS, OPTION_AO,
		OPTION_MSS | OPTION_SACK_PERMITTED | OPTION_TIMESTAMP | OPTION_WINDOW_SCALE,
		OPTION_MSS | OPTION_SACK_PERMITTED | OPTION_TIMESTAMP | OPTION_WINDOW_SCALE | OPTION_FAST_OPEN,
		OPTION_MSS | OPTION_WINDOW_SCALE | OPTION_MPTCP | OPTION_MP_CAPABLE, OPTION_MPTCP | OPTION_MP_JOIN,
		OPTION_MPTCP | OPTION_MP_FASTCLOSE, OPTION_MPTCP | OPTION_MP_TCPRST, OPTION_MPTCP, OPTION_USER_TIMEOUT,
		OPTION_OTHER | OPTION_MSS, OPTION_MSS | OPTION_BROKEN,
	};

	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		struct options want = { .seen = sets[i] };
		struct options got;

		if (want.seen & OPTION_MSS)
			want.mss = 1460;
		if (want.seen & OPTION_WINDOW_SCALE)
			want.window_scale = 9;
		if (want.seen & OPTION_TIMESTAMP)
			want.ts_value = 0xdeadbeef, want.ts_echo = 1;
		if (want.seen & OPTION_SACK)
			want.sack_count = 2, want.sack[0][0] = 1, want.sack[1][1] = 4;
		if (want.seen & OPTION_MP_TCPRST)
			want.mp_tcprst_flags = 1, want.mp_tcprst_reason = 3;
		got = options_after(&want);
		ok(same_options(&got, &want), "options 0x%04x survive encoding", sets[i]);
	}
}

static void options_fit(void)
{
	struct options all = { .seen = 0xffff, .sack_count = 4 };
	struct options plain = { .seen = OPTION_TIMESTAMP };
	struct options four = { .seen = OPTION_SACK | OPTION_TIMESTAMP, .sack_count = 4 };
	uint8_t bytes[40];

	ok(builder_options(&all, bytes) <= 40, "all options at once are cut down to forty bytes");
	ok(builder_options(&plain, bytes) == 12 && memcmp(bytes, "\1\1\10\12", 4) == 0,
	   "timestamps alone stand behind two NOPs, as everywhere (RFC 7323 appendix A)");
	is_number(options_after(&four).seen, OPTION_TIMESTAMP,
	          "four SACK blocks do not fit beside timestamps, and are left out");
}

static void sizes(void)
{
	static uint8_t frame[BUILDER_FRAME_MAX + 100], payload[65535];
	struct segment segment = sample_segment(4);
	size_t len = builder_frame(&segment, frame, sizeof frame);

	is_number((long long)len, 14 + 20 + 32 + 18, "headers, options and payload add up");
	is_number((long long)builder_frame(&segment, frame, len), (long long)len, "a buffer of just that size will do");
	is_number((long long)builder_frame(&segment, frame, len - 1), 0, "one byte less will not");
	segment.payload = payload;
	segment.payload_captured = segment.payload_len = 65535 - 52;
	is_number((long long)builder_frame(&segment, frame, sizeof frame), BUILDER_FRAME_MAX,
	          "the largest IPv4 packet is built");
	segment.payload_captured++;
	is_number((long long)builder_frame(&segment, frame, sizeof frame), 0, "a larger one is not");
	segment.payload_captured = UINT32_MAX;
	is_number((long long)builder_frame(&segment, frame, sizeof frame), 0, "nor is one of 4 GiB");
	segment.payload_captured = 0;
	segment.options_len = 41;
	is_number((long long)builder_frame(&segment, frame, sizeof frame), 0,
	          "forty-one bytes of options do not fit TCP");
}

static void header_details(void)
{
	struct segment segment = sample_segment(4);
	uint8_t frame[256];
	uint32_t sum = 0;

	builder_frame(&segment, frame, sizeof frame);
	for (int i = 14; i < 34; i += 2)
		sum += load_be16(frame + i);
	is_number((sum & 0xffff) + (sum >> 16), 0xffff, "the IPv4 header checksum is right");
	ok(memcmp(frame + 6, "\2\0\0\0\0\1", 6) == 0, "without a source address it is 02:00:00:00:00:01");
	segment.mac = (const uint8_t *)"\2\0\0\0\0\x77";
	builder_frame(&segment, frame, sizeof frame);
	ok(memcmp(frame + 6, segment.mac, 6) == 0, "else it is the one given");
}

static void icmp_errors(void)
{
	struct segment quoted = sample_segment(4);
	struct icmp_error error = { .reporter = sample_segment(6).dst.address, .version = 4, .type = 3 };
	uint8_t frame[128];
	uint32_t sum = 0;

	is_number((long long)builder_icmp_error(&error, &quoted, frame, sizeof frame), 0,
	          "a reporter of another version is refused");
	error.reporter = quoted.dst.address;
	is_number((long long)builder_icmp_error(&error, &quoted, frame, 69), 0, "a buffer too small is refused");
	is_number((long long)builder_icmp_error(&error, &quoted, frame, 70), 70, "headers and quote are 70 bytes");
	for (int i = 34; i < 70; i += 2)
		sum += load_be16(frame + i);
	is_number((sum & 0xffff) + (sum >> 16), 0xffff, "the ICMP checksum is right");
	is_number(load_be16(frame + 44), 20 + 32 + 18, "the quoted header keeps its length");
}

int main(void)
{
	random_segments_survive();
	options_survive();
	options_fit();
	sizes();
	header_details();
	icmp_errors();
	return done_testing();
}
