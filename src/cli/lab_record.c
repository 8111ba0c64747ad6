#include "cli/lab_record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define FAULT_MAX 512

static struct event *add_event(struct record *record, enum event_kind kind, int64_t time_ns)
{
	size_t double_size = record->capacity ? 2 * record->capacity : 64;
	size_t capacity = double_size < RECORD_EVENTS_MAX ? double_size : RECORD_EVENTS_MAX;
	struct event *events;

	if (record->count == record->capacity) {
		events = capacity > record->capacity ? realloc(record->events, capacity * sizeof *events) : NULL;
		if (!events) {
			record->full = true;
			return NULL;
		}
		record->events = events;
		record->capacity = capacity;
	}
	events = &record->events[record->count];
	*events = (struct event){ .kind = kind, .time_ns = time_ns, .ordinal = record->count++ };
	return events;
}

static void take_frame(void *user, const struct lab_frame *frame)
{
	struct record *record = user;
	uint8_t *bytes = malloc(frame->len);
	struct event *event = bytes ? add_event(record, EVENT_FRAME, frame->time_ns) : NULL;

	if (!event) {
		record->full = true;
		free(bytes);
		return;
	}
	memcpy(bytes, frame->bytes, frame->len);
	event->frame = *frame;
	event->frame.bytes = bytes;
}

/* Whether the call was seen to begin: it blocked for a while. */
static bool has_begun(const struct record *record, const struct lab_call *call)
{
	for (size_t i = record->count; i-- > 0;) {
		const struct event *event = &record->events[i];

		if (event->kind == EVENT_CALL && event->call.party == call->party && event->call.pid == call->pid)
			return event->call.begins;
	}
	return false;
}

/* Calls that send stand before what they send, all others where they return. */
static bool stands_at_start(const struct lab_call *call)
{
	return call->verb == VERB_WRITE || call->verb == VERB_CLOSE || call->verb == VERB_SHUTDOWN ||
	       call->verb == VERB_DISCONNECT;
}

static void take_call(void *user, const struct lab_call *call)
{
	struct record *record = user;
	bool at_start = call->begins || (stands_at_start(call) && !has_begun(record, call));
	struct event *event = add_event(record, EVENT_CALL, at_start ? call->start_ns : call->end_ns);

	if (event)
		event->call = *call;
}

static void take_remark(void *user, const struct lab_remark *remark)
{
	struct record *record = user;
	struct event *event = add_event(record, EVENT_REMARK, remark->time_ns);

	if (event && !(event->text = strdup(remark->text)))
		record->full = true;
}

void record_fault(struct record *record, const char *format, ...)
{
	char text[FAULT_MAX];
	char **faults = record->fault_count < RECORD_FAULTS_MAX
	                ? realloc(record->faults, (record->fault_count + 1) * sizeof *faults) : NULL;
	va_list args;

	if (!faults) {
		record->more_faults++;
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	record->faults = faults;
	faults[record->fault_count] = strdup(text);
	record->more_faults += !faults[record->fault_count];
	record->fault_count += faults[record->fault_count] != NULL;
}

static void take_fault(void *user, const char *text)
{
	record_fault(user, "%s", text);
}

static void take_step(void *user, const char *text)
{
	struct record *record = user;

	record->pause(record, text);
}

static int by_time(const void *a, const void *b)
{
	const struct event *one = a, *other = b;

	if (one->time_ns != other->time_ns)
		return one->time_ns < other->time_ns ? -1 : 1;
	return one->ordinal < other->ordinal ? -1 : one->ordinal > other->ordinal;
}

static void take_begin(void *user)
{
	struct record *record = user;

	if (record->begun)
		record->begun(record->listener);
}

static void take_hosts(void *user, const uint32_t netns[PARTIES])
{
	struct record *record = user;

	memcpy(record->netns, netns, sizeof record->netns);
	atomic_store(&record->has_hosts, true);
}

enum status record_play(struct record *record, enum cause_id cause, const struct scenario *scenario,
                        const struct lab_options *options, void (*pause)(struct record *record, const char *text))
{
	const struct lab_sink sink = {
		.user = record, .begun = take_begin, .frame = take_frame, .call = take_call, .remark = take_remark,
		.fault = take_fault, .hosts = take_hosts, .step = pause ? take_step : NULL,
	};

	record->cause = cause;
	record->scenario = scenario;
	record->options = *options;
	record->pause = pause;
	lab_play(scenario, options, &sink, &record->error);
	record->ended_ns = clock_realtime();
	if (record->count)
		qsort(record->events, record->count, sizeof *record->events, by_time);
	if (record->full && record->error.status == STATUS_OK)
		error_set(&record->error, STATUS_LIMIT, _("more happened than can be kept"));
	return record->error.status;
}

enum status record_read(const struct record *record, enum party vantage, const struct analysis_sink *sink,
                        void (*between)(void *user, const struct event *event))
{
	const struct analysis_options options = { .one_pass = true };
	struct analysis *analysis = analysis_new(&options, sink);
	uint64_t number = 0;

	if (!analysis)
		return STATUS_MEMORY;
	for (size_t i = 0; i < record->count; i++) {
		const struct event *event = &record->events[i];
		struct frame frame = {
			.time_ns = event->time_ns, .data = event->frame.bytes, .captured = event->frame.len,
			.length = event->frame.len, .link_type = LINKTYPE_ETHERNET, .has_time = 1,
		};

		if (event->kind != EVENT_FRAME && between)
			between(sink->user, event);
		if (event->kind != EVENT_FRAME || event->frame.vantage != vantage)
			continue;
		frame.number = ++number;
		analysis_frame(analysis, &frame);
		if (event->frame.lost && between)
			between(sink->user, event);
	}
	analysis_finish(analysis);
	analysis_free(analysis);
	return STATUS_OK;
}

void record_clear(struct record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		free((void *)record->events[i].frame.bytes);
		free(record->events[i].text);
	}
	for (size_t i = 0; i < record->fault_count; i++)
		free(record->faults[i]);
	free(record->events);
	free(record->faults);
	*record = (struct record){ 0 };
}
