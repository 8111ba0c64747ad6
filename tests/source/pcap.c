/*
 * The law: a pcap file of any byte order, resolution and header variant gives the frames that it holds, with their
 * times in nanoseconds; a file cut off anywhere gives every whole frame before the cut.
 */
#include "captures.h"

static void all_variants_give_their_frames(void)
{
	static const struct { int magic; int fraction_ns; } variants[] = { { MAGIC_US, 1000 }, { MAGIC_NS, 1 } };

	for (size_t i = 0; i < 2; i++) {
		struct reading native, swapped;
		struct bytes little = { .big = false }, big = { .big = true };
		char start[64];

		pcap_sample(&little, variants[i].magic);
		pcap_sample(&big, variants[i].magic);
		native = read_bytes(&little);
		swapped = read_bytes(&big);
		is_number(native.frames, 5, "five frames");
		is_number(native.status, STATUS_END, "then the end");
		ok(native.mapped, "from a mapped file");
		snprintf(start, sizeof start, "1 170000000000000%04d 60/60 if0 link1 t1 d0 ", variants[i].fraction_ns);
		ok(!strncmp(buffer_text(&native.text), start, strlen(start)), "time in the file's resolution");
		is_text(buffer_text(&swapped.text), buffer_text(&native.text), "both byte orders give the same");
		reading_clear(&native);
		reading_clear(&swapped);
	}
}

static void modified_headers_are_skipped(void)
{
	for (int big = 0; big < 2; big++) {
		struct bytes bytes = { .big = big };

		pcap_header(&bytes, MAGIC_MODIFIED, 65535, LINK_COOKED);
		for (uint32_t i = 0; i < 2; i++) {
			pcap_record_header(&bytes, 1, i, 4, 9);
			put_zeros(&bytes, 8);
			put(&bytes, "abcd", 4);
		}
		reads_as(read_bytes(&bytes), STATUS_END,
		         "1 1000000000 4/9 if0 link113 t1 d0 003babc3 ''\n"
		         "2 1000001000 4/9 if0 link113 t1 d0 003babc3 ''\n",
		         "Kuznetzov's longer record headers");
	}
}

static void odd_numbers_are_harmless(void)
{
	struct bytes bytes = { 0 };

	/* FCS length 4 (bits 28 to 31) and its flag (bit 26) above the link type. */
	pcap_header(&bytes, MAGIC_US, 0, 0x44000000 | LINK_ETHERNET);
	pcap_record(&bytes, UINT32_MAX, UINT32_MAX, 1, 1);
	pcap_record(&bytes, 0, 0, 8, 3);
	reads_as(read_bytes(&bytes), STATUS_END,
	         "1 4294971589967295000 1/1 if0 link1 t1 d0 0000011e ''\n2 0 8/8 if0 link1 t1 d0 5a4ddc0d ''\n",
	         "a time out of range, a length below the captured one, a link type with FCS bits");
}

static void impossible_lengths_are_refused(void)
{
	struct bytes bytes = { 0 };
	struct reading reading;

	pcap_sample(&bytes, MAGIC_US);
	pcap_record_header(&bytes, 1, 1, 262145, 262145);
	put_filler(&bytes, 1, 1000);
	reading = read_bytes(&bytes);
	is_number(reading.status, STATUS_MALFORMED, "262145 captured bytes in a file that announces 65535");
	is_number(reading.frames, 5, "the frames before are delivered");
	ok(strstr(reading.error.text, "frame 6") && strstr(reading.error.text, "byte 312"), "the text says where: %s",
	   reading.error.text);
	reading_clear(&reading);
}

static void announced_large_frames_are_read(void)
{
	static uint8_t large[24 + 16 + 300000];
	struct bytes header = { 0 };
	struct reading mapped, piped;

	pcap_header(&header, MAGIC_US, 1 << 20, LINK_ETHERNET);
	pcap_record_header(&header, 1, 1, 300000, 300000);
	memcpy(large, header.data, header.len);
	mapped = read_all(file_of(large, sizeof large), NULL);
	piped = read_pipe(large, sizeof large, 4096);
	is_number(mapped.frames, 1, "300000 bytes where the file announces as many");
	is_text(buffer_text(&piped.text), buffer_text(&mapped.text), "and from a pipe, whose buffer grows for it");
	reading_clear(&mapped);
	reading_clear(&piped);
}

static void more_than_a_batch(void)
{
	struct bytes bytes = { 0 };
	struct reading reading;

	pcap_header(&bytes, MAGIC_US, 65535, LINK_ETHERNET);
	for (uint32_t i = 0; i < 3 * SOURCE_BATCH + 1; i++)
		pcap_record(&bytes, i, i, i, i);
	reading = read_bytes(&bytes);
	is_number(reading.frames, 3 * SOURCE_BATCH + 1, "three batches and one frame");
	reading_clear(&reading);
}

/* Larger than the window through which a mapped file is seen, and with frames across its edges. */
static void large_file_twice(void)
{
	enum { FRAMES = 3000, CAPTURED = 1501 };
	struct bytes record = { 0 };
	int fd = memfd_create("large", MFD_CLOEXEC);
	struct source *source;
	struct source_position position;
	struct reading reading = { .text = BUFFER_INIT(0) };

	pcap_header(&record, MAGIC_US, 65535, LINK_ETHERNET);
	for (uint32_t i = 0; i < FRAMES; i++, record.len = 0) {
		pcap_record(&record, i, i, CAPTURED, CAPTURED);
		if (write(fd, record.data, record.len) != (ssize_t)record.len)
			abort();
	}
	lseek(fd, 0, SEEK_SET);
	if (!is_number(source_open_fd(fd, "large", NULL, &source, NULL), STATUS_OK, "a file of several windows"))
		return;
	read_on(source, &reading);
	is_number(reading.frames, FRAMES, "all of its frames");
	is_number(source_rewind(source, NULL), STATUS_OK, "rewound");
	read_on(source, &reading);
	is_number(reading.frames, 2 * FRAMES, "and all of them again");
	source_position(source, &position);
	is_number((long long)position.bytes_read, (long long)position.bytes_total, "the position is the end");
	is_number((long long)position.frames, FRAMES, "frames are counted from the rewind on");
	reading_clear(&reading);
	source_free(source);
}

static void every_cut(void)
{
	struct bytes bytes = { 0 };
	static const size_t frame_ends[] = { 100, 177, 193, 263, 312, 0 }, clean[] = { 24, 100, 177, 193, 263, 312, 0 };

	pcap_sample(&bytes, MAGIC_US);
	survives_every_cut(&bytes, frame_ends, clean);
}

int main(void)
{
	all_variants_give_their_frames();
	modified_headers_are_skipped();
	odd_numbers_are_harmless();
	impossible_lengths_are_refused();
	announced_large_frames_are_read();
	more_than_a_batch();
	large_file_twice();
	every_cut();
	return done_testing();
}
