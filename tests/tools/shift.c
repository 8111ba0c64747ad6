/*
 * Writes a capture again as another clock would have stamped it: `shift IN OUT SECONDS PPM`. Every time is moved by so
 * many seconds, and the clock gains so many microseconds a second from the first frame on.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "source/source.h"
#include "source/writer.h"

static int64_t first_ns;
static double seconds, ppm;

static int64_t moved(int64_t ns)
{
	return ns + (int64_t)(seconds * (double)NS_PER_S) + (int64_t)(ppm / 1e6 * (double)(ns - first_ns));
}

static int fail(const char *what, const struct error *error)
{
	fprintf(stderr, "shift: %s: %s\n", what, error->text);
	return EXIT_FAILURE;
}

static enum status copy(struct source *source, struct writer *writer, struct source_interface *interface,
                        struct error *error)
{
	struct frame frames[SOURCE_BATCH];
	enum status status;
	size_t count;

	while ((status = source_next(source, frames, &count, error)) == STATUS_OK) {
		for (size_t i = 0; i < count; i++) {
			if (!first_ns)
				first_ns = frames[i].time_ns;
			frames[i].time_ns = moved(frames[i].time_ns);
			source_interface(source, frames[i].interface, interface);
			if ((status = writer_frame(writer, &frames[i], interface, NULL, error)) != STATUS_OK)
				return status;
		}
	}
	return status == STATUS_END ? STATUS_OK : status;
}

int main(int argc, char **argv)
{
	struct source_interface interface = { .link_type = 1 };
	struct source_statistics statistics;
	struct source *source;
	struct writer *writer;
	struct error error;

	if (argc != 5) {
		fputs("usage: shift IN OUT SECONDS PPM\n", stderr);
		return EXIT_FAILURE;
	}
	seconds = strtod(argv[3], NULL);
	ppm = strtod(argv[4], NULL);
	if (source_open(argv[1], NULL, &source, &error) != STATUS_OK)
		return fail(argv[1], &error);
	if (writer_open(argv[2], &writer, &error) != STATUS_OK)
		return fail(argv[2], &error);
	if (copy(source, writer, &interface, &error) != STATUS_OK)
		return fail(argv[1], &error);
	statistics = source_statistics(source);
	if (!first_ns)
		first_ns = statistics.start_ns;
	if (statistics.has_start && statistics.has_end)
		writer_statistics(writer, &interface, moved(statistics.start_ns), moved(statistics.end_ns), NULL);
	if (writer_close(writer, &error) != STATUS_OK)
		return fail(argv[2], &error);
	source_free(source);
	return EXIT_SUCCESS;
}
