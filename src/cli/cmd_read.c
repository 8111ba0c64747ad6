#include "cli/cmd_read.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/analysis.h"
#include "base/text.h"
#include "cli/message.h"

static enum exit_status run(const void *settings, int count, char **paths);

#define SETTING(member) offsetof(struct read_settings, member)

static const struct cli_option options[] = {
	{ "all", 0, OPTION_FLAG, NULL, N_("every verdict in full, then the summary"), SETTING(all) },
	{ "at", 0, OPTION_LIST, "NAME=FILE", N_("FILE was captured at client, server or another NAME"), SETTING(at) },
	{ "frame", 0, OPTION_NUMBER, "N", N_("only the verdict on frame N"), SETTING(frame) },
	{ "connection", 0, OPTION_NUMBER, "N", N_("only the verdicts on connection N"), SETTING(connection) },
	{ "filter", 'f', OPTION_TEXT, "EXPR", N_("only the packets that a libpcap filter lets pass"), SETTING(filter) },
	{ "ladder", 0, OPTION_FLAG, NULL, N_("draw the packets between the two ends"), SETTING(ladder) },
	{ "ascii", 0, OPTION_FLAG, NULL, N_("nothing but ASCII in the drawing"), SETTING(ascii) },
	{ "json", 0, OPTION_FLAG, NULL, N_("one JSON object a line: every verdict, then the summary"), SETTING(json) },
	{ "connections", 0, OPTION_FLAG, NULL, N_("with --json: every connection, too"), SETTING(connections) },
	{ "write", 'w', OPTION_TEXT, "FILE", N_("write the connections concerned, verdicts as comments"),
	  SETTING(write_to) },
	{ "max-connections", 0, OPTION_NUMBER, "N", N_("keep at most N connections in memory"),
	  SETTING(max_connections) },
	{ "one-pass", 0, OPTION_FLAG, NULL, N_("read a large file once, as a pipe is read"), SETTING(one_pass) },
	{ 0 },
};

static const char *const notes[] = {
	N_("FILE is a pcap or pcapng capture, compressed or not; - is standard input. Several files are one run."),
	N_("Captures of the same traffic from several places are told by themselves, and make one verdict together."),
	N_("From a pipe, verdicts come as they are ready: ssh HOST tcpdump -U -w - tcp | tcpwhy read -"),
	NULL,
};

const struct command cmd_read = {
	.name = "read",
	.operands = N_("FILE…"),
	.summary = N_("why did the connections in this capture end?"),
	.notes = notes,
	.options = options,
	.settings_size = sizeof(struct read_settings),
	.run = run,
};

/* "-" as input may be a file, too, by redirection. */
static bool is_same_file(const char *output, const char *input)
{
	struct stat one, other;
	bool there = strcmp(input, "-") == 0 ? fstat(STDIN_FILENO, &other) == 0 : stat(input, &other) == 0;

	return there && stat(output, &one) == 0 && S_ISREG(one.st_mode) && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* EXIT_DONE where the settings can be obeyed together. */
static enum exit_status check_settings(const struct read_settings *settings, int count, char **paths)
{
	int pipes = 0;

	if (!count)
		return usage_error(&cmd_read, "%s", _("which file? (- is standard input)"));
	if (settings->at.count && settings->write_to)
		return usage_error(&cmd_read, "--at: %s",
		                   _("-w cannot write captures of several places as one: read and write each FILE by itself"));
	if (settings->json && settings->ladder)
		return usage_error(&cmd_read, "--ladder: %s", _("it is a drawing, and --json is not"));
	if (settings->connections && !settings->json)
		return usage_error(&cmd_read, "--connections: %s", _("it goes with --json"));
	for (int i = 0; i < count; i++) {
		pipes += strcmp(paths[i], "-") == 0;
		if (settings->write_to && is_same_file(settings->write_to, paths[i]))
			return usage_error(&cmd_read, "%s: %s", settings->write_to, _("-w would overwrite what it reads"));
	}
	if (pipes > 1)
		return usage_error(&cmd_read, "-: %s", _("standard input can be read only once"));
	return EXIT_DONE;
}

static bool any_stream(int count, char **paths)
{
	for (int i = 0; i < count; i++)
		if (reading_is_stream(paths[i]))
			return true;
	return false;
}

static void on_interrupt(int signal)
{
	(void)signal;
}

/*
 * ^C ends the whole pipeline, so the capture ends too: what was read is still reported. A second ^C ends this program,
 * also where the other one goes on.
 */
static void finish_on_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
}

static enum exit_status out_of_memory(void)
{
	complain("%s", _("out of memory"));
	return EXIT_FAILED;
}

