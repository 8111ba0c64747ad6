/*
 * The law: a pcapng file gives the frames of all its sections, numbered as Wireshark numbers them, with the interface,
 * time, direction and comments that its blocks say; what is not a frame is passed over, and what contradicts itself is
 * named with its place.
 */
#include "base/clock.h"
#include "captures.h"

static void sections_and_kinds_of_frames(void)
{
	struct bytes bytes = { 0 };
	struct reading reading;

	ng_sample(&bytes);
	reading = read_bytes(&bytes);
	is_number(reading.status, STATUS_END, "read to the end");
	is_text(buffer_text(&reading.text),
	        "1 1700000000000000001 61/61 if0 link1 t1 d0 8d1fbc0a ''\n"
	        "2 1700000000000000002 54/1514 if0 link1 t1 d1 d934bf6e 'one\nand two'\n"
	        "3 0 40/90 if1 link101 t0 d0 db8adecd ''\n"
	        "4 1700000000000003000 20/20 if1 link101 t1 d0 6f88e7a7 ''\n",
	        "enhanced and simple frames of two sections, two comments as two lines");
	reading_clear(&reading);
}

static void obsolete_packet_block(void)
{
	struct bytes bytes = { 0 };
	size_t start;

	ng_section(&bytes, true);
	ng_interface(&bytes, LINK_ETHERNET, 0, NULL, 6, 0);
	start = block_begin(&bytes, 2);
	put16(&bytes, 0);
	put16(&bytes, 7); /* drops */
	put32(&bytes, 0);
	put32(&bytes, 5);
	put32(&bytes, 3);
	put32(&bytes, 3);
	put(&bytes, "abc\0", 4);
	put16(&bytes, 2);
	put16(&bytes, 4);
	put32(&bytes, 2);
	block_end(&bytes, start);
	reads_as(read_bytes(&bytes), STATUS_END, "1 5000 3/3 if0 link1 t1 d2 0001ecc1 ''\n",
	         "the first drafts' packet block");
}

static void one_clock(int resolution, int64_t offset, uint64_t ticks, int64_t want, const char *name)
{
	struct bytes bytes = { 0 };
	struct reading reading;

	for (int big = 0; big < 2; big++) {
		bytes.len = 0;
		ng_section(&bytes, big);
		ng_interface(&bytes, LINK_ETHERNET, 0, NULL, resolution, offset);
		ng_frame(&bytes, 0, ticks, 0, 0);
		reading = read_bytes(&bytes);
		is_number(strtoll(buffer_text(&reading.text) + 2, NULL, 10), want, name);
		reading_clear(&reading);
	}
}

static void clocks(void)
{
	one_clock(-1, 0, 1000001, 1000001000, "microseconds by default");
	one_clock(0, 0, 3, 3000000000, "seconds");
	one_clock(12, 0, 1999, 1, "picoseconds");
	one_clock(127, 0, UINT64_MAX, 0, "10^-127 seconds");
	one_clock(0x80 | 20, 0, 3 << 19, 1500000000, "2^-20 seconds");
	one_clock(0x80 | 64, 0, UINT64_MAX, 999999999, "2^-64 seconds");
	one_clock(0xff, 0, UINT64_MAX, 0, "2^-127 seconds");
	one_clock(6, -2, 1500000, -500000000, "an offset before 1970");
	one_clock(0, 0, UINT64_MAX, CLOCK_MAX, "too late a time is clamped");
	one_clock(0, INT64_MIN, 0, -CLOCK_MAX, "too early a time is clamped");
	one_clock(9, INT64_MAX, UINT64_MAX, CLOCK_MAX, "so is one that an offset makes too late");
}

static void malformed(const struct bytes *bytes, const char *place, const char *name)
{
	struct reading reading = read_bytes(bytes);

	ok(reading.status == STATUS_MALFORMED && strstr(reading.error.text, place), "%s: %s", name, reading.error.text);
	is_number(reading.frames, 1, "the frame before it is delivered");
	reading_clear(&reading);
}

/* 28 bytes of section, 24 of interface, 32 of a frame without bytes: the bad block is at byte 84. */
static struct bytes begun(void)
{
	struct bytes bytes = { 0 };

	ng_section(&bytes, false);
	ng_interface(&bytes, LINK_ETHERNET, 0, NULL, -1, 0);
	ng_frame(&bytes, 0, 0, 0, 0);
	return bytes;
}

static void contradictions_are_named(void)
{
	struct bytes bytes = begun();
	size_t bad = bytes.len;
	char place[32];

	snprintf(place, sizeof place, "byte %zu", bad);
	ng_frame(&bytes, 0, 0, 8, 8);
	bytes.data[bytes.len - 4] ^= 4;
	malformed(&bytes, place, "the second length of a frame's block");

	bytes = begun();
	ng_other(&bytes, 0x0bad, 8);
	bytes.data[bytes.len - 4] ^= 4;
	malformed(&bytes, "byte", "the second length of a skipped block");

	bytes = begun();
	ng_frame(&bytes, 1, 0, 8, 8);
	malformed(&bytes, "frame 2", "an interface that is not there");

	bytes = begun();
	ng_frame(&bytes, 0, 0, 8, 8);
	bytes.data[bad + 20] = 13;
	malformed(&bytes, "frame 2", "more captured bytes than the block has");

	bytes = begun();
	put32(&bytes, 6);
	put32(&bytes, 11);
	put_zeros(&bytes, 100);
	malformed(&bytes, place, "a length that is no multiple of four");

	bytes = begun();
	put32(&bytes, 6);
	put32(&bytes, 0xfffffffc);
	put_zeros(&bytes, 100);
	malformed(&bytes, place, "a frame's block of four gigabytes");

	bytes = begun();
	ng_section(&bytes, false);
	bytes.data[bad + 8] = 0;
	malformed(&bytes, place, "a section without a byte-order mark");
}

