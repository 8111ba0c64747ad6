/*
 * The law: compression changes nothing. The same frames come from a plain file, from each compressed one and from a
 * pipe of either; compressed data that are cut off or broken give frames of the capture and then a failure, never an
 * end.
 */
#include "captures.h"

static uint8_t packed[1 << 16];

static void same_frames(const struct bytes *bytes, const char *what)
{
	struct reading plain = read_bytes(bytes);
	char name[64];

	for (enum packing packing = 0; packing < PACKINGS; packing++) {
		size_t len = pack(packing, bytes, packed, sizeof packed);

		snprintf(name, sizeof name, "%s in %s", what, packing_name(packing));
		reads_as(read_all(file_of(packed, len), NULL), STATUS_END, buffer_text(&plain.text), name);
		snprintf(name, sizeof name, "%s in %s, byte by byte from a pipe", what, packing_name(packing));
		reads_as(read_pipe(packed, len, 1), STATUS_END, buffer_text(&plain.text), name);
	}
	snprintf(name, sizeof name, "%s byte by byte from a pipe", what);
	reads_as(read_pipe(bytes->data, bytes->len, 1), STATUS_END, buffer_text(&plain.text), name);
	reading_clear(&plain);
}

static void rewinds(const struct bytes *bytes, enum packing packing)
{
	struct reading reading = { .text = BUFFER_INIT(1 << 16) };
	struct source_position position;
	struct source *source;
	size_t len = pack(packing, bytes, packed, sizeof packed);
	bool twice = false;

	if (source_open_fd(file_of(packed, len), "packed", NULL, &source, NULL) == STATUS_OK) {
		twice = source_can_rewind(source) && !source_is_mapped(source);
		read_on(source, &reading);
		twice &= reading.frames == 5 && source_rewind(source, NULL) == STATUS_OK;
		read_on(source, &reading);
		twice &= reading.frames == 10 && reading.status == STATUS_END;
		source_position(source, &position);
		twice &= position.bytes_read == len && position.bytes_total == len;
		source_free(source);
	}
	ok(twice, "%s is read twice, its position counted in bytes of the disk", packing_name(packing));
	reading_clear(&reading);
}

/* Nothing of the last piece can be promised, but what is delivered is right, and the failure is told. */
static void cut_or_broken(const struct bytes *bytes, enum packing packing)
{
	struct reading plain = read_bytes(bytes);
	size_t len = pack(packing, bytes, packed, sizeof packed);
	bool cut = true, broken = true;

	for (size_t at = 0; at < len; at++) {
		struct reading reading = read_all(file_of(packed, at), NULL);

		cut &= reading.status != STATUS_OK && reading.status != STATUS_END && reading.error.text[0] &&
		       !strncmp(buffer_text(&plain.text), buffer_text(&reading.text), reading.text.len);
		if (!cut) {
			printf("#   %s cut at %zu: %d %s\n", packing_name(packing), at, reading.status,
			       reading.error.text);
			at = len;
		}
		reading_clear(&reading);
	}
	for (size_t at = 0; at < len; at++) {
		struct reading reading;

		packed[at] ^= 0x55;
		reading = read_all(file_of(packed, len), NULL);
		packed[at] ^= 0x55;
		broken &= reading.status != STATUS_OK && reading.status <= STATUS_MEMORY;
		reading_clear(&reading);
	}
	ok(cut, "%s cut off anywhere", packing_name(packing));
	ok(broken, "%s with any byte broken", packing_name(packing));
	reading_clear(&plain);
}

static void empty_inside(enum packing packing)
{
	struct bytes none = { 0 };
	size_t len = pack(packing, &none, packed, sizeof packed);
	struct reading reading = read_all(file_of(packed, len), NULL);

	is_number(reading.status, STATUS_TRUNCATED, "an empty file, well compressed");
	reading_clear(&reading);
}

static void offsets_are_of_the_decompressed_data(void)
{
	struct bytes bytes = { 0 };
	struct reading reading;

	pcap_sample(&bytes, MAGIC_US);
	pcap_record_header(&bytes, 1, 1, UINT32_MAX, 1);
	reading = read_all(file_of(packed, pack(GZIP, &bytes, packed, sizeof packed)), NULL);
	ok(reading.status == STATUS_MALFORMED && strstr(reading.error.text, "byte 312 of the decompressed data"), "%s",
	   reading.error.text);
	is_number(reading.frames, 5, "after the frames before");
	reading_clear(&reading);
}

int main(void)
{
	struct bytes pcap = { 0 }, pcapng = { 0 };

	pcap_sample(&pcap, MAGIC_NS);
	ng_sample(&pcapng);
	same_frames(&pcap, "pcap");
	same_frames(&pcapng, "pcapng");
	for (enum packing packing = 0; packing < PACKINGS; packing++) {
		rewinds(&pcap, packing);
		cut_or_broken(&pcap, packing);
		/* libarchive's lz4 writer does not survive writing nothing. */
		if (packing != LZ4)
			empty_inside(packing);
	}
	offsets_are_of_the_decompressed_data();
	return done_testing();
}
