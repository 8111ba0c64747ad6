#include "cli/cmd_lab.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/message.h"

#define PLAYS_MAX 4 /* of a scenario, where events are missed each time */

static enum exit_status run(const void *settings, int count, char **names);

#define SETTING(member) offsetof(struct lab_settings, member)

static const struct cli_option options[] = {
	{ "ipv4", '4', OPTION_FLAG, NULL, N_("play it over IPv4; the default"), SETTING(ipv4) },
	{ "ipv6", '6', OPTION_FLAG, NULL, N_("play it over IPv6; with -4, over both in turn"), SETTING(ipv6) },
	{ "all", 0, OPTION_FLAG, NULL, N_("every scenario that there is"), SETTING(all) },
	{ "check", 0, OPTION_FLAG, NULL, N_("say only what is not as the catalogue says; exit 0 for nothing"),
	  SETTING(check) },
	{ "explain", 0, OPTION_FLAG, NULL, N_("tell the story, and do not play it"), SETTING(explain) },
	{ "pause", 0, OPTION_FLAG, NULL, N_("name each step and wait for Enter before it"), SETTING(pause) },
	{ "at", 0, OPTION_TEXT, "HOST", N_("seen from the client (default), the router or the server"), SETTING(at) },
	{ "write", 'w', OPTION_TEXT, "DIR", N_("write the captures of all three there, calls as comments"),
	  SETTING(write_to) },
	{ "kernel", 0, OPTION_FLAG, NULL, N_("what the kernel says of it, too: see `tcpwhy watch`"), SETTING(kernel) },
	{ "json", 0, OPTION_FLAG, NULL, N_("one JSON object a line: calls, segments, verdicts"), SETTING(json) },
	{ "ascii", 0, OPTION_FLAG, NULL, N_("nothing but ASCII in the drawing"), SETTING(ascii) },
	{ "client", 0, OPTION_TEXT, "CMD", N_("a shell command in place of the client's program"), SETTING(client) },
	{ "server", 0, OPTION_TEXT, "CMD", N_("a shell command in place of the server's program"), SETTING(server) },
	{ "real-time", 0, OPTION_FLAG, NULL, N_("the kernel's own times, however long they are"), SETTING(real_time) },
	{ 0 },
};

static const char *const notes[] = {
	N_("The CAUSE `article` is the classic account of resets, row by row; `article/ROW` is one of its rows."),
	N_("Without CAUSE it lists what there is. Everything happens in namespaces of its own, and nothing stays."),
	N_("CMD finds its part in TCPWHY_ROLE, TCPWHY_ADDRESS and TCPWHY_PORT."),
	NULL,
};

const struct command cmd_lab = {
	.name = "lab",
	.operands = N_("[CAUSE[/FACE]…]"),
	.summary = N_("make a reset happen on this kernel: packets and system calls"),
	.notes = notes,
	.options = options,
	.settings_size = sizeof(struct lab_settings),
	.run = run,
};

/* How a run looks, made from the settings once. */
struct lab_run {
	const struct lab_settings *settings;
	struct report_style style;
	struct buffer text;
	enum party vantage;
	uint64_t played, differing;
	struct lab_kernel *kernel;   /* NULL unless it is asked */
};

/* "cause" is its first scenario, "cause/face" a certain one. NULL where there is none. */
static const struct scenario *find_scenario(const char *name, enum cause_id *ret_id)
{
	char id[SCENARIO_NAME_MAX];
	const char *slash = strchr(name, '/');

	if (snprintf(id, sizeof id, "%.*s", (int)(slash ? slash - name : (ptrdiff_t)strlen(name)), name) >= (int)sizeof id)
		return NULL;
	*ret_id = cause_find(id);
	return *ret_id < CAUSES ? scenario_find(cause_get(*ret_id)->scenarios, slash ? slash + 1 : NULL) : NULL;
}

static bool find_vantage(const char *name, enum party *ret_vantage)
{
	for (unsigned i = 0; i < VANTAGES; i++)
		if (strcmp(name, lab_party_id(i)) == 0) {
			*ret_vantage = i;
			return true;
		}
	return false;
}

static void print_faults(struct lab_run *run, const struct record *record)
{
	char name[SCENARIO_NAME_MAX];

	lab_scenario_name(name, record->cause, record->scenario);
	for (size_t i = 0; i < record->fault_count; i++)
		buffer_printf(&run->text, "%s IPv%u: %s\n", name, record->options.version, record->faults[i]);
	if (record->more_faults)
		buffer_printf(&run->text, _("%s IPv%u: and %zu more\n"), name, record->options.version, record->more_faults);
}

/* *ret_missed: events that were missed, which may be the only reason why something is not as expected, or not there. */
static enum exit_status report(struct lab_run *run, struct record *record, uint64_t *ret_missed)
{
	enum status status = STATUS_OK;

