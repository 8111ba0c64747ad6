#include <string.h>

#include "base/text.h"
#include "cli/message.h"
#include "cli/terminal.h"
#include "report/log_line.h"

struct causes_settings {
	const char *error;
	bool man, json;
};

static enum exit_status run(const void *settings, int count, char **ids);

#define SETTING(member) offsetof(struct causes_settings, member)

static const struct cli_option options[] = {
	{ "error", 'e', OPTION_TEXT, "TEXT", N_("what leads to this error, as a program or a log prints it"),
	  SETTING(error) },
	{ "json", 0, OPTION_FLAG, NULL, N_("one JSON object a cause a line"), SETTING(json) },
	{ "man", 0, OPTION_FLAG, NULL, N_("the catalogue as a manual page (roff)"), SETTING(man) },
	{ 0 },
};

static const char *const notes[] = {
	N_("Without a cause, all of them are listed. `tcpwhy causes --man | man -l -` reads like a book."),
	N_("For instance: tcpwhy causes --error 'write: broken pipe'"),
	NULL,
};

const struct command cmd_causes = {
	.name = "causes",
	.operands = N_("[CAUSE]…"),
	.summary = N_("what are the causes, and what is each one?"),
	.notes = notes,
	.options = options,
	.settings_size = sizeof(struct causes_settings),
	.run = run,
};

static enum exit_status explain_error(struct buffer *text, const char *line, const struct report_style *style)
{
	if (report_log_line(text, line, style)) {
		terminal_print(text);
		return EXIT_DONE;
	}
	complain("%s: %s", line, _("no message that is known here"));
	advise(_("try a shorter piece of it, or the name of the error: ECONNRESET, EPIPE, ECONNREFUSED, ETIMEDOUT"));
	return EXIT_FAILED;
}

/* Causes whose id holds what was typed, or begins as it does. */
static void suggest(const char *typed)
{
	struct buffer close = BUFFER_INIT(1024);

	for (int i = 0; i < CAUSES; i++) {
		const char *id = cause_get((enum cause_id)i)->id;

		if (!*typed || (!strstr(id, typed) && strncmp(id, typed, 4) != 0))
			continue;
		buffer_puts(&close, close.len ? ", " : "");
		buffer_puts(&close, id);
	}
	if (close.len)
		advise(_("did you mean: %s"), buffer_text(&close));
	else
		advise("%s", _("`tcpwhy causes` lists them"));
	buffer_clear(&close);
}

static enum exit_status explain_causes(struct buffer *text, char **ids, const struct report_style *style)
{
	enum exit_status status = EXIT_DONE;

	for (; *ids; ids++) {
		enum cause_id id = cause_find(*ids);

		if (id == CAUSE_NONE) {
			complain("%s: %s", *ids, _("no such cause"));
			suggest(*ids);
			status = EXIT_USAGE;
			continue;
		}
		report_cause(text, id, style);
		if (ids[1])
			buffer_puts(text, "\n");
		terminal_print(text);
	}
	return status;
}

static enum exit_status run(const void *given, int count, char **ids)
{
	const struct causes_settings *settings = given;
	struct buffer text = BUFFER_INIT(PRINTED_MAX);
	enum exit_status status = EXIT_DONE;
	struct report_style style;

	if ((settings->error != NULL) + settings->man + settings->json + (count > 0) > 1)
		return usage_error(&cmd_causes, "%s", _("one thing at a time: a cause, --error, --json or --man"));
	terminal_style(&style);
	if (settings->error)
		status = explain_error(&text, settings->error, &style);
	else if (count)
		status = explain_causes(&text, ids, &style);
	else if (settings->man)
		report_causes_man(&text);
	else if (settings->json)
		report_causes_json(&text);
	else
		report_causes_list(&text, &style);
	terminal_print(&text);
	buffer_clear(&text);
	return status;
}
