#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/live_output.h"
#include "cli/message.h"

#define STEP_MS 50
/* After the end of the command: what belongs to its last reset comes within this time. */
#define AFTER_MS ((int)(JOIN_NS / 1000000) + 50)
#define STATUS_CANNOT_RUN 126 /* as shells say it */
#define STATUS_NOT_FOUND 127

struct run_settings {
	bool brief, json, stacks;
	const char *output, *write_to;
};

static enum exit_status run(const void *settings, int count, char **operands);

#define SETTING(member) offsetof(struct run_settings, member)

static const struct cli_option options[] = {
	{ "output", 'o', OPTION_TEXT, "FILE", N_("report into FILE instead of standard error"), SETTING(output) },
	{ "brief", 'b', OPTION_FLAG, NULL, N_("one line a reset instead of the whole record"), SETTING(brief) },
	{ "json", 0, OPTION_FLAG, NULL, N_("one JSON object a line"), SETTING(json) },
	{ "stacks", 0, OPTION_FLAG, NULL, N_("and where in its program each process did it: file and line, or offset"),
	  SETTING(stacks) },
	{ "write", 'w', OPTION_TEXT, "FILE", N_("write the RSTs as pcapng, verdicts as comments"), SETTING(write_to) },
	{ 0 },
};

static const char *const notes[] = {
	N_("CMD runs as it would without: its terminal, files, signals and exit status are its own."),
	N_("Needs root, or CAP_BPF and CAP_PERFMON."),
	NULL,
};

const struct command cmd_run = {
	.name = "run",
	.operands = N_("[--] CMD [ARG]…"),
	.summary = N_("why does my program get ECONNRESET, EPIPE or SIGPIPE?"),
	.notes = notes,
	.options = options,
	.settings_size = sizeof(struct run_settings),
	.ends_at_operand = true,
	.run = run,
};

/* The command, held at a pipe until it is followed. */
struct child {
	pid_t pid;
	int gate;        /* to write to: go */
	int status;      /* of waitpid(), once ended */
	bool ended;
};

static volatile sig_atomic_t forward_to;

static void forward(int signal)
{
	if (forward_to > 0)
		kill(forward_to, signal);
}

static void ignore(int signal)
{
	(void)signal;
}

/* In the child: everything as it was found. */
static void become_command(int gate, char **operands)
{
	char go;

	if (sigpipe_was_ignored)
		signal(SIGPIPE, SIG_IGN);
	if (read(gate, &go, 1) != 1)
		_exit(STATUS_CANNOT_RUN);
	execvp(operands[0], operands);
	complain("%s: %s", operands[0], strerror(errno));
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN);
}

static bool start(struct child *child, char **operands)
{
	int gate[2];

	if (pipe2(gate, O_CLOEXEC) != 0)
		return false;
	child->pid = fork();
	if (child->pid == 0) {
		close(gate[1]);
		become_command(gate[0], operands);
	}
	close(gate[0]);
	child->gate = gate[1];
	return child->pid > 0;
}

/*
 * What a terminal sends reaches the command by itself; what is sent to this program alone is passed on. This program
 * outlives both, for it has something to say.
 */
static void pass_signals_on(const struct child *child)
{
	static const int passed[] = { SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM };
	struct sigaction action = { .sa_handler = forward, .sa_flags = (int)SA_RESTART };

	forward_to = child->pid;
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
		sigaction(passed[i], &action, NULL);
	action.sa_handler = ignore;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
}

static void look_for_end(struct child *child)
{
	child->ended |= !child->ended && waitpid(child->pid, &child->status, WNOHANG) == child->pid;
}

/* Report until the command has ended, and a moment longer. */
static void trace(struct session *session, struct child *child)
{
	int64_t until = INT64_MAX;
	struct error error;

	while (clock_monotonic() < until) {
		if (session_step(session, STEP_MS, &error) == STATUS_IO) {
			complain("%s", error.text);
			break;
		}
		look_for_end(child);
		if (child->ended && until == INT64_MAX)
			until = clock_monotonic() + AFTER_MS * NS_PER_MS;
	}
	if (!child->ended && waitpid(child->pid, &child->status, 0) == child->pid)
		child->ended = true;
	session_finish(session);
}