	if (run->settings->check) {
		/* Of half a scenario nothing can be expected. */
		if (record->error.status == STATUS_OK)
			status = lab_judge(record);
		if (record->error.status == STATUS_OK && run->kernel) {
			*ret_missed = record->fault_count ? 0 : lab_kernel_missed(run->kernel);
			lab_kernel_judge(record, run->kernel);
		}
	} else if (run->settings->json) {
		status = lab_json(&run->text, record, run->vantage);
		if (run->kernel) {
			*ret_missed = record->error.status == STATUS_OK ? lab_kernel_missed(run->kernel) : 0;
			lab_kernel_json(&run->text, run->kernel);
		}
	} else {
		status = lab_show(&run->text, record, run->vantage, &run->style);
		if (run->kernel)
			lab_kernel_show(&run->text, run->kernel, &run->style);
	}
	if (status != STATUS_OK) {
		complain("%s", _("out of memory"));
		return EXIT_FAILED;
	}
	if (!run->settings->json && record->fault_count) {
		if (!run->settings->check)
			buffer_printf(&run->text, "\n%s\n", _("not as expected:"));
		print_faults(run, record);
	}
	return record->fault_count ? EXIT_FAILED : EXIT_DONE;
}

/*
 * Nobody waits for what --check and --json print line by line, so a play that lacks events proves nothing there, and
 * another is better. A command of the user's is run once.
 */
static bool may_play_again(const struct lab_settings *settings, unsigned plays)
{
	return plays < PLAYS_MAX && (settings->check || settings->json) && !settings->client && !settings->server;
}

/* Says that events were missed, and drops what would be printed of the play if there is to be another. */
static void say_missed(struct lab_run *run, const struct record *record, uint64_t missed, bool again)
{
	char name[SCENARIO_NAME_MAX];

	lab_scenario_name(name, record->cause, record->scenario);
	if (!again) {
		complain(NG_("%s IPv%u: %" PRIu64 " event of this host was missed meanwhile",
		             "%s IPv%u: %" PRIu64 " events of this host were missed meanwhile", missed),
		         name, record->options.version, missed);
		return;
	}
	buffer_reset(&run->text);
	complain(NG_("%s IPv%u: %" PRIu64 " event of this host was missed meanwhile: it is played again",
	             "%s IPv%u: %" PRIu64 " events of this host were missed meanwhile: it is played again", missed),
	         name, record->options.version, missed);
}

/* Once. *ret_again: it proves nothing, and is to be played again. */
static enum exit_status play(struct lab_run *run, enum cause_id id, const struct scenario *scenario, uint8_t version,
                             bool may_again, bool *ret_again)
{
	const struct lab_settings *settings = run->settings;
	const struct lab_options lab_options = {
		.version = version, .real_time = settings->real_time,
		.commands = { [PARTY_CLIENT] = settings->client, [PARTY_SERVER] = settings->server },
	};
	char name[SCENARIO_NAME_MAX];
	struct record record = { .vantage = run->vantage };
	enum exit_status status = EXIT_DONE, written = EXIT_DONE;
	uint64_t missed = 0;

	*ret_again = false;
	if (!settings->check && !settings->json)
		lab_show_story(&run->text, id, scenario, &run->style);
	terminal_print(&run->text);
	fflush(stdout);
	if (run->kernel)
		lab_kernel_begin(run->kernel, &record);
	if (record_play(&record, id, scenario, &lab_options, settings->pause ? lab_pause : NULL) != STATUS_OK) {
		complain("%s: %s", lab_scenario_name(name, id, scenario), record.error.text);
		status = EXIT_FAILED;
	}
	if (run->kernel)
		lab_kernel_end(run->kernel);
	if (record.count) {
		enum exit_status reported = report(run, &record, &missed);

		status = status == EXIT_DONE ? reported : status;
	}
	*ret_again = may_again && missed && (settings->json || record.fault_count);
	if (*ret_again || (missed && settings->json))
		say_missed(run, &record, missed, *ret_again);
	if (settings->write_to && record.count && !*ret_again)
		written = lab_write(&record, settings->write_to);
	terminal_print(&run->text);
	record_clear(&record);
	if (*ret_again)
		return EXIT_DONE;
	run->played++;
	run->differing += status != EXIT_DONE;
	return status == EXIT_DONE ? written : status;
}

static enum exit_status play_until_seen(struct lab_run *run, enum cause_id id, const struct scenario *scenario,
                                        uint8_t version)
{
	enum exit_status status = EXIT_DONE;
	bool again = true;

	for (unsigned plays = 1; again; plays++)
		status = play(run, id, scenario, version, may_play_again(run->settings, plays), &again);
	return status;
}

static enum exit_status play_versions(struct lab_run *run, enum cause_id id, const struct scenario *scenario)
{
	const struct lab_settings *settings = run->settings;
	enum exit_status status = EXIT_DONE, last;

	if (settings->explain) {
		lab_show_story(&run->text, id, scenario, &run->style);
		terminal_print(&run->text);
		return EXIT_DONE;
	}
	if (settings->ipv4 || !settings->ipv6)
		status = play_until_seen(run, id, scenario, 4);
	if (settings->ipv6) {
		last = play_until_seen(run, id, scenario, 6);
		status = status == EXIT_DONE ? last : status;
	}
	return status;
}

