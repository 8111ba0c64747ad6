#include "cli/live_output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/message.h"
#include "cli/terminal.h"
#include "report/layout.h"
#include "report/stack.h"
#include "report/testimony.h"

#define LINE_MAX_BYTES 4096
#define CAUSE_COLUMNS 24

enum status live_output_init(struct live_output *output, const struct live_output_options *options,
                             const struct live_filter *filter, struct error *error)
{
	*output = (struct live_output){
		.options = *options,
		.filter = filter,
		.text = BUFFER_INIT(PRINTED_MAX),
		.summary = summary_new(),
		.next_summary_ns = clock_monotonic() + options->summary_ns,
	};
	if (!output->summary)
		return error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
	terminal_style(&output->style);
	output->style.colour &= options->terminal;
	if (options->write_to && writer_open(options->write_to, &output->writer, error) != STATUS_OK)
		return error->status;
	if (options->top && !(output->top = live_top_new(&output->style)))
		return error_set(error, STATUS_IO, "%s", _("--top needs a terminal"));
	return STATUS_OK;
}

/* "10.0.0.1:80 nginx[12] closed it (gets ECONNRESET)" */
static void add_end(struct buffer *out, const struct endpoint *end, const struct witness *witness)
{
	struct buffer clause = BUFFER_INIT(LINE_MAX_BYTES);
	char text[ENDPOINT_TEXT_MAX];

	buffer_puts(out, endpoint_text(text, end));
	if (witness->actor.known) {
		buffer_puts(out, " ");
		layout_name(out, witness->actor.command);
		buffer_printf(out, "[%" PRIu32 "]", witness->actor.pid);
	}
	testimony_act(&clause, &witness->actor);
	if (clause.len)
		buffer_printf(out, " %s", buffer_text(&clause));
	buffer_reset(&clause);
	testimony_outcome(&clause, witness);
	if (clause.len)
		buffer_printf(out, " (%s)", buffer_text(&clause));
	stack_brief(out, witness->actor.stack);
	buffer_clear(&clause);
}

/* The time of day, in UTC like all times here. */
static void add_time(struct buffer *out, int64_t time_ns)
{
	char when[CLOCK_TEXT_MAX];

	buffer_printf(out, "%.12s  ", clock_timestamp(when, time_ns) + strlen("2026-01-01T"));
}

void live_output_line(struct buffer *out, const struct verdict *verdict)
{
	/* What packets tell has no witnesses. */
	static const struct testimony none;
	const struct evidence *e = verdict->evidence;
	const struct testimony *testimony = e->testimony ? e->testimony : &none;
	const struct witness *src = e->is_ending ? &testimony->receiver : &testimony->sender;
	const struct witness *dst = e->is_ending ? &testimony->sender : &testimony->receiver;
	struct buffer cause = BUFFER_INIT(LINE_MAX_BYTES);

	add_time(out, e->time_ns);
	buffer_printf(&cause, "%s%s", cause_get(verdict->cause)->id, verdict->certainty == CERTAINTY_LIKELY ? "?" : "");
	layout_pad(out, buffer_text(&cause), CAUSE_COLUMNS);
	buffer_clear(&cause);
	add_end(out, &e->src, src);
	buffer_puts(out, " -> ");
	add_end(out, &e->dst, dst);
	if (verdict->harm == HARM_DATA_LOST && e->lost_known && e->lost_bytes)
		buffer_printf(out, NG_(", %" PRIu64 " byte lost", ", %" PRIu64 " bytes lost", e->lost_bytes), e->lost_bytes);
	if (e->part == PART_IGNORED)
		buffer_printf(out, ", %s", _("ignored"));
	buffer_puts(out, "\n");
}

/* A reader who left is noticed at the next flush: see terminal_finish(). */
static void print(struct live_output *output)
{
	fwrite(buffer_text(&output->text), 1, output->text.len, output->options.stream);
	fflush(output->options.stream);
	buffer_reset(&output->text);
}

static void write_frame(struct live_output *output, const struct verdict *verdict)
{
	struct source_interface interface = { .link_type = DLT_EN10MB, .name = output->packets ? "any" : "kernel" };
	struct buffer comment = BUFFER_INIT(LINE_MAX_BYTES);
	uint8_t bytes[LIVE_FRAME_MAX];
	size_t len = live_filter_frame(verdict->evidence, bytes);
	struct frame frame = {
		.data = bytes, .captured = (uint32_t)len, .length = (uint32_t)len, .link_type = DLT_EN10MB,
		.time_ns = verdict->evidence->time_ns, .has_time = 1,
	};

	report_comment(&comment, verdict);
	if (output->error.status == STATUS_OK)
		output->error.status = writer_frame(output->writer, &frame, &interface,
		                                    (const char *const[]){ buffer_text(&comment), NULL }, &output->error);
	buffer_clear(&comment);
}

/* Nobody could look at the frame that a summary gave as an example. */
static void summarise_later(struct live_output *output, const struct verdict *verdict)
{
	struct evidence evidence = *verdict->evidence;
	struct verdict copy = *verdict;

	evidence.frame = 0;
	copy.evidence = &evidence;
	summary_add(output->summary, &copy, NULL);
}

