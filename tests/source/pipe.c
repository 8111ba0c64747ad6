/*
 * The law: a frame that has arrived in a pipe is delivered at once, a pipe that is silent says so, and one that is kept
 * can be read again, from the beginning and without losing what is still to come.
 */
#include <errno.h>
#include <signal.h>
#include <sys/time.h>

#include "captures.h"

static const struct source_options impatient = { .idle_ms = 1 }, keeping = { .idle_ms = 1, .spool = true };

/* Write `len` bytes of `bytes` from *from on. */
static void send_bytes(int fd, const struct bytes *bytes, size_t *from, size_t len)
{
	if (write(fd, bytes->data + *from, len) != (ssize_t)len)
		abort();
	*from += len;
}

static void next_is(struct source *source, enum status status, size_t frames, const char *name)
{
	struct frame batch[SOURCE_BATCH];
	size_t count = 0;
	enum status got = source_next(source, batch, &count, NULL);

	if (!ok(got == status && (got != STATUS_OK || count == frames), "%s", name))
		printf("#   status %d, %zu frames\n", got, count);
}

static struct source *open_pipe(const struct bytes *bytes, size_t *sent, size_t first,
                                const struct source_options *options, int *ret_writer)
{
	struct source *source;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		abort();
	*sent = 0;
	send_bytes(ends[1], bytes, sent, first);
	*ret_writer = ends[1];
	if (source_open_fd(ends[0], "pipe", options, &source, NULL) != STATUS_OK)
		abort();
	return source;
}

static void frames_come_as_they_arrive(void)
{
	struct bytes bytes = { 0 };
	struct source *source;
	struct source_position position;
	size_t sent;
	int writer;

	pcap_sample(&bytes, MAGIC_US);
	source = open_pipe(&bytes, &sent, 24, &impatient, &writer);
	ok(!source_can_rewind(source) && !source_is_mapped(source), "a pipe can be read once");
	next_is(source, STATUS_IDLE, 0, "a header alone: idle");
	send_bytes(writer, &bytes, &sent, 76);
	next_is(source, STATUS_OK, 1, "one frame: delivered without waiting for more");
	send_bytes(writer, &bytes, &sent, 20);
	next_is(source, STATUS_IDLE, 0, "half a frame: idle");
	send_bytes(writer, &bytes, &sent, bytes.len - sent);
	next_is(source, STATUS_OK, 4, "the other half and three more");
	is_number(source_rewind(source, NULL), STATUS_USAGE, "no way back");
	next_is(source, STATUS_IDLE, 0, "trying does no harm");
	source_position(source, &position);
	ok(position.bytes_read == bytes.len && position.bytes_total == 0 && position.frames == 5, "position");
	close(writer);
	next_is(source, STATUS_END, 0, "the writer is gone: the end");
	next_is(source, STATUS_END, 0, "and again");
	source_free(source);
}

static void pcapng_is_no_different(void)
{
	struct bytes bytes = { 0 };
	struct source *source;
	size_t sent;
	int writer;

	ng_section(&bytes, false);
	ng_interface(&bytes, LINK_ETHERNET, 0, NULL, -1, 0);
	ng_frame(&bytes, 0, 1, 0, 0);
	ng_other(&bytes, 0x80000bad, 40);
	source = open_pipe(&bytes, &sent, 28 + 24 + 32, &impatient, &writer);
	next_is(source, STATUS_OK, 1, "one frame");
	send_bytes(writer, &bytes, &sent, 30);
	next_is(source, STATUS_IDLE, 0, "half a block to be skipped: idle");
	send_bytes(writer, &bytes, &sent, bytes.len - sent);
	next_is(source, STATUS_IDLE, 0, "the other half: still no frame");
	close(writer);
	next_is(source, STATUS_END, 0, "the end");
	source_free(source);
}

