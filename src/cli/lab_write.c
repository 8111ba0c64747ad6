#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cmd_lab.h"
#include "cli/message.h"
#include "source/writer.h"

#define COMMENTS_MAX 32      /* at one frame; the last of them counts what is left out */
#define COMMENT_MAX (LAB_CALL_MAX + 64)
#define PATH_LENGTH_MAX 4096
#define INBOUND 1
#define OUTBOUND 2

/* What is to be said of a frame. */
struct comments {
	char text[COMMENTS_MAX][COMMENT_MAX];
	const char *list[COMMENTS_MAX + 1];
	size_t count, more;      /* more: those that there was no room for */
};

static void add_comment(struct comments *comments, const char *text)
{
	if (comments->count == COMMENTS_MAX) {
		snprintf(comments->text[COMMENTS_MAX - 1], COMMENT_MAX, _("and %zu more"), ++comments->more + 1);
		return;
	}
	snprintf(comments->text[comments->count], COMMENT_MAX, "%s", text);
	comments->list[comments->count] = comments->text[comments->count];
	comments->list[++comments->count] = NULL;
}

static void add_event(struct comments *comments, const struct event *event)
{
	char call[LAB_CALL_MAX], text[COMMENT_MAX];

	if (event->kind != EVENT_CALL) {
		add_comment(comments, event->text ? event->text : "");
		return;
	}
	snprintf(text, sizeof text, "%s: %s", lab_party_id(event->call.party), lab_call_text(call, &event->call));
	add_comment(comments, text);
}

static enum status write_frame(struct writer *writer, const struct lab_frame *frame, uint64_t number,
                               struct comments *comments, enum party vantage, struct error *error)
{
	const struct source_interface interface = { .link_type = LINKTYPE_ETHERNET, .name = lab_party_id(vantage) };
	const struct frame out = {
		.number = number, .time_ns = frame->time_ns, .data = frame->bytes, .captured = frame->len,
		.length = frame->len, .link_type = LINKTYPE_ETHERNET, .has_time = 1,
		.inbound = frame->out ? OUTBOUND : INBOUND,
	};
	enum status status = writer_frame(writer, &out, &interface, comments->count ? comments->list : NULL, error);

	comments->count = comments->more = 0;
	return status;
}

/* A call that has returned because of what came before it; others bring about what comes after them. */
static bool is_effect(const struct event *event)
{
	return event->kind == EVENT_CALL && event->time_ns != event->call.start_ns;
}

/* All wires are watched from the first step to the end: that nothing passed says something, too. */
static enum status write_span(const struct record *record, enum party vantage, struct writer *writer,
                              struct error *error)
{
	const struct source_interface interface = { .link_type = LINKTYPE_ETHERNET, .name = lab_party_id(vantage) };

	int64_t end_ns = record->ended_ns;

	if (!record->count)
		return STATUS_OK;
	/* A long silence is not waited for: what comes after it is later than the clock. */
	if (record->events[record->count - 1].time_ns > end_ns)
		end_ns = record->events[record->count - 1].time_ns;
	return writer_statistics(writer, &interface, record->events[0].time_ns, end_ns, error);
}

/*
 * What sends stands at the frame that follows it, what has returned at the frame before it, so that write() is seen at
 * its data and ECONNRESET at the RST. Where there is no such frame, it is the other one.
 */
static enum status write_vantage(const struct record *record, enum party vantage, struct writer *writer,
                                 struct error *error)
{
	struct comments comments[2] = { { .count = 0 } }, *own = &comments[0], *next = &comments[1], *swap;
	const struct lab_frame *held = NULL;
	enum status status = STATUS_OK;
	uint64_t number = 0;

	for (size_t i = 0; i < record->count && status == STATUS_OK; i++) {
		const struct event *event = &record->events[i];

		if (event->kind != EVENT_FRAME) {
			add_event(held && is_effect(event) ? own : next, event);
			continue;
		}
		if (event->frame.vantage != vantage)
			continue;
		if (held)
			status = write_frame(writer, held, ++number, own, vantage, error);
		held = &event->frame;
		swap = own;
		own = next;
		next = swap;
		if (held->lost)
			add_comment(own, _("lost on its way"));
	}
	for (size_t i = 0; i < next->count; i++)
		add_comment(own, next->list[i]);
	if (held && status == STATUS_OK)
		status = write_frame(writer, held, ++number, own, vantage, error);
	return status == STATUS_OK ? write_span(record, vantage, writer, error) : status;
}

static void path_of(char path[PATH_LENGTH_MAX], const struct record *record, const char *directory, enum party vantage)
{
	char name[SCENARIO_NAME_MAX];

	lab_scenario_name(name, record->cause, record->scenario);
	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '-';
	snprintf(path, PATH_LENGTH_MAX, "%s/%s-ipv%u-%s.pcapng", directory, name, record->options.version,
	         lab_party_id(vantage));
}

enum exit_status lab_write(const struct record *record, const char *directory)
{
	char path[PATH_LENGTH_MAX];
	struct writer *writer = NULL;
	struct error error;

	if (mkdir(directory, 0777) < 0 && errno != EEXIST) {
		complain("%s: %s", directory, strerror(errno));
		return EXIT_FAILED;
	}
	for (unsigned i = 0; i < VANTAGES; i++) {
		enum status status, closed;

		path_of(path, record, directory, i);
		status = writer_open(path, &writer, &error);
		if (status == STATUS_OK) {
			status = write_vantage(record, i, writer, &error);
			closed = writer_close(writer, status == STATUS_OK ? &error : NULL);
			status = status == STATUS_OK ? closed : status;
		}
		if (status != STATUS_OK) {
			complain("%s: %s", path, error.text);
			return EXIT_FAILED;
		}
	}
	return EXIT_DONE;
}
