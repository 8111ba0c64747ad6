#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/live_output.h"
#include "cli/message.h"
#include "live/session.h"

#define STEP_MS 200

struct watch_settings {
	bool verbose, json;
	uint64_t pid, netns, summary_s;
	const char *command, *cause, *harm;
};

static enum exit_status run(const void *settings, int count, char **operands);

#define SETTING(member) offsetof(struct watch_settings, member)

static const struct cli_option options[] = {
	{ "verbose", 'v', OPTION_FLAG, NULL, N_("the whole record of each reset instead of one line"), SETTING(verbose) },
	{ "json", 0, OPTION_FLAG, NULL, N_("one JSON object a line"), SETTING(json) },
	{ "pid", 'p', OPTION_NUMBER, "PID", N_("only what concerns this process or its children"), SETTING(pid) },
	{ "command", 'c', OPTION_TEXT, "NAME", N_("only what concerns processes of this name"), SETTING(command) },
	{ "netns", 0, OPTION_NUMBER, "INODE", N_("only one network namespace: lsns -t net"), SETTING(netns) },
	{ "cause", 0, OPTION_TEXT, "CAUSE", N_("only this cause and its refinements"), SETTING(cause) },
	{ "harm", 0, OPTION_TEXT, "HARM", N_("only this harm or worse: none, retry, data-lost"), SETTING(harm) },
	{ "summary", 0, OPTION_NUMBER, "N", N_("a summary every N seconds"), SETTING(summary_s) },
	{ 0 },
};

static const char *const notes[] = {
	N_("It watches until ^C, and ends with a summary. Needs root, or CAP_BPF and CAP_PERFMON."),
	NULL,
};

const struct command cmd_watch = {
	.name = "watch",
	.operands = "",
	.summary = N_("what is being reset on this host, by whom and why, as it happens?"),
	.notes = notes,
	.options = options,
	.settings_size = sizeof(struct watch_settings),
	.run = run,
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static enum exit_status watch(struct session *session, struct live_output *output)
{
	struct sigaction action = { .sa_handler = on_interrupt };
	struct error error;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	live_output_begin(output);
	while (!interrupted) {
		if (session_step(session, STEP_MS, &error) == STATUS_IO) {
			complain("%s", error.text);
			return EXIT_FAILED;
		}
		if (live_output_failed(output))
			break;
		live_output_tick(output, clock_monotonic());
	}
	session_finish(session);
	return live_output_end(output);
}

static enum exit_status run(const void *given, int count, char **operands)
{
	const struct watch_settings *settings = given;
	struct live_filter filter = { .command = settings->command, .follow = settings->pid > 0, .cause = CAUSE_NONE };
	struct live_output_options form = {
		.verbose = settings->verbose, .json = settings->json, .summary_ns = (int64_t)settings->summary_s * NS_PER_S,
	};
	struct tracer_options tracing = { .netns = (uint32_t)settings->netns };
	struct error error = { STATUS_OK, "" };
	struct live_output *output;
	struct session_sink sink;
	struct session *session;
	enum exit_status status;

	if (count)
		return usage_error(&cmd_watch, "%s: %s", operands[0], _("it takes no operands"));
	if (settings->cause && (filter.cause = cause_find(settings->cause)) == CAUSE_NONE)
		return usage_error(&cmd_watch, "--cause %s: %s", settings->cause, _("no such cause; see `tcpwhy causes`"));
	if (!live_filter_harm(&filter, settings->harm))
		return usage_error(&cmd_watch, "--harm %s: %s", settings->harm, _("it is none, retry or data-lost"));
	if (settings->json && settings->verbose)
		return usage_error(&cmd_watch, "--verbose: %s", _("JSON is always in full"));
	output = live_output_new(&form, &filter);
	if (!output) {
		complain("%s", _("out of memory"));
		return EXIT_FAILED;
	}
	sink = live_output_sink(output);
	session = session_open(&tracing, &sink, &error);
	if (!session) {
		complain("%s", error.text);
		live_output_free(output);
		return EXIT_FAILED;
	}
	tracer_drop_rights();
	if (settings->pid)
		tracer_follow(session_tracer(session), (uint32_t)settings->pid);
	live_output_counts(output, session_tracer(session));
	status = watch(session, output);
	session_close(session);
	live_output_free(output);
	return status;
}
