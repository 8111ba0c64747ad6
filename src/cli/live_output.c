#include "cli/live_output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/message.h"
#include "cli/terminal.h"
#include "report/layout.h"
#include "report/testimony.h"

struct live_output {
	struct live_output_options options;
	struct live_filter filter;
	struct report_style style;
	struct buffer text;
	struct summary *summary;
	struct analysis_totals totals;
	struct tracer *tracer;
	uint64_t shown;
	int64_t next_summary_ns;
};

bool live_filter_harm(struct live_filter *filter, const char *word)
{
	if (!word)
		return true;
	for (enum harm harm = HARM_NONE; harm <= HARM_DATA_LOST; harm++)
		if (strcmp(word, harm_id(harm)) == 0) {
			filter->harm = harm;
			return true;
		}
	return false;
}

struct live_output *live_output_new(const struct live_output_options *options, const struct live_filter *filter)
{
	struct live_output *output = calloc(1, sizeof *output);

	if (!output)
		return NULL;
	output->options = *options;
	output->filter = *filter;
	output->text = (struct buffer)BUFFER_INIT(PRINTED_MAX);
	output->summary = summary_new();
	terminal_style(&output->style);
	if (output->summary)
		return output;
	live_output_free(output);
	return NULL;
}

static bool has_command(const struct witness *witness, const char *command)
{
	return witness->actor.known && strcmp(witness->actor.command, command) == 0;
}

static bool passes(const struct live_filter *filter, const struct verdict *verdict, bool followed)
{
	const struct testimony *testimony = verdict->evidence->testimony;

	if (filter->follow && !followed)
		return false;
	if (filter->command && !has_command(&testimony->sender, filter->command) &&
	    !has_command(&testimony->receiver, filter->command))
		return false;
	if (filter->cause != CAUSE_NONE && verdict->cause != filter->cause && !cause_descends(verdict->cause, filter->cause))
		return false;
	return verdict->harm >= filter->harm;
}

static void add_end(struct buffer *out, const struct endpoint *end, const struct witness *witness)
{
	struct buffer clause = BUFFER_INIT(512);
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
	buffer_clear(&clause);
}

/* "08:15:30.123  unread-data  10.0.0.1:80 nginx[12] closed it -> 10.0.0.2:4000 curl[13] (gets ECONNRESET)  …" */
static void add_line(struct live_output *output, const struct verdict *verdict)
{
	const struct evidence *e = verdict->evidence;
	struct buffer *out = &output->text, cause = BUFFER_INIT(128);
	char when[CLOCK_TEXT_MAX];

	clock_timestamp(when, e->time_ns);
	buffer_printf(out, "%.12s  ", when + 11);
	buffer_puts(&cause, cause_get(verdict->cause)->id);
	if (verdict->certainty == CERTAINTY_LIKELY)
		buffer_puts(&cause, "?");
	layout_pad(out, buffer_text(&cause), 24);
	buffer_clear(&cause);
	add_end(out, &e->src, e->is_ending ? &e->testimony->receiver : &e->testimony->sender);
	buffer_puts(out, e->is_ending ? " -x " : " -> ");
	add_end(out, &e->dst, e->is_ending ? &e->testimony->sender : &e->testimony->receiver);
	if (verdict->harm == HARM_DATA_LOST && e->lost_known && e->lost_bytes)
		buffer_printf(out, NG_(", %" PRIu64 " byte lost", ", %" PRIu64 " bytes lost", e->lost_bytes), e->lost_bytes);
	buffer_puts(out, "\n");
}

static void print(struct live_output *output)
{
	if (output->options.fd) {
		/* A message for people on standard error; where that fails there is nobody to tell. */
		if (write(output->options.fd, buffer_text(&output->text), output->text.len) < 0)
			output->shown = output->shown;
		buffer_reset(&output->text);
		return;
	}
	terminal_print(&output->text);
	fflush(stdout);
}

static void on_evidence(void *user, const struct evidence *evidence, bool followed)
{
	struct live_output *output = user;
	struct verdict verdict;

	diagnose(evidence, &verdict);
	if (!passes(&output->filter, &verdict, followed))
		return;
	output->shown++;
	output->totals.resets += !evidence->is_ending;
	summary_add(output->summary, &verdict, NULL);
	if (output->options.json)
		report_json_verdict(&output->text, &verdict, NULL);
	else if (output->options.verbose)
		report_text_verdict(&output->text, &verdict, NULL, output->shown, &output->style);
	else
		add_line(output, &verdict);
	print(output);
}

static void on_late_pipe(void *user, const struct evidence *evidence, const struct actor *actor, enum pipe_signal pipe)
{
	(void)user;
	(void)evidence;
	(void)actor;
	(void)pipe;
}

struct session_sink live_output_sink(struct live_output *output)
{
	return (struct session_sink){ output, on_evidence, on_late_pipe };
}

void live_output_counts(struct live_output *output, struct tracer *tracer)
{
	output->tracer = tracer;
}

void live_output_begin(struct live_output *output)
{
	output->next_summary_ns = clock_monotonic() + output->options.summary_ns;
	if (!output->options.json)
		fprintf(stderr, "%s\n", _("tcpwhy: watching; ^C ends it"));
}

static void summarise(struct live_output *output)
{
	if (output->options.json)
		report_json_summary(&output->text, output->summary, &output->totals);
	else
		report_text_summary(&output->text, output->summary, &output->totals, &output->style);
	print(output);
}

void live_output_tick(struct live_output *output, int64_t now_ns)
{
	if (!output->options.summary_ns || now_ns < output->next_summary_ns)
		return;
	output->next_summary_ns = now_ns + output->options.summary_ns;
	summarise(output);
}

bool live_output_failed(const struct live_output *output)
{
	(void)output;
	return ferror(stdout);
}

enum exit_status live_output_end(struct live_output *output)
{
	summarise(output);
	return EXIT_DONE;
}

void live_output_free(struct live_output *output)
{
	if (!output)
		return;
	summary_free(output->summary);
	buffer_clear(&output->text);
	free(output);
}
