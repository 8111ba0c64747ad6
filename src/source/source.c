/*
 * A source is an input (bytes), a reader (their format) and perhaps a filter. It alone remembers how reading ended, so
 * the layers below may be asked again after a failure, and find it again where it was.
 */
#include "source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "source/filter.h"
#include "source/reader.h"

struct source {
	struct reader reader;
	struct filter *filter;         /* NULL: every frame passes */
	char *name;
	uint64_t frames_filtered, frames_unfiltered_link;
	struct error last;             /* how it ended, to be said again; STATUS_OK while it goes on */
};

static enum status out_of_memory(struct error *error)
{
	return error_set(error, STATUS_MEMORY, _("out of memory"));
}

/* Name what is not a capture. For that a few more bytes help, as far as there are any. */
static enum status foreign(struct input *input, struct error *error)
{
	enum status status = input_need(input, SNIFF_BYTES_FOREIGN, error);

	if (status != STATUS_OK && status != STATUS_END)
		return status;
	return sniff_foreign(input->data, input_available(input), error);
}

static enum status begin_format(struct reader *reader, struct error *error)
{
	reader->frames = 0;
	if (pcap_is_format(&reader->input))
		return pcap_begin(reader, error);
	if (pcapng_is_format(&reader->input))
		return pcapng_begin(reader, error);
	return foreign(&reader->input, error);
}

/* Opening and rewinding wait for the first bytes; only a signal ends that early. */
static enum status begin_failed(enum status status, struct error *error)
{
	if (status == STATUS_IDLE)
		return error_set(error, STATUS_IO, _("interrupted while waiting for the first bytes"));
	return status;
}

static enum status open_filter(struct source *source, const char *expression, struct error *error)
{
	const struct interfaces *interfaces = &source->reader.interfaces;
	bool known = interfaces->count > 0;

	if (!expression || !*expression)
		return STATUS_OK;
	return filter_new(expression, known, known ? interfaces->list[0].description.link_type : 0, &source->filter,
	                  error);
}

static enum status open_source(struct source *source, int fd, const char *name, const struct source_options *options,
                               struct error *error)
{
	enum status status = input_open(&source->reader.input, fd, options->spool, error);

	if (status == STATUS_OK)
		status = begin_format(&source->reader, error);
	if (status == STATUS_OK)
		status = open_filter(source, options->filter, error);
	if (status != STATUS_OK)
		return begin_failed(status, error);
	source->reader.input.stream.idle_ms = options->idle_ms;
	source->name = strdup(name);
	return source->name ? STATUS_OK : out_of_memory(error);
}

enum status source_open_fd(int fd, const char *name, const struct source_options *options,
                           struct source **ret_source, struct error *error)
{
	static const struct source_options none;
	struct source *source = calloc(1, sizeof *source);
	enum status status;

	if (!source) {
		close(fd);
		return out_of_memory(error);
	}
	status = open_source(source, fd, name, options ? options : &none, error);
	if (status != STATUS_OK) {
		source_free(source);
		return status;
	}
	*ret_source = source;
	return STATUS_OK;
}

enum status source_open(const char *path, const struct source_options *options, struct source **ret_source,
                        struct error *error)
{
	/* Standard input stays open for whoever else reads it. */
	int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
	                                : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return error_set(error, STATUS_IO, _("cannot be opened: %s"), strerror(errno));
	return source_open_fd(fd, path, options, ret_source, error);
}

/* Frames of the reader, less those that the filter takes out; a call in which it takes out all may return 0. */
static enum status next_filtered(struct source *source, struct frame frames[SOURCE_BATCH], size_t *ret_count,
                                 struct error *error)
{
	enum status status = source->reader.next(&source->reader, frames, ret_count, error);

	if (status != STATUS_OK)
		return status;
	if (source->filter)
		*ret_count = filter_frames(source->filter, frames, *ret_count, &source->frames_unfiltered_link);
	source->frames_filtered += *ret_count;
	return STATUS_OK;
}

