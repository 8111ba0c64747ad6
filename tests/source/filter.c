/*
 * The law: a filter passes what libpcap's own would, keeps the frames' numbers, is compiled for each link type of the
 * capture, and is refused before the first frame if it cannot be right.
 */
#include "captures.h"

enum { PORT_WANTED = 80 };

/* IPv4, TCP from port 1000 to `port`, no payload: 40 bytes. */
static void put_segment(struct bytes *bytes, uint16_t port)
{
	static const uint8_t ip[] = {
		0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
	};
	const uint8_t tcp[20] = { 1000 >> 8, 1000 & 0xff, (uint8_t)(port >> 8), (uint8_t)port, [12] = 0x50, 0x02 };

	put(bytes, ip, sizeof ip);
	put(bytes, tcp, sizeof tcp);
}

static void put_ethernet(struct bytes *bytes, uint16_t port)
{
	put_zeros(bytes, 12);
	put(bytes, "\x08\x00", 2);
	put_segment(bytes, port);
}

static struct reading filtered(const struct bytes *bytes, const char *filter, struct source_position *ret_position)
{
	struct source_options options = { .filter = filter };
	struct reading reading = { .text = BUFFER_INIT(4096) };
	struct source *source;

	reading.status = source_open_fd(file_of(bytes->data, bytes->len), "test", &options, &source, &reading.error);
	if (reading.status != STATUS_OK)
		return reading;
	read_on(source, &reading);
	source_position(source, ret_position);
	source_free(source);
	return reading;
}

static void numbers_stay(void)
{
	struct bytes bytes = { 0 };
	struct source_position position;
	struct reading reading;

	pcap_header(&bytes, MAGIC_US, 65535, LINK_ETHERNET);
	for (uint16_t i = 0; i < 200; i++) {
		pcap_record_header(&bytes, i, 0, 54, 54);
		put_ethernet(&bytes, i == 1 || i == 150 ? PORT_WANTED : 443);
	}
	reading = filtered(&bytes, "tcp dst port 80", &position);
	is_number((long long)reading.frames, 2, "two frames pass");
	ok(!strncmp(buffer_text(&reading.text), "2 ", 2) && strstr(buffer_text(&reading.text), "\n151 "),
	   "with the numbers that they have in the file");
	ok(position.frames == 200 && position.frames_filtered == 2 && position.frames_unfiltered_link == 0,
	   "all are counted");
	reading_clear(&reading);
	reading = filtered(&bytes, "", &position);
	is_number((long long)reading.frames, 200, "an empty filter passes all");
	reading_clear(&reading);
}

static void each_link_type(void)
{
	struct bytes bytes = { 0 };
	struct source_position position;
	struct reading reading;
	size_t start;

	ng_section(&bytes, false);
	ng_interface(&bytes, LINK_ETHERNET, 0, NULL, -1, 0);
	ng_interface(&bytes, LINK_RAW, 0, NULL, -1, 0);
	ng_interface(&bytes, LINK_USER0, 0, NULL, -1, 0);
	for (uint32_t i = 0; i < 3; i++) {
		start = ng_frame_begin(&bytes, i, i, 0, 54);
		bytes.len -= 8;
		put32(&bytes, i == 1 ? 40 : 54);
		put32(&bytes, 54);
		if (i == 1)
			put_segment(&bytes, PORT_WANTED);
		else
			put_ethernet(&bytes, PORT_WANTED);
		block_end(&bytes, start);
	}
	reading = filtered(&bytes, "tcp dst port 80", &position);
	is_number((long long)reading.frames, 2, "Ethernet and raw IP in one capture");
	is_number((long long)position.frames_unfiltered_link, 1, "a link type that the filter cannot fit is counted");
	reading_clear(&reading);
}

static void refused(const struct bytes *bytes, const char *filter, const char *name)
{
	struct source_position position;
	struct reading reading = filtered(bytes, filter, &position);

	ok(reading.status == STATUS_USAGE && strstr(reading.error.text, "filter"), "%s: %s", name, reading.error.text);
	ok(!strpbrk(reading.error.text, "\n\x1b"), "the text is one printable line");
	reading_clear(&reading);
}

static void wrong_filters(void)
{
	struct bytes pcap = { 0 }, cooked = { 0 }, pcapng = { 0 };
	struct source_position position;
	struct reading reading;

	pcap_sample(&pcap, MAGIC_US);
	pcap_header(&cooked, MAGIC_US, 65535, LINK_COOKED);
	ng_sample(&pcapng);
	refused(&pcap, "tcp dst prot 80", "a word that is none");
	refused(&pcapng, "tcp and (", "an expression that does not end");
	refused(&pcap, "tcp and \x1b[31m\n", "one that would steer a terminal");
	refused(&pcap, "wlan type mgt", "802.11 on Ethernet");
	reading = filtered(&cooked, "inbound", &position);
	is_number(reading.status, STATUS_END, "what is wrong for Ethernet may be right for this link type");
	reading_clear(&reading);
	reading = filtered(&pcapng, "wlan type mgt", &position);
	is_number(reading.status, STATUS_END, "or for one that the capture may still describe");
	is_number((long long)position.frames_unfiltered_link, 4, "if not, all its frames are counted as skipped");
	reading_clear(&reading);
}

int main(void)
{
	numbers_stay();
	each_link_type();
	wrong_filters();
	return done_testing();
}