static void options_cannot_lead_astray(void)
{
	struct bytes bytes = { 0 };
	size_t start;

	ng_section(&bytes, false);
	ng_interface(&bytes, LINK_ETHERNET, 0, NULL, -1, 0);
	start = ng_frame_begin(&bytes, 0, 1, 0, 0);
	ng_option(&bytes, 1, "kept", 4);
	put16(&bytes, 1);
	put16(&bytes, 65535);
	put_zeros(&bytes, 8);
	block_end(&bytes, start);
	reads_as(read_bytes(&bytes), STATUS_END, "1 1000 0/0 if0 link1 t1 d0 00000001 'kept'\n",
	         "an option longer than its block ends the options, not the capture");
}

/* 20 frames with 30000 bytes of comments each: more than the store for joined comments holds at a time. */
static void many_comments_are_all_kept(void)
{
	static char text[15000];
	static uint8_t file[20 * 31000];
	struct bytes bytes = { 0 };
	size_t len = 0;
	struct source *source;
	struct frame frames[SOURCE_BATCH];
	size_t count, good = 0;

	memset(text, 'x', sizeof text);
	for (uint32_t i = 0; i < 20; i++, bytes.len = 0) {
		size_t start;

		if (i == 0) {
			ng_section(&bytes, false);
			ng_interface(&bytes, LINK_ETHERNET, 0, NULL, -1, 0);
		}
		start = ng_frame_begin(&bytes, 0, i, 0, 0);
		ng_option(&bytes, 1, text, sizeof text);
		ng_option(&bytes, 1, text, sizeof text);
		block_end(&bytes, start);
		memcpy(file + len, bytes.data, bytes.len);
		len += bytes.len;
	}
	if (!is_number(source_open_fd(file_of(file, len), "comments", NULL, &source, NULL), STATUS_OK, "long comments"))
		return;
	while (source_next(source, frames, &count, NULL) == STATUS_OK)
		for (size_t i = 0; i < count; i++)
			good += frames[i].comment_len == 2 * sizeof text + 1 &&
			        frames[i].comment[sizeof text] == '\n' && frames[i].comment[2 * sizeof text] == 'x';
	is_number((long long)good, 20, "no comment is lost to those of other frames");
	source_free(source);
}

static void interfaces_are_numbered_over_sections(void)
{
	struct bytes bytes = { 0 };
	struct source *source;
	struct source_interface interface;
	struct reading reading = { .text = BUFFER_INIT(4096) };
	const char *name;

	ng_sample(&bytes);
	source_open_fd(file_of(bytes.data, bytes.len), "sample", NULL, &source, NULL);
	read_on(source, &reading);
	ok(source_interface(source, 0, &interface) && interface.link_type == LINK_ETHERNET, "interface 0");
	name = interface.name;
	is_text(name, "eth0", "has its name");
	ok(source_interface(source, 1, &interface) && interface.link_type == LINK_RAW && interface.snap_length == 40 &&
	   !interface.name, "interface 1 is the first of the second section, and has none");
	ok(!source_interface(source, 2, &interface), "there is no third");
	source_rewind(source, NULL);
	read_on(source, &reading);
	ok(source_interface(source, 0, &interface) && interface.name == name, "names stay where they are");
	ok(!source_interface(source, 2, &interface), "and no interface is counted twice");
	is_number((long long)reading.frames, 8, "all frames twice");
	reading_clear(&reading);
	source_free(source);
}

static void records_that_are_no_frames(void)
{
	static const uint32_t numbered[] = { 9, 0x204, 0x208, 0x216, 0x217, 0x221, 0x222, 0xbad, 0x40000bad };
	static const uint32_t passed_over[] = { 4, 5, 7, 8, 10, 0x201, 0x80000001, 0xffffffff };
	struct bytes bytes = begun();

	for (size_t i = 0; i < sizeof numbered / sizeof *numbered; i++)
		ng_other(&bytes, numbered[i], 40);
	for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++)
		ng_other(&bytes, passed_over[i], 40);
	ng_frame(&bytes, 0, 1, 0, 0);
	reads_as(read_bytes(&bytes), STATUS_END,
	         "1 0 0/0 if0 link1 t1 d0 00000001 ''\n11 1000 0/0 if0 link1 t1 d0 00000001 ''\n",
	         "journal entries, system calls and custom blocks take a number, as in Wireshark");
}

static void every_cut(void)
{
	struct bytes bytes = { 0 };
	size_t frame_ends[8] = { 0 }, clean[16] = { 0 }, frames = 0, blocks = 0;
	bool big = false;

	ng_sample(&bytes);
	for (size_t at = 0; at < bytes.len;) {
		const uint8_t *len = bytes.data + at + 4;
		uint8_t type;

		if (bytes.data[at] == 0x0a)
			big = bytes.data[at + 8] == 0x1a;
		type = bytes.data[at + (big ? 3 : 0)];
		at += big ? (size_t)len[2] << 8 | len[3] : (size_t)len[1] << 8 | len[0];
		clean[blocks++] = at;
		if (type == 6 || type == 3)
			frame_ends[frames++] = at;
	}
	is_number((long long)frames, 4, "four frames to be cut");
	survives_every_cut(&bytes, frame_ends, clean);
}

int main(void)
{
	sections_and_kinds_of_frames();
	obsolete_packet_block();
	clocks();
	contradictions_are_named();
	options_cannot_lead_astray();
	many_comments_are_all_kept();
	interfaces_are_numbered_over_sections();
	records_that_are_no_frames();
	every_cut();
	return done_testing();
}
