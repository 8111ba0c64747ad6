#include "cli/cmd_lab.h"
#include "report/json_text.h"

/* Where lines go, and the number of the last frame. */
struct lines {
	struct buffer *out;
	uint64_t frame;
};

static void put_scenario(struct buffer *out, const struct record *record, enum party vantage)
{
	char name[SCENARIO_NAME_MAX];
	json_t *line = json_line_new("scenario"), *netns = json_object();

	json_put(line, "name", json_text(lab_scenario_name(name, record->cause, record->scenario)));
	json_put(line, "cause", record->cause < CAUSES ? json_text(cause_get(record->cause)->id) : json_null());
	json_put(line, "title", json_text(_(record->scenario->title)));
	json_put_number(line, "ip", record->options.version);
	json_put(line, "vantage", json_text(lab_party_id(vantage)));
	for (unsigned i = 0; i < PARTIES; i++)
		if (record->netns[i])
			json_put_number(netns, lab_party_id((enum party)i), record->netns[i]);
	json_put(line, "netns", netns);
	json_line_end(out, line);
}

/* It blocks, its process ended in it, or it is no call but a signal that a command got. */
static bool returned_nothing(const struct lab_call *call)
{
	return call->begins || call->killed || (!call->verb && call->signal);
}

static void put_call(struct buffer *out, const struct lab_call *call)
{
	char text[LAB_CALL_MAX], error[32];
	json_t *line = json_line_new("call");

	json_put(line, "host", json_text(lab_party_id(call->party)));
	json_put_number(line, "pid", (uint64_t)call->pid);
	json_put_number(line, "socket", call->sock);
	json_put(line, "call", json_text(call->name));
	json_put(line, "text", json_text(lab_call_text(text, call)));
	json_put(line, "start", json_time(call->start_ns));
	json_put(line, "end", call->begins ? json_null() : json_time(call->end_ns));
	json_put(line, "result", returned_nothing(call) ? json_null() : json_integer(call->value));
	json_put(line, "errno", call->error ? json_text(lab_errno_text(error, call->error)) : json_null());
	json_put_number(line, "signal", (uint64_t)call->signal);
	json_put(line, "ended", json_boolean(call->killed));
	json_line_end(out, line);
}

static void take_between(void *user, const struct event *event)
{
	struct lines *lines = user;
	json_t *line;

	if (event->kind == EVENT_CALL) {
		put_call(lines->out, &event->call);
		return;
	}
	if (event->kind == EVENT_FRAME) {
		line = json_line_new("lost");
		json_put_number(line, "frame", lines->frame);
		json_line_end(lines->out, line);
		return;
	}
	line = json_line_new("remark");
	json_put(line, "time", json_time(event->time_ns));
	json_put(line, "text", json_text(event->text));
	json_line_end(lines->out, line);
}

static void take_note(void *user, struct conversation *conversation, const struct note *note,
                      const struct segment *segment)
{
	struct lines *lines = user;
	json_t *line = json_line_new("segment");

	(void)conversation;
	lines->frame = note->frame;
	json_put_number(line, "frame", note->frame);
	json_put(line, "time", json_time(note->time_ns));
	json_put(line, "src", json_end(&segment->src));
	json_put(line, "dst", json_end(&segment->dst));
	json_put_number(line, "flags", note->flags);
	json_put_number(line, "seq", note->seq);
	json_put_number(line, "ack", note->ack);
	json_put_number(line, "payload", note->payload_len);
	json_line_end(lines->out, line);
}

static void take_verdict(void *user, const struct verdict *verdict)
{
	struct lines *lines = user;

	report_json_verdict(lines->out, verdict, NULL);
}

enum status lab_json(struct buffer *out, const struct record *record, enum party vantage)
{
	struct lines lines = { .out = out };
	const struct analysis_sink sink = { .user = &lines, .verdict = take_verdict, .note = take_note };
	enum status status;
	json_t *line, *faults = json_array();

	put_scenario(out, record, vantage);
	status = record_read(record, vantage, &sink, take_between);
	line = json_line_new("played");
	for (size_t i = 0; i < record->fault_count; i++)
		json_array_append_new(faults, json_text(record->faults[i]));
	if (record->error.status != STATUS_OK)
		json_array_append_new(faults, json_text(record->error.text));
	json_put(line, "faults", faults);
	json_line_end(out, line);
	return status;
}
