#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/live_capture.h"
#include "cli/message.h"
#include "live/self_check.h"

#define STEP_MS 200

struct watch_settings {
	bool verbose, json, top, self_check, capture, stacks;
	uint64_t pid, netns, summary_s;
	const char *command, *cgroup, *cause, *harm, *write_to;
};

static enum exit_status run(const void *settings, int count, char **operands);

#define SETTING(member) offsetof(struct watch_settings, member)

static const struct cli_option options[] = {
	{ "verbose", 'v', OPTION_FLAG, NULL, N_("the whole record of each reset instead of one line"), SETTING(verbose) },
	{ "json", 0, OPTION_FLAG, NULL, N_("one JSON object a line"), SETTING(json) },
	{ "pid", 'p', OPTION_NUMBER, "PID", N_("only what concerns this process or its new children"), SETTING(pid) },
	{ "command", 'c', OPTION_TEXT, "NAME", N_("only what concerns processes of this name"), SETTING(command) },
	{ "cgroup", 0, OPTION_TEXT, "PATH", N_("only what concerns processes in this cgroup or below"), SETTING(cgroup) },
	{ "netns", 0, OPTION_NUMBER, "INODE", N_("only one network namespace: lsns -t net"), SETTING(netns) },
	{ "cause", 0, OPTION_TEXT, "CAUSE", N_("only this cause and its refinements"), SETTING(cause) },
	{ "harm", 0, OPTION_TEXT, "HARM", N_("only this harm or worse: none, retry, data-lost"), SETTING(harm) },
	{ "summary", 0, OPTION_NUMBER, "N", N_("a summary every N seconds, too"), SETTING(summary_s) },
	{ "top", 0, OPTION_FLAG, NULL, N_("a screen that sorts what is reset, and shows the last of each"), SETTING(top) },
	{ "write", 'w', OPTION_TEXT, "FILE", N_("write the RSTs as pcapng, verdicts as comments"), SETTING(write_to) },
	{ "capture", 0, OPTION_FLAG, NULL, N_("from packets alone, even if the kernel can be traced"), SETTING(capture) },
	{ "stacks", 0, OPTION_FLAG, NULL, N_("and where in its program each process did it: file and line, or offset"),
	  SETTING(stacks) },
	{ "self-check", 0, OPTION_FLAG, NULL, N_("say what can be seen on this kernel, and what not"), SETTING(self_check) },
	{ 0 },
};

static const char *const notes[] = {
	N_("FILTER is a libpcap filter for the RST: host 10.0.0.1 and port 80."),
	N_("It watches until ^C, and ends with a summary. Needs root, or CAP_BPF and CAP_PERFMON."),
	N_("Where the kernel cannot be traced it captures packets, which needs CAP_NET_RAW."),
	NULL,
};