/* On a busy pipe whose every frame is filtered out, the caller gets its turn as on a silent one. */
static bool is_overdue(const struct source *source, int64_t *since)
{
	const struct stream *stream = &source->reader.input.stream;
	int64_t now;

	if (stream->seekable || stream->idle_ms <= 0)
		return false;
	now = clock_monotonic();
	if (!*since)
		*since = now;
	return now - *since >= stream->idle_ms * NS_PER_MS;
}

/* How it ended; the end itself is no failure, and leaves *error alone. */
static enum status say_last(const struct source *source, struct error *error)
{
	if (error && source->last.status != STATUS_END)
		*error = source->last;
	return source->last.status;
}

enum status source_next(struct source *source, struct frame frames[SOURCE_BATCH], size_t *ret_count,
                        struct error *error)
{
	int64_t since = 0;
	enum status status;
	size_t count = 0;

	if (source->last.status != STATUS_OK)
		return say_last(source, error);
	do {
		status = next_filtered(source, frames, &count, &source->last);
		if (status == STATUS_IDLE)
			return status;
		if (status != STATUS_OK) {
			source->last.status = status;
			return say_last(source, error);
		}
		/* Nothing passed: look on, but not for ever while somebody waits. */
		if (count == 0 && is_overdue(source, &since))
			return STATUS_IDLE;
	} while (count == 0);
	*ret_count = count;
	return STATUS_OK;
}

bool source_can_follow(const struct source *source)
{
	return source->reader.follow && source_is_mapped(source) && !source->filter;
}

enum status source_follow(struct source *source, const struct source_trail *trail, size_t *ret_used,
                          struct frame frames[SOURCE_BATCH], size_t *ret_count, struct error *error)
{
	enum status status = source->last.status;

	*ret_used = *ret_count = 0;
	if (status == STATUS_OK)
		status = source->reader.follow(&source->reader, trail, ret_used, frames, ret_count, &source->last);
	if (status == STATUS_OK)
		return status;
	source->last.status = status;
	return say_last(source, error);
}

bool source_can_rewind(const struct source *source)
{
	return source->reader.input.map || stream_can_rewind(&source->reader.input.stream);
}

bool source_is_mapped(const struct source *source)
{
	return source->reader.input.map != NULL;
}

void source_keep(struct source *source)
{
	source->reader.input.keep = true;
}

enum status source_rewind(struct source *source, struct error *error)
{
	struct stream *stream = &source->reader.input.stream;
	int idle_ms = stream->idle_ms;
	enum status status;

	if (!source_can_rewind(source))
		return error_set(error, STATUS_USAGE, _("a pipe can be read only once"));
	source->last = (struct error){ .status = STATUS_OK };
	source->frames_filtered = source->frames_unfiltered_link = 0;
	stream->idle_ms = 0;
	status = input_rewind(&source->reader.input, &source->last);
	if (status == STATUS_OK)
		status = begin_format(&source->reader, &source->last);
	stream->idle_ms = idle_ms;
	status = begin_failed(status, &source->last);
	source->last.status = status;
	return status == STATUS_OK ? STATUS_OK : say_last(source, error);
}

void source_position(const struct source *source, struct source_position *ret_position)
{
	const struct reader *reader = &source->reader;

	*ret_position = (struct source_position){
		.bytes_read = input_bytes_read(&reader->input),
		.bytes_total = reader->input.map ? reader->input.map_size : reader->input.stream.size,
		.frames = reader->frames,
		.frames_filtered = source->frames_filtered,
		.frames_unfiltered_link = source->frames_unfiltered_link,
	};
}

bool source_interface(const struct source *source, uint32_t index, struct source_interface *ret_interface)
{
	const struct interfaces *interfaces = &source->reader.interfaces;

	if (index >= interfaces->count)
		return false;
	*ret_interface = interfaces->list[index].description;
	return true;
}

struct source_statistics source_statistics(const struct source *source)
{
	return source->reader.pcapng.statistics;
}

const char *source_name(const struct source *source)
{
	return source->name;
}

void source_free(struct source *source)
{
	if (!source)
		return;
	filter_free(source->filter);
	pcapng_clear(&source->reader);
	interfaces_clear(&source->reader.interfaces);
	input_close(&source->reader.input);
	free(source->name);
	free(source);
}