static void kept_pipes_are_read_again(void)
{
	struct bytes bytes = { 0 };
	struct source *source;
	struct reading first = { .text = BUFFER_INIT(4096) }, second = { .text = BUFFER_INIT(4096) };
	size_t sent;
	int writer;

	pcap_sample(&bytes, MAGIC_US);
	source = open_pipe(&bytes, &sent, 177, &keeping, &writer);
	ok(source_can_rewind(source), "a kept pipe can be read again");
	next_is(source, STATUS_OK, 2, "two frames");
	is_number(source_rewind(source, NULL), STATUS_OK, "rewound in the middle");
	next_is(source, STATUS_OK, 2, "the two frames again");
	next_is(source, STATUS_IDLE, 0, "and nothing new");
	send_bytes(writer, &bytes, &sent, bytes.len - sent);
	close(writer);
	is_number(source_rewind(source, NULL), STATUS_OK, "rewound before the rest is read");
	read_on(source, &first);
	is_number((long long)first.frames, 5, "all frames, kept and new");
	is_number(source_rewind(source, NULL), STATUS_OK, "rewound after the end");
	ok(source_is_mapped(source), "what was kept is a file by now, and mapped");
	read_on(source, &second);
	is_text(buffer_text(&second.text), buffer_text(&first.text), "the same frames");
	reading_clear(&first);
	reading_clear(&second);
	source_free(source);
}

static void kept_compressed_pipes_are_read_again(void)
{
	static uint8_t packed[4096];
	struct bytes bytes = { 0 };
	struct reading reading = { .text = BUFFER_INIT(4096) };
	struct source *source;
	size_t len;

	ng_sample(&bytes);
	len = pack(ZSTD, &bytes, packed, sizeof packed);
	if (source_open_fd(pipe_of(packed, len, 7), "pipe", &keeping, &source, NULL) != STATUS_OK)
		abort();
	read_on(source, &reading);
	is_number(source_rewind(source, NULL), STATUS_OK, "and rewound");
	read_on(source, &reading);
	is_number((long long)reading.frames, 8, "all frames twice");
	wait(NULL);
	reading_clear(&reading);
	source_free(source);
}

static void nowhere_to_keep(void)
{
	struct error error;
	struct source *source;
	int fd = pipe_of((const uint8_t *)"", 0, 1);

	setenv("TMPDIR", "/nonexistent", 1);
	is_number(source_open_fd(fd, "pipe", &keeping, &source, &error), STATUS_IO, "no folder for the temporary file");
	ok(strstr(error.text, "TMPDIR") != NULL, "the text says what to do: %s", error.text);
	unsetenv("TMPDIR");
	wait(NULL);
}

static void all_filtered_out(void)
{
	static const struct source_options options = { .idle_ms = 1, .filter = "udp port 1 and tcp port 2 or port 3" };
	struct bytes bytes = { 0 };
	struct source *source;
	struct source_position position;
	size_t sent;
	int writer;

	pcap_sample(&bytes, MAGIC_US);
	source = open_pipe(&bytes, &sent, bytes.len, &options, &writer);
	next_is(source, STATUS_IDLE, 0, "frames that the filter takes out leave the pipe silent");
	source_position(source, &position);
	ok(position.frames == 5 && position.frames_filtered == 0, "but are counted");
	close(writer);
	source_free(source);
}

static void on_signal(int number)
{
	(void)number;
}

static void signals_give_the_caller_its_turn(void)
{
	struct bytes bytes = { 0 };
	struct sigaction action = { .sa_handler = on_signal };
	struct itimerval soon = { .it_value.tv_usec = 1000, .it_interval.tv_usec = 1000 }, never = { 0 };
	struct source *source;
	size_t sent;
	int writer;

	pcap_sample(&bytes, MAGIC_US);
	source = open_pipe(&bytes, &sent, 24, NULL, &writer);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	next_is(source, STATUS_IDLE, 0, "a signal interrupts a wait that has no end");
	setitimer(ITIMER_REAL, &never, NULL);
	close(writer);
	source_free(source);
}

/* Somebody else's non-blocking descriptor: waiting is not the same as an error. */
static void non_blocking_pipes(void)
{
	struct bytes bytes = { 0 };
	struct reading reading;
	int fd;

	pcap_sample(&bytes, MAGIC_US);
	fd = pipe_of(bytes.data, bytes.len, 1);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	reading = read_all(fd, NULL);
	is_number((long long)reading.frames, 5, "a non-blocking pipe gives its frames");
	is_number(reading.status, STATUS_END, "and its end");
	wait(NULL);
	reading_clear(&reading);
}

int main(void)
{
	frames_come_as_they_arrive();
	pcapng_is_no_different();
	kept_pipes_are_read_again();
	kept_compressed_pipes_are_read_again();
	nowhere_to_keep();
	all_filtered_out();
	signals_give_the_caller_its_turn();
	non_blocking_pipes();
	return done_testing();
}