const struct command cmd_watch = {
	.name = "watch",
	.operands = N_("[FILTER]"),
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

/* Where resets come from: one of the two. */
struct origin_of_resets {
	struct session *session;
	struct live_capture *capture;
};

static enum status step(const struct origin_of_resets *origin, struct error *error)
{
	return origin->session ? session_step(origin->session, STEP_MS, error)
	                       : live_capture_step(origin->capture, STEP_MS, error);
}

/* Before it is said that ^C ends it. */
static void end_on_interrupt(void)
{
	/* What is being printed is printed to its end. */
	struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESTART };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* Until ^C, or until nobody reads any more. */
static enum exit_status watch(const struct origin_of_resets *origin, struct live_output *output)
{
	struct error error;

	while (!interrupted && !output->left && !ferror(output->options.stream) && output->error.status == STATUS_OK) {
		if (step(origin, &error) == STATUS_IO) {
			complain("%s", error.text);
			return EXIT_FAILED;
		}
		live_output_tick(output, clock_monotonic());
	}
	if (origin->session)
		session_finish(origin->session);
	else
		live_capture_finish(origin->capture);
	return live_output_end(output);
}

/* All operands are one expression, as tcpdump takes them. EXIT_DONE, or the error that was reported. */
static enum exit_status compile_filter(struct live_filter *filter, const char *expression)
{
	struct error error;

	if (*expression && filter_new(expression, true, DLT_EN10MB, &filter->packets, &error) != STATUS_OK)
		return usage_error(&cmd_watch, "%s", error.text);
	return EXIT_DONE;
}

/* Packets know neither processes nor other network namespaces; `why` they are all there is. */
static enum exit_status check_capture(const struct watch_settings *settings, const char *why)
{
	const char *option = settings->pid ? "--pid" : settings->command ? "--command" : settings->cgroup ? "--cgroup" :
	                     settings->stacks ? "--stacks" : NULL;

	if (option)
		return usage_error(&cmd_watch, _("%s: packets do not tell of processes (%s)"), option, why);
	if (settings->netns)
		return usage_error(&cmd_watch, _("--netns: packets are captured in the network namespace that this runs in: "
		                                 "nsenter -n (%s)"), why);
	return EXIT_DONE;
}

static enum exit_status check_settings(const struct watch_settings *settings, struct live_filter *filter)
{
	if (settings->cause && (filter->cause = cause_find(settings->cause)) == CAUSE_NONE)
		return usage_error(&cmd_watch, "--cause %s: %s", settings->cause, _("no such cause; see `tcpwhy causes`"));
	if (!live_filter_harm(filter, settings->harm))
		return usage_error(&cmd_watch, "--harm %s: %s", settings->harm, _("it is none, retry or data-lost"));
	if (settings->netns > UINT32_MAX || settings->pid > INT32_MAX)
		return usage_error(&cmd_watch, "%s", _("--netns, --pid: no such number"));
	if (settings->pid && kill((pid_t)settings->pid, 0) != 0 && errno == ESRCH)
		return usage_error(&cmd_watch, "--pid %" PRIu64 ": %s", settings->pid, _("no such process"));
	if (settings->pid && !tracer_knows_pids())
		return usage_error(&cmd_watch, "--pid: %s",
		                   _("in a PID namespace (a container) the kernel's events name processes by other numbers"));
	if (settings->write_to && strcmp(settings->write_to, "-") == 0)
		return usage_error(&cmd_watch, "-w -: %s", _("standard output is taken: name a file"));
	if (settings->top && (settings->json || settings->verbose || settings->summary_s))
		return usage_error(&cmd_watch, "--top: %s", _("it goes with neither --json nor --verbose nor --summary"));
	if (settings->json && settings->verbose)
		return usage_error(&cmd_watch, "--verbose: %s", _("JSON is always in full"));
	return EXIT_DONE;
}

static enum exit_status trace(const struct watch_settings *settings, struct session *session,
                              struct live_output *output)
{
	struct origin_of_resets origin = { .session = session };
	enum exit_status status;

	tracer_drop_rights(settings->stacks);
	if (settings->pid)
		tracer_follow(session_tracer(session), (uint32_t)settings->pid);
	output->tracer = session_tracer(session);
	end_on_interrupt();
	if (!output->top)
		fprintf(stderr, "%s\n", _("tcpwhy: watching; ^C ends it"));
	status = watch(&origin, output);
	session_close(session);
	return status;
}

/* `untraced`: why the kernel is not traced, where that was tried; NULL: packets are asked for. */
static enum exit_status capture(const struct watch_settings *settings, const char *expression, const char *untraced,
                                struct live_output *output)
{
	enum exit_status status = check_capture(settings, untraced ? untraced : "--capture");
	struct origin_of_resets origin = { 0 };
	struct error error = { STATUS_OK, "" };

	if (status != EXIT_DONE)
		return status;
	origin.capture = live_capture_open(expression, output, &error);
	if (!origin.capture) {
		complain("%s%s%s", untraced ? untraced : "", untraced ? "; " : "", error.text);
		advise("%s", _("`tcpwhy watch --self-check` says what is missing"));
		return EXIT_FAILED;
	}
	tracer_drop_rights(false);
	end_on_interrupt();
	complain(_("%s%swatching packets; ^C ends it (they tell no processes, no errno, no reason of the kernel, and nothing "
	           "of other network namespaces; a reset is told some seconds later)"),
	         untraced ? untraced : "", untraced ? "; " : "");
	status = watch(&origin, output);
	live_capture_close(origin.capture);
	return status;
}

static enum exit_status trace_or_capture(const struct watch_settings *settings, const char *expression,
                                         struct live_output *output)
{
	struct tracer_options tracing = { .netns = (uint32_t)settings->netns, .stacks = settings->stacks };
	struct session_sink sink = live_output_sink(output);
	struct error error = { STATUS_OK, "" };
	struct session *session;

	if (settings->capture)
		return capture(settings, expression, NULL, output);
	session = session_open(&tracing, &sink, &error);
	if (session)
		return trace(settings, session, output);
	return capture(settings, expression, error.text, output);
}

static enum exit_status print_self_check(void)
{
	struct buffer text = BUFFER_INIT(1 << 16);
	bool complete = self_check(&text);

	fputs(buffer_text(&text), stdout);
	buffer_clear(&text);
	return complete ? EXIT_DONE : EXIT_FAILED;
}

static enum exit_status prepare(const struct watch_settings *settings, struct live_filter *filter,
                                const char *expression)
{
	enum exit_status status = check_settings(settings, filter);

	if (status == EXIT_DONE)
		status = compile_filter(filter, expression);
	if (status == EXIT_DONE && settings->capture && !settings->self_check)
		status = check_capture(settings, "--capture");
	return status;
}

static enum exit_status run_with(const struct watch_settings *settings, const char *expression)
{
	struct live_filter filter = {
		.command = settings->command, .cgroup = settings->cgroup, .follow = settings->pid > 0, .cause = CAUSE_NONE,
	};
	struct live_output_options form = {
		.verbose = settings->verbose, .json = settings->json, .top = settings->top,
		.stacks = settings->stacks, .stream = stdout, .terminal = true, .totals = true,
		.summary_ns = (int64_t)settings->summary_s * NS_PER_S, .write_to = settings->write_to,
	};
	enum exit_status status = prepare(settings, &filter, expression);
	struct live_output output;
	struct error error;

	if (status != EXIT_DONE)
		return status;
	if (settings->self_check)
		return print_self_check();
	if (live_output_init(&output, &form, &filter, &error) == STATUS_OK) {
		status = trace_or_capture(settings, expression, &output);
	} else {
		complain("%s", error.text);
		status = EXIT_FAILED;
	}
	live_output_clear(&output);
	filter_free(filter.packets);
	return status;
}

static enum exit_status run(const void *settings, int count, char **operands)
{
	struct buffer expression = BUFFER_INIT(1 << 16);
	enum exit_status status;

	for (int i = 0; i < count; i++)
		buffer_printf(&expression, "%s%s", i ? " " : "", operands[i]);
	status = run_with(settings, buffer_text(&expression));
	buffer_clear(&expression);
	return status;
}