void live_output_verdict(struct live_output *output, const struct verdict *verdict, bool followed)
{
	if (!live_filter_passes(output->filter, verdict, followed))
		return;
	output->told++;
	summarise_later(output, verdict);
	if (output->top)
		live_top_take(output->top, verdict);
	else if (output->options.json)
		report_json_verdict(&output->text, verdict, NULL);
	else if (output->options.verbose)
		report_text_verdict(&output->text, verdict, NULL, output->told, &output->style);
	else
		live_output_line(&output->text, verdict);
	print(output);
	if (output->writer && !verdict->evidence->is_ending)
		write_frame(output, verdict);
}

static void on_evidence(void *user, const struct evidence *evidence, bool followed)
{
	struct verdict verdict;

	diagnose(evidence, &verdict);
	live_output_verdict(user, &verdict, followed);
}

static void on_late(void *user, const struct evidence *evidence, const struct witness *witness, int64_t time_ns,
                    bool followed)
{
	struct live_output *output = user;
	struct verdict verdict;

	diagnose(evidence, &verdict);
	if (output->top || !live_filter_passes(output->filter, &verdict, followed))
		return;
	if (output->options.json) {
		report_json_later(&output->text, evidence, witness, time_ns);
	} else {
		add_time(&output->text, time_ns);
		layout_pad(&output->text, _("later"), CAUSE_COLUMNS);
		add_end(&output->text, witness->at_sender ? &evidence->src : &evidence->dst, witness);
		buffer_puts(&output->text, "\n");
	}
	print(output);
}

struct session_sink live_output_sink(struct live_output *output)
{
	return (struct session_sink){ .user = output, .evidence = on_evidence, .late = on_late };
}

static void summarise_packets(struct live_output *output)
{
	if (output->options.json)
		report_json_summary(&output->text, output->summary, output->packets);
	else
		report_text_summary(&output->text, output->summary, output->packets, &output->style);
	print(output);
}

static struct live_totals totals_of(const struct live_output *output)
{
	struct live_totals totals = { .told = output->told };
	uint64_t counts[LIVE_COUNTS];

	if (!output->tracer)
		return totals;
	tracer_counts(output->tracer, counts);
	totals.sent = counts[LIVE_COUNT_SENT];
	totals.received = counts[LIVE_COUNT_RECEIVED];
	totals.counted_only = counts[LIVE_COUNT_SAMPLED_OUT];
	totals.lost = counts[LIVE_COUNT_LOST];
	totals.map_full = counts[LIVE_COUNT_MAP_FULL];
	return totals;
}

static int by_size(const void *a, const void *b)
{
	const struct storm_row *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

/* What was counted only: asking the kernel for it begins it anew. */
static void add_floods(const struct live_output *output, struct live_totals *totals)
{
	struct storm_row rows[FLOODS_MAX];
	size_t count = output->tracer ? tracer_storm(output->tracer, rows, FLOODS_MAX) : 0;

	qsort(rows, count, sizeof *rows, by_size);
	for (size_t i = 0; i < count; i++) {
		struct live_flood *flood = &totals->floods[totals->flood_count];

		if (rows[i].key.kind != LIVE_SENT && rows[i].key.kind != LIVE_RECEIVED)
			continue;
		*flood = (struct live_flood){
			.count = rows[i].count, .sent = rows[i].key.kind == LIVE_SENT, .port = rows[i].key.local_port,
			.reason = reasons_name(tracer_reasons(output->tracer), rows[i].key.reason),
			.peer = { .version = rows[i].key.version },
		};
		memcpy(flood->peer.bytes, rows[i].key.remote, rows[i].key.version == 4 ? 4 : 16);
		totals->flood_count++;
	}
}

static void summarise(struct live_output *output)
{
	struct live_totals totals = totals_of(output);

	add_floods(output, &totals);
	if (output->packets) {
		summarise_packets(output);
		return;
	}
	if (output->options.json)
		report_json_live_summary(&output->text, output->summary, &totals);
	else
		report_text_live_summary(&output->text, output->summary, &totals, &output->style);
	print(output);
}

void live_output_tick(struct live_output *output, int64_t now_ns)
{
	if (output->top) {
		struct live_totals totals = totals_of(output);

		output->left = !live_top_step(output->top, &totals);
		return;
	}
	if (!output->options.summary_ns || now_ns < output->next_summary_ns)
		return;
	output->next_summary_ns = now_ns + output->options.summary_ns;
	summarise(output);
}

enum exit_status live_output_end(struct live_output *output)
{
	enum status status;

	/* The screen goes, and the summary stays. */
	live_top_free(output->top);
	output->top = NULL;
	if (output->options.totals)
		summarise(output);
	status = writer_close(output->writer, output->error.status == STATUS_OK ? &output->error : NULL);
	output->writer = NULL;
	if (status == STATUS_OK && output->error.status == STATUS_OK)
		return EXIT_DONE;
	complain("%s: %s", output->options.write_to, output->error.text);
	return EXIT_FAILED;
}

void live_output_clear(struct live_output *output)
{
	live_top_free(output->top);
	writer_close(output->writer, NULL);
	summary_free(output->summary);
	buffer_clear(&output->text);
}
