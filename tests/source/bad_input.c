/*
 * The law: what is not a capture is refused in words that say what it is; what goes wrong on the way does not kill the
 * program and costs no frame before it.
 */
#include <sys/stat.h>

#include "captures.h"

static void refused(const void *bytes, size_t len, enum status status, const char *word)
{
	struct reading mapped = read_all(file_of(bytes, len), NULL);
	struct reading piped = read_pipe(bytes, len, 1);

	if (!ok(mapped.status == status && strstr(mapped.error.text, word), "%s: %s", word, mapped.error.text))
		printf("#   status %d\n", mapped.status);
	ok(piped.status == status && !strcmp(mapped.error.text, piped.error.text), "and the same from a pipe");
	reading_clear(&mapped);
	reading_clear(&piped);
}

static void named_formats(void)
{
	static const uint8_t erf[64] = {
		0, 0, 0, 0, 0x00, 0xe0, 0x53, 0x65,  2, 4, 0, 64,  0, 0, 0, 60,
	};

	refused("snoop\0\0\0\0\0\0\2\0\0\0\4", 16, STATUS_UNSUPPORTED, "snoop");
	refused("GMBU\0\1", 6, STATUS_UNSUPPORTED, "Network Monitor");
	refused("TRSNIFF data    \x1a", 17, STATUS_UNSUPPORTED, "Sniffer");
	refused("XCP\0" "002.00", 10, STATUS_UNSUPPORTED, "NetXRay");
	refused(erf, sizeof erf, STATUS_UNSUPPORTED, "editcap -F pcapng IN OUT");
	refused("BZh91AY&SY", 10, STATUS_UNSUPPORTED, "bzip2");
	refused("PK\x03\x04\x14", 5, STATUS_UNSUPPORTED, "zip");
	refused("\xd4\xc3\xb2\xa1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 24, STATUS_UNSUPPORTED, "pcap version 1.0");
}

static void no_captures(void)
{
	refused("", 0, STATUS_TRUNCATED, "empty");
	refused("\xd4\xc3", 2, STATUS_TRUNCATED, "file header");
	refused("Hello, this is a log\n", 21, STATUS_MALFORMED, "text");
	refused("caf\xc3\xa9 ole\n", 10, STATUS_MALFORMED, "text");
	refused("\x7f" "ELF\2\1\1\0\0", 9, STATUS_MALFORMED, "7f 45 4c 46 02 01 01 00");
	refused("\0", 1, STATUS_MALFORMED, "00");
}

static void not_even_files(void)
{
	struct error error;
	struct source *source;

	is_number(source_open("/", NULL, &source, &error), STATUS_IO, "a directory");
	ok(strstr(error.text, "directory") != NULL, "the text says so: %s", error.text);
	is_number(source_open("/nonexistent", NULL, &source, &error), STATUS_IO, "nothing");
	ok(strstr(error.text, "No such file") != NULL, "the text says so: %s", error.text);
	is_number(source_open_fd(-1, "closed", NULL, &source, &error), STATUS_IO, "a descriptor that is closed");
	source_free(NULL);
}

static void opened_by_name(void)
{
	struct bytes bytes = { 0 };
	char path[64];
	struct source *source;
	int fd;

	pcap_sample(&bytes, MAGIC_US);
	fd = file_of(bytes.data, bytes.len);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (is_number(source_open(path, NULL, &source, NULL), STATUS_OK, "a file by its name")) {
		is_text(source_name(source), path, "which is kept");
		source_free(source);
	}
	dup2(fd, STDIN_FILENO);
	if (is_number(source_open("-", NULL, &source, NULL), STATUS_OK, "standard input")) {
		ok(source_is_mapped(source), "is mapped where it is a file");
		source_free(source);
	}
	ok(fcntl(STDIN_FILENO, F_GETFD) >= 0, "and stays open");
	close(fd);
}

/* Written in place, cut while it is mapped: the kernel would answer a careless reader with SIGBUS. */
static void file_that_shrinks(void)
{
	enum { FRAMES = 3000, CAPTURED = 1500, RECORD = 16 + CAPTURED, KEPT = 24 + 2000 * RECORD + 100 };
	struct bytes bytes = { 0 };
	struct reading reading = { .text = BUFFER_INIT(0) };
	struct frame frames[SOURCE_BATCH];
	struct source *source;
	size_t count = 0;
	int fd = file_of("", 0), again;

	pcap_header(&bytes, MAGIC_US, 65535, LINK_ETHERNET);
	for (uint32_t i = 0; i < FRAMES; i++, bytes.len = 0) {
		pcap_record(&bytes, i, i, CAPTURED, CAPTURED);
		if (write(fd, bytes.data, bytes.len) != (ssize_t)bytes.len)
			abort();
	}
	lseek(fd, 0, SEEK_SET);
	again = dup(fd);
	if (!is_number(source_open_fd(fd, "shrinks", NULL, &source, NULL), STATUS_OK, "a file of some megabytes"))
		return;
	is_number(source_next(source, frames, &count, NULL), STATUS_OK, "its first frames");
	reading.frames = count;
	if (ftruncate(again, KEPT) < 0)
		abort();
	read_on(source, &reading);
	ok(reading.status == STATUS_IO && strstr(reading.error.text, "shorter"), "cut meanwhile: %s",
	   reading.error.text);
	is_number((long long)reading.frames, 2000, "every whole frame that is left is delivered");
	close(again);
	source_free(source);
	reading_clear(&reading);
}

int main(void)
{
	setenv("LC_ALL", "C", 1);
	named_formats();
	no_captures();
	not_even_files();
	opened_by_name();
	file_that_shrinks();
	return done_testing();
}
