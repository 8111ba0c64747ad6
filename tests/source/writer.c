/*
 * The law: what is written is read again as it was, with the comments added; no comment, name or number can make the
 * file wrong, and a file that could not be written is told.
 */
#include "captures.h"
#include "source/writer.h"

/* A name by which an anonymous file can be opened again. */
static const char *path_of(int fd)
{
	static char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return path;
}

static void copy_frames(struct source *source, struct writer *writer, const char *const *comments)
{
	struct frame frames[SOURCE_BATCH];
	struct source_interface interface;
	size_t count;

	while (source_next(source, frames, &count, NULL) == STATUS_OK)
		for (size_t i = 0; i < count; i++) {
			source_interface(source, frames[i].interface, &interface);
			if (writer_frame(writer, &frames[i], &interface, comments, NULL) != STATUS_OK)
				ok(false, "frame %ju is written", (uintmax_t)frames[i].number);
		}
}

static void round_trip(void)
{
	static const char *const comments[] = { "why: because", "do: nothing", NULL };
	struct bytes bytes = { 0 };
	struct source *source;
	struct writer *writer;
	int fd = file_of("", 0);

	ng_sample(&bytes);
	source_open_fd(file_of(bytes.data, bytes.len), "sample", NULL, &source, NULL);
	is_number(writer_open(path_of(fd), &writer, NULL), STATUS_OK, "created");
	copy_frames(source, writer, comments);
	is_number(writer_close(writer, NULL), STATUS_OK, "closed");
	source_free(source);
	reads_as(read_all(fd, NULL), STATUS_END,
	         "1 1700000000000000001 61/61 if0 link1 t1 d0 8d1fbc0a 'why: because\ndo: nothing'\n"
	         "2 1700000000000000002 54/1514 if0 link1 t1 d1 d934bf6e 'one\nand two\nwhy: because\ndo: nothing'\n"
	         "3 0 40/90 if1 link101 t1 d0 db8adecd 'why: because\ndo: nothing'\n"
	         "4 1700000000000003000 20/20 if1 link101 t1 d0 6f88e7a7 'why: because\ndo: nothing'\n",
	         "frames, times, directions, and comments after the frame's own");
}

static void interfaces_are_described_once(void)
{
	static const struct source_interface interfaces[] = {
		{ .link_type = LINK_ETHERNET, .snap_length = 96, .name = "eth0" },
		{ .link_type = LINK_ETHERNET, .snap_length = 96, .name = "eth1" },
		{ .link_type = LINK_ETHERNET, .snap_length = 96 },
		{ .link_type = LINK_ETHERNET, .snap_length = 0 },
		{ .link_type = LINK_RAW, .snap_length = 0 },
	};
	enum { COUNT = sizeof interfaces / sizeof *interfaces };
	struct reading reading = { .text = BUFFER_INIT(4096) };
	struct source_interface interface;
	struct writer *writer;
	struct source *source;
	int fd = file_of("", 0);
	bool same = true;

	writer_open(path_of(fd), &writer, NULL);
	for (size_t i = 0; i < 2 * COUNT; i++) {
		struct frame frame = { .number = 1, .data = (const uint8_t *)"x", .captured = 1, .length = 1 };

		writer_frame(writer, &frame, &interfaces[i % COUNT], NULL, NULL);
	}
	writer_close(writer, NULL);
	source_open_fd(fd, "interfaces", NULL, &source, NULL);
	read_on(source, &reading);
	is_number((long long)reading.frames, 2 * COUNT, "frames of five interfaces, each twice");
	for (uint32_t i = 0; i < COUNT && same; i++)
		same = source_interface(source, i, &interface) && interface.link_type == interfaces[i].link_type &&
		       interface.snap_length == interfaces[i].snap_length &&
		       !strcmp(interface.name ? interface.name : "-", interfaces[i].name ? interfaces[i].name : "-");
	ok(same, "each is described with its link type, snap length and name");
	ok(!source_interface(source, COUNT, &interface), "and only once");
	reading_clear(&reading);
	source_free(source);
}

