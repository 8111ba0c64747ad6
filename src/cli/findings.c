#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/cmd_read.h"
#include "cli/message.h"
#include "cli/progress.h"

static bool is_wanted(const struct findings *findings, const struct evidence *evidence)
{
	const struct read_settings *settings = findings->settings;

	return (!settings->frame || settings->frame == evidence->frame) &&
	       (!settings->connection || settings->connection == evidence->connection);
}

static void print(struct findings *findings)
{
	if (findings->quiet)
		buffer_reset(&findings->text);
	terminal_print(&findings->text);
	if (findings->flush)
		fflush(stdout);
}

/* Remember the first few connections: those that hurt, and the others in case that none does. */
static void pick(struct picks *picks, const struct verdict *verdict)
{
	uint64_t number = verdict->evidence->connection;
	bool hurts = verdict->harm != HARM_NONE;
	uint64_t *numbers = hurts ? picks->harmful : picks->harmless;
	size_t *count = hurts ? &picks->harmful_count : &picks->harmless_count;

	if (number != picks->last)
		picks->offered++;
	picks->last = number;
	for (size_t i = 0; i < *count; i++)
		if (numbers[i] == number)
			return;
	if (*count < LADDERS_MAX)
		numbers[(*count)++] = number;
}

/* The same between vantages, where a connection has another number in each. */
static void pick_way(struct findings *findings, const struct verdict *verdict)
{
	bool harmless = verdict->harm == HARM_NONE;
	size_t *count = &findings->ways[harmless].count;
	uint32_t *groups = findings->ways[harmless].groups, group;

	if (!findings->vantages || *count == LADDERS_MAX ||
	    !vantages_group(findings->vantages, verdict->evidence, &group))
		return;
	for (size_t i = 0; i < *count; i++)
		if (groups[i] == group)
			return;
	groups[(*count)++] = group;
}

static void take_verdict(void *user, const struct verdict *verdict)
{
	struct findings *findings = user;

	findings->count++;
	summary_add(findings->summary, verdict, verdict->evidence->file);
	if (!is_wanted(findings, verdict->evidence))
		return;
	findings->matched++;
	if (findings->extract)
		extract_add(findings->extract, verdict);
	pick(&findings->picks, verdict);
	pick_way(findings, verdict);
	if (!findings->each)
		return;
	if (findings->settings->json) {
		report_json_verdict(&findings->text, verdict, verdict->evidence->file);
	} else {
		report_text_verdict(&findings->text, verdict, verdict->evidence->file, findings->count, &findings->style);
		buffer_puts(&findings->text, "\n");
	}
	print(findings);
}

static void take_connection(void *user, const struct conversation *conversation)
{
	struct findings *findings = user;

	const struct reading *reading = findings->reading;
	size_t file = conversation->flow.file;

	if (file >= reading->count)
		file = 0;
	report_json_connection(&findings->text, conversation, source_name(reading->sources[file]));
	print(findings);
}

static void take_progress(void *user, const struct source_position *position, unsigned pass, unsigned passes)
{
	(void)user;
	progress_show(position, pass, passes);
}

static void take_failure(void *user, const struct source *source, const struct error *error)
{
	struct findings *findings = user;

	reading_failed(findings->reading, source, error);
}

struct analysis_sink findings_sink(struct findings *findings)
{
	return (struct analysis_sink){
		.user = findings,
		.verdict = take_verdict,
		.connection = findings->settings->connections ? take_connection : NULL,
		.progress = take_progress,
		.failure = take_failure,
	};
}

/* --frame or --connection named something that has no verdict. */
static enum exit_status nothing_matched(const struct findings *findings, const struct analysis_totals *totals)
{
	uint64_t frame = findings->settings->frame, connection = findings->settings->connection;

	if (frame > totals->frames) {
		complain(_("--frame %" PRIu64 ": the last frame is %" PRIu64), frame, totals->frames);
	} else if (connection > totals->connections) {
		complain(_("--connection %" PRIu64 ": the last connection is %" PRIu64), connection, totals->connections);
	} else if (frame) {
		complain(_("--frame %" PRIu64 ": no reset there, and no end that needs an explanation"), frame);
		advise(_("`tcpwhy read --all FILE` lists every verdict with its frame"));
	} else {
		printf(_("connection %" PRIu64 ": no reset in it, and no end that needs an explanation\n"), connection);
		return EXIT_DONE;
	}
	return EXIT_FAILED;
}

/* A summary of nothing says why there is nothing. */
static void say_nothing_found(struct findings *findings, const struct analysis_totals *totals)
{
	const char *text = NULL;

	if (findings->count)
		return;
	if (!totals->frames && findings->settings->filter)
		text = _("the filter lets nothing pass");
	else if (!totals->frames)
		text = _("the capture is empty");
	else if (!totals->segments)
		text = _("no TCP in it");
	else
		text = _("no resets, and no end that needs an explanation");
	buffer_printf(&findings->text, "\n%s\n", text);
}

enum exit_status findings_end(struct findings *findings, const struct analysis_totals *totals)
{
	const struct read_settings *settings = findings->settings;
	bool one = settings->frame || settings->connection;

	progress_clear();
	if (settings->json)
		report_json_summary(&findings->text, findings->summary, totals);
	if (!settings->json && !one) {
		report_text_summary(&findings->text, findings->summary, totals, &findings->style);
		say_nothing_found(findings, totals);
	}
	print(findings);
	if (one && !findings->matched && !findings->reading->failed)
		return nothing_matched(findings, totals);
	return EXIT_DONE;
}
