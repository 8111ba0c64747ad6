#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cmd_lab.h"
#include "cli/message.h"
#include "source/writer.h"

#define COMMENTS_MAX 32      /* calls between two frames that become comments of the second; others are left out */
#define COMMENT_MAX (LAB_CALL_MAX + 64)
#define LINKTYPE_ETHERNET 1
#define PATH_LENGTH_MAX 4096
#define INBOUND 1
#define OUTBOUND 2

/* What happened since the last frame. */
struct comments {
	char text[COMMENTS_MAX][COMMENT_MAX];
	const char *list[COMMENTS_MAX + 1];
	size_t count;
};

static void add_comment(struct comments *comments, const struct event *event)
{
	char call[LAB_CALL_MAX], *text = comments->text[comments->count];

	if (comments->count == COMMENTS_MAX)
		return;
	if (event->kind == EVENT_CALL)
		snprintf(text, COMMENT_MAX, "%s: %s", lab_party_id(event->call.party), lab_call_text(call, &event->call));
	else if (event->kind == EVENT_REMARK)
		snprintf(text, COMMENT_MAX, "%s", event->text ? event->text : "");
	else
		snprintf(text, COMMENT_MAX, "%s", _("lost on its way"));
	comments->list[comments->count++] = text;
	comments->list[comments->count] = NULL;
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

	comments->count = 0;
	return status;
}

/* Calls and remarks stand at the frame that follows them; those after the last one at the last. */
static enum status write_vantage(const struct record *record, enum party vantage, struct writer *writer,
                                 struct error *error)
{
	struct comments comments = { .count = 0 };
	const struct lab_frame *held = NULL;
	enum status status = STATUS_OK;
	uint64_t number = 0;

	for (size_t i = 0; i < record->count && status == STATUS_OK; i++) {
		const struct event *event = &record->events[i];

		if (event->kind != EVENT_FRAME) {
			add_comment(&comments, event);
		} else if (event->frame.vantage == vantage) {
			if (held)
				status = write_frame(writer, held, ++number, &comments, vantage, error);
			held = &event->frame;
			if (event->frame.lost)
				add_comment(&comments, event);
		}
	}
	return held && status == STATUS_OK ? write_frame(writer, held, ++number, &comments, vantage, error) : status;
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