/* Write one frame with a comment of its own, and return the comment that is read again, in `text`. */
static size_t comment_round_trip(const char *comment, size_t len, char *text)
{
	struct source_interface interface = { .link_type = LINK_ETHERNET };
	struct frame frame = { .comment = comment, .comment_len = (uint32_t)len }, frames[SOURCE_BATCH];
	struct writer *writer;
	struct source *source;
	int fd = file_of("", 0);
	size_t count = 0;

	writer_open(path_of(fd), &writer, NULL);
	writer_frame(writer, &frame, &interface, NULL, NULL);
	writer_close(writer, NULL);
	if (source_open_fd(fd, "comment", NULL, &source, NULL) != STATUS_OK)
		abort();
	if (source_next(source, frames, &count, NULL) != STATUS_OK)
		abort();
	memcpy(text, frames[0].comment, frames[0].comment_len);
	len = frames[0].comment_len;
	text[len] = '\0';
	source_free(source);
	return len;
}

static void comments_are_cut_between_characters(void)
{
	static char text[70000], back[70000];

	memset(text, 'x', sizeof text);
	is_number((long long)comment_round_trip(text, sizeof text, back), 65535, "as long as an option can be");
	memcpy(text + 65534, "\xc3\xa9", 2);
	is_number((long long)comment_round_trip(text, sizeof text, back), 65534, "none ends in half a character");
	comment_round_trip("a\xff\xc3(b\0c\x80", 8, back);
	is_text(back, "a\xef\xbf\xbd\xef\xbf\xbd(b\xef\xbf\xbd" "c\xef\xbf\xbd", "what is not UTF-8 is replaced");
}

static void numbers_out_of_range(void)
{
	struct source_interface interface = { .link_type = LINK_ETHERNET };
	struct frame frame = { .time_ns = -5, .has_time = 1 };
	struct error error;
	struct writer *writer;
	int fd = file_of("", 0);

	writer_open(path_of(fd), &writer, NULL);
	is_number(writer_frame(writer, &frame, &interface, NULL, &error), STATUS_OK, "a time before 1970");
	frame.captured = UINT32_MAX;
	is_number(writer_frame(writer, &frame, &interface, NULL, &error), STATUS_LIMIT, "a frame of 4 GiB");
	writer_close(writer, NULL);
	reads_as(read_all(fd, NULL), STATUS_END, "1 0 0/0 if0 link1 t1 d0 00000001 ''\n", "is written as 1970");
}

/* A capture says when it ran, also where nothing passed. */
static void statistics_are_kept(void)
{
	const struct source_interface interface = { .link_type = 1, .name = "eth0" };
	struct source_statistics statistics;
	struct frame frames[SOURCE_BATCH];
	struct source *source;
	struct writer *writer;
	size_t count;
	int fd = file_of("", 0);

	writer_open(path_of(fd), &writer, NULL);
	is_number(writer_statistics(writer, &interface, 1700000000000000001, 1700000009000000002, NULL), STATUS_OK,
	          "statistics are written");
	writer_close(writer, NULL);
	source_open(path_of(fd), NULL, &source, NULL);
	statistics = source_statistics(source);
	ok(!statistics.has_start && !statistics.has_end, "before it is read a capture says nothing of itself");
	is_number(source_next(source, frames, &count, NULL), STATUS_END, "it has no frames");
	statistics = source_statistics(source);
	ok(statistics.has_start && statistics.start_ns == 1700000000000000001, "it says when it began");
	ok(statistics.has_end && statistics.end_ns == 1700000009000000002, "and when it ended");
	ok(statistics.has_dropped && statistics.dropped == 0, "and that it lost nothing");
	source_free(source);
	close(fd);
}

static void failures_are_told(void)
{
	struct error error;
	struct writer *writer;

	is_number(writer_open("/nonexistent/out.pcapng", &writer, &error), STATUS_IO, "a folder that is not there");
	ok(strstr(error.text, "No such file") != NULL, "the text says so: %s", error.text);
	if (is_number(writer_open("/dev/full", &writer, &error), STATUS_OK, "a full disk is opened"))
		is_number(writer_close(writer, &error), STATUS_IO, "but not closed in peace");
	ok(strstr(error.text, "No space") != NULL, "the text says so: %s", error.text);
	is_number(writer_close(NULL, NULL), STATUS_OK, "no writer, no failure");
}

int main(void)
{
	setenv("LC_ALL", "C", 1);
	round_trip();
	interfaces_are_described_once();
	comments_are_cut_between_characters();
	numbers_out_of_range();
	statistics_are_kept();
	failures_are_told();
	return done_testing();
}