/* The first reading, and what follows from it. */
static enum exit_status report(struct findings *findings, struct reading *reading,
                               const struct analysis_options *analysis_options)
{
	const struct read_settings *settings = findings->settings;
	struct analysis_sink sink = findings_sink(findings);
	struct analysis *analysis = analysis_new(analysis_options, &sink);
	enum exit_status status;
	struct error error = { STATUS_OK, "" };

	if (!analysis || analysis_run(analysis, reading->sources, reading->count, &error) == STATUS_MEMORY) {
		analysis_free(analysis);
		return out_of_memory();
	}
	analysis_finish(analysis);
	status = findings_end(findings, analysis_totals(analysis));
	analysis_free(analysis);
	if (status == EXIT_DONE && settings->ladder)
		status = ladders_draw(findings, reading, analysis_options);
	if (status == EXIT_DONE && settings->write_to)
		status = extract_write(findings->extract, reading, settings->write_to);
	return status == EXIT_DONE && reading->failed ? EXIT_FAILED : status;
}

static bool findings_init(struct findings *findings, const struct read_settings *settings, struct reading *reading,
                          bool stream)
{

	*findings = (struct findings){
		.settings = settings,
		.reading = reading,
		.text = BUFFER_INIT(PRINTED_MAX),
		.each = settings->json || settings->all || settings->frame || settings->connection || stream,
		.flush = stream,
		.quiet = settings->write_to && strcmp(settings->write_to, "-") == 0,
	};
	terminal_style(&findings->style);
	findings->style.ascii |= settings->ascii;
	findings->summary = summary_new();
	findings->extract = settings->write_to ? extract_new() : NULL;
	return findings->summary && (findings->extract || !settings->write_to);
}

static enum exit_status read_all(const struct read_settings *settings, struct reading *reading, bool stream,
                                 const struct vantages_found *found)
{
	struct analysis_options analysis_options = {
		.max_connections = settings->max_connections,
		.all_connections = settings->connections,
		.one_pass = settings->one_pass,
	};
	struct findings findings = { 0 };
	enum exit_status status;

	if (stream)
		finish_on_interrupt();
	if (!findings_init(&findings, settings, reading, stream))
		status = out_of_memory();
	else if (found->together)
		status = vantages_report(&findings, reading, &analysis_options, found);
	else
		status = report(&findings, reading, &analysis_options);
	extract_free(findings.extract);
	summary_free(findings.summary);
	buffer_clear(&findings.text);
	return status;
}

/* Each by itself, as if it were the only one. */
static enum exit_status read_each(const struct read_settings *settings, struct reading *reading)
{
	enum exit_status status = EXIT_DONE;
	const struct vantages_found none = { 0 };

	for (size_t i = 0; i < reading->count; i++) {
		struct reading one = { .sources = &reading->sources[i], .count = 1 };
		enum exit_status its = read_all(settings, &one, false, &none);

		status = its == EXIT_DONE ? status : its;
		reading->sources[i] = one.count ? one.sources[0] : NULL;
	}
	return status == EXIT_DONE && reading->failed ? EXIT_FAILED : status;
}

static enum exit_status read_opened(const struct read_settings *settings, struct reading *reading, bool stream)
{
	struct vantages_found found = { 0 };

	if (reading->misused)
		return EXIT_USAGE;
	if (!reading->count && !settings->json)
		return EXIT_FAILED;
	if (!vantages_recognise(settings, reading, stream, &found))
		return out_of_memory();
	if (found.alone)
		return read_each(settings, reading);
	return read_all(settings, reading, stream, &found);
}

static enum exit_status run(const void *given, int count, char **operands)
{
	struct read_settings own = *(const struct read_settings *)given;
	const struct read_settings *settings = &own;
	char *paths_at[OPTION_LIST_MAX], **paths = settings->at.count ? paths_at : operands;
	enum exit_status status;
	struct reading reading;

	if (settings->at.count && count)
		return usage_error(&cmd_read, "%s: %s", operands[0], _("with --at every file is given by it"));
	for (size_t i = 0; i < settings->at.count; i++)
		if (!vantages_path(settings->at.values[i]))
			return usage_error(&cmd_read, "--at %s: %s", settings->at.values[i], _("not NAME=FILE"));
	vantages_gather(&own.at);
	for (size_t i = 0; i < settings->at.count; i++)
		paths_at[i] = (char *)vantages_path(settings->at.values[i]);
	count = settings->at.count ? (int)settings->at.count : count;
	status = check_settings(settings, count, paths);
	if (status != EXIT_DONE)
		return status;
	if (reading_open(&reading, paths, count, settings->filter,
	                 settings->ladder || settings->write_to || settings->at.count))
		status = read_opened(settings, &reading, any_stream(count, paths));
	else
		status = out_of_memory();
	reading_clear(&reading);
	return status;
}