/* A cause's other scenarios, where its first was asked for. */
static void name_others(struct lab_run *run, const char *name, enum cause_id id)
{
	const struct scenario *first = cause_get(id)->scenarios;
	char other[SCENARIO_NAME_MAX];

	if (strchr(name, '/') || !first[1].title || run->settings->check || run->settings->json)
		return;
	buffer_printf(&run->text, "\n%s", _("see also:"));
	for (const struct scenario *s = first + 1; s->title; s++)
		buffer_printf(&run->text, " %s", lab_scenario_name(other, id, s));
	buffer_puts(&run->text, "\n");
}

static enum exit_status play_row(struct lab_run *run, const struct article_row *row)
{
	if (run->settings->json)
		lab_json_row(&run->text, row);
	else if (!run->settings->check)
		lab_show_row(&run->text, row, &run->style);
	return play_versions(run, row->cause, article_scenario(row));
}

static enum exit_status play_article(struct lab_run *run)
{
	enum exit_status status = EXIT_DONE, last;

	for (const struct article_row *row = article_rows; row->name; row++) {
		last = play_row(run, row);
		status = status == EXIT_DONE ? last : status;
	}
	return status;
}

static enum exit_status play_all(struct lab_run *run)
{
	enum exit_status status = EXIT_DONE, last;

	for (unsigned id = 0; id < CAUSES; id++)
		for (const struct scenario *s = cause_get(id)->scenarios; s && s->title; s++) {
			last = play_versions(run, id, s);
			status = status == EXIT_DONE ? last : status;
		}
	for (const struct article_row *row = article_rows; row->name; row++)
		if (row->cause == CAUSE_NONE) {
			last = play_row(run, row);
			status = status == EXIT_DONE ? last : status;
		}
	return status;
}

static enum exit_status play_one(struct lab_run *run, const char *name)
{
	const struct article_row *row;
	const struct scenario *scenario;
	enum exit_status status;
	enum cause_id id;

	if (lab_article_names(name, &row))
		return row ? play_row(run, row) : play_article(run);
	scenario = find_scenario(name, &id);
	status = play_versions(run, id, scenario);
	name_others(run, name, id);
	return status;
}

static bool is_there(const char *name)
{
	const struct article_row *row;
	enum cause_id id;

	return lab_article_names(name, &row) || find_scenario(name, &id);
}

static enum exit_status play_named(struct lab_run *run, char **names)
{
	enum exit_status status = EXIT_DONE, last;

	/* All of them, before the first is played. */
	for (char **name = names; *name; name++)
		if (!is_there(*name))
			return usage_error(&cmd_lab, "%s: %s", *name, _("no such scenario; `tcpwhy lab` lists them"));
	for (char **name = names; *name; name++) {
		last = play_one(run, *name);
		status = status == EXIT_DONE ? last : status;
	}
	return status;
}

/* Those that are about a play. */
static bool wants_play(const struct lab_settings *settings)
{
	return settings->check || settings->json || settings->pause || settings->write_to || settings->at ||
	       settings->kernel || settings->client || settings->server || settings->real_time;
}

static enum exit_status check_settings(const struct lab_settings *settings, int count)
{
	const bool versions = settings->ipv4 || settings->ipv6;

	if (settings->all && count)
		return usage_error(&cmd_lab, "--all: %s", _("it takes no cause"));
	if (settings->json && (settings->check || settings->pause))
		return usage_error(&cmd_lab, "--json: %s", _("it goes neither with --check nor with --pause"));
	if ((settings->client || settings->server) && settings->check)
		return usage_error(&cmd_lab, "--check: %s", _("what a command of yours is to see, nobody knows"));
	if (settings->pause && settings->check)
		return usage_error(&cmd_lab, "--pause: %s", _("it does not go with --check"));
	if (settings->explain && wants_play(settings))
		return usage_error(&cmd_lab, "--explain: %s", _("nothing is played, so no other option makes sense with it"));
	if (settings->write_to && !*settings->write_to)
		return usage_error(&cmd_lab, "--write: %s", _("the name of a folder is empty"));
	if (!count && !settings->all && (settings->explain || versions || wants_play(settings)))
		return usage_error(&cmd_lab, "%s", _("which cause? (or --all)"));
	return EXIT_DONE;
}

static enum exit_status run(const void *given, int count, char **names)
{
	const struct lab_settings *settings = given;
	struct lab_run run = { .settings = settings, .text = BUFFER_INIT(PRINTED_MAX), .vantage = PARTY_CLIENT };
	enum exit_status status = check_settings(settings, count);

	if (status != EXIT_DONE)
		return status;
	if (settings->at && !find_vantage(settings->at, &run.vantage))
		return usage_error(&cmd_lab, "--at %s: %s", settings->at, _("client, router or server"));
	if (settings->kernel && !(run.kernel = lab_kernel_new()))
		return EXIT_FAILED;
	terminal_style(&run.style);
	run.style.ascii |= settings->ascii;
	if (settings->all)
		status = play_all(&run);
	else if (count)
		status = play_named(&run, names);
	else
		lab_show_list(&run.text, &run.style);
	terminal_print(&run.text);
	buffer_clear(&run.text);
	lab_kernel_free(run.kernel);
	return status;
}