/* End as the command ended. */
static enum exit_status end_as(int status)
{
	struct rlimit none = { 0, 0 };

	if (!WIFSIGNALED(status))
		return (enum exit_status)WEXITSTATUS(status);
	/* One core is enough. */
	setrlimit(RLIMIT_CORE, &none);
	fflush(NULL);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return (enum exit_status)(128 + WTERMSIG(status));
}

/* A report that goes elsewhere ends with a summary then, whose numbers say what it lacks. */
static void say_losses(const struct tracer *tracer, struct live_output *output)
{
	uint64_t counts[LIVE_COUNTS], fast, missed;

	tracer_counts(tracer, counts);
	fast = counts[LIVE_COUNT_LOST] + counts[LIVE_COUNT_SAMPLED_OUT];
	missed = counts[LIVE_COUNT_MAP_FULL];
	if (fast)
		complain(NG_("%" PRIu64 " event of this host came too fast to be looked at",
		             "%" PRIu64 " events of this host came too fast to be looked at", fast), fast);
	if (missed)
		complain(NG_("%" PRIu64 " time the kernel side missed an event of this host, or could not remember something",
		             "%" PRIu64 " times the kernel side missed an event of this host, or could not remember something",
		             missed), missed);
	if (fast || missed)
		output->options.totals = output->options.stream != stderr;
}

static enum exit_status run_traced(struct session *session, struct live_output *output, char **operands)
{
	struct child child = { 0 };

	if (!start(&child, operands)) {
		complain("%s: %s", operands[0], strerror(errno));
		return EXIT_FAILED;
	}
	tracer_follow(session_tracer(session), (uint32_t)child.pid);
	tracer_drop_rights(output->options.stacks);
	pass_signals_on(&child);
	/* The command goes on, and is watched, also where nobody reads the report any more. */
	signal(SIGPIPE, SIG_IGN);
	if (write(child.gate, "", 1) != 1)
		complain("%s: %s", operands[0], strerror(errno));
	close(child.gate);
	trace(session, &child);
	say_losses(session_tracer(session), output);
	live_output_end(output);
	if (ferror(output->options.stream))
		complain("%s: %s", _("the report"), _("it could not be written"));
	return end_as(child.status);
}

static enum exit_status run_with(struct live_output *output, char **operands)
{
	struct tracer_options tracing = { .calls = true, .stacks = output->options.stacks };
	struct session_sink sink = live_output_sink(output);
	struct error error = { STATUS_OK, "" };
	struct session *session = session_open(&tracing, &sink, &error);
	enum exit_status status;

	if (!session) {
		complain("%s", error.text);
		advise("%s", _("`tcpwhy watch --self-check` says what is missing"));
		return EXIT_FAILED;
	}
	output->tracer = session_tracer(session);
	status = run_traced(session, output, operands);
	session_close(session);
	return status;
}

static enum exit_status run(const void *given, int count, char **operands)
{
	const struct run_settings *settings = given;
	struct live_filter filter = { .follow = true, .cause = CAUSE_NONE };
	struct live_output_options form = {
		.verbose = !settings->brief && !settings->json, .json = settings->json, .stream = stderr,
		.write_to = settings->write_to, .stacks = settings->stacks,
	};
	struct live_output output;
	enum exit_status status = EXIT_FAILED;
	struct error error;

	if (!count)
		return usage_error(&cmd_run, "%s", _("which command?"));
	if (!tracer_knows_pids()) {
		complain("%s", _("in a PID namespace (a container) the kernel's events name processes by other numbers"));
		advise("%s", _("run it on the host, or use `tcpwhy watch` without --pid"));
		return EXIT_FAILED;
	}
	if (settings->output && !(form.stream = fopen(settings->output, "we"))) {
		complain("%s: %s", settings->output, strerror(errno));
		return EXIT_FAILED;
	}
	if (live_output_init(&output, &form, &filter, &error) == STATUS_OK)
		status = run_with(&output, operands);
	else
		complain("%s", error.text);
	live_output_clear(&output);
	if (settings->output && fclose(form.stream) != 0)
		complain("%s: %s", settings->output, strerror(errno));
	return status;
}
