/* Several captures of the same traffic: who they are, and their verdicts together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cmd_read.h"
#include "cli/message.h"
#include "cli/progress.h"
#include "report/vantages.h"

#define NAME_MAX_LENGTH 40
_Static_assert(OPTION_LIST_MAX <= RECOGNISE_FILES, "whatever --at gives can be looked at");

const char *vantages_path(const char *given)
{
	const char *equals = strchr(given, '=');

	return equals && equals > given && equals - given < NAME_MAX_LENGTH && equals[1] ? equals + 1 : NULL;
}

static size_t name_length(const char *given)
{
	return (size_t)(strchr(given, '=') - given);
}

void vantages_gather(struct option_list *at)
{
	struct option_list gathered = { 0 };
	bool taken[OPTION_LIST_MAX] = { false };

	for (size_t i = 0; i < at->count; i++)
		for (size_t j = i, len = name_length(at->values[i]); !taken[i] && j < at->count; j++)
			if (!taken[j] && name_length(at->values[j]) == len && memcmp(at->values[j], at->values[i], len) == 0) {
				taken[j] = j != i;
				gathered.values[gathered.count++] = at->values[j];
			}
	*at = gathered;
}

/* Names of the vantages, and which sources belong to each: those with the same name. */
struct roster {
	char names[LOOKOUTS_MAX][NAME_MAX_LENGTH];
	struct vantage_input inputs[LOOKOUTS_MAX];
	unsigned count;
};

/* Names go everywhere: what a terminal, JSON or a reader could stumble over stays outside. */
static void tame(char *name)
{
	for (; *name; name++)
		if (*name < ' ' || *name > '~')
			*name = '?';
}

static void name_of_file(char name[NAME_MAX_LENGTH], const char *path)
{
	const char *slash = strrchr(path, '/');

	snprintf(name, NAME_MAX_LENGTH, "%s", slash && slash[1] ? slash + 1 : path);
}

/* Files of the same name in several folders: as much of the path as there is room for, from its end. */
static void tell_apart(struct roster *roster, const struct reading *reading)
{
	for (unsigned i = 0; i < roster->count; i++)
		for (unsigned j = 0; j < i; j++) {
			const char *paths[] = { source_name(reading->sources[i]), source_name(reading->sources[j]) };
			char *names[] = { roster->names[i], roster->names[j] };

			if (strcmp(names[0], names[1]) != 0)
				continue;
			for (unsigned k = 0; k < 2; k++) {
				size_t len = strlen(paths[k]);

				snprintf(names[k], NAME_MAX_LENGTH, "%s",
				         paths[k] + (len < NAME_MAX_LENGTH ? 0 : len - NAME_MAX_LENGTH + 1));
				tame(names[k]);
			}
		}
}

static void name_of_option(char name[NAME_MAX_LENGTH], const char *given)
{
	snprintf(name, NAME_MAX_LENGTH, "%.*s", (int)name_length(given), given);
}

/* Those with one name follow each other: they are parts of one capture. False where there are too many. */
static bool enlist(struct roster *roster, const struct read_settings *settings, struct reading *reading)
{
	bool named = settings->at.count;

	roster->count = 0;
	for (size_t i = 0; i < reading->count; i++) {
		struct vantage_input *last = roster->count ? &roster->inputs[roster->count - 1] : NULL;
		char name[NAME_MAX_LENGTH];

		if (named)
			name_of_option(name, settings->at.values[reading->places[i]]);
		else
			name_of_file(name, source_name(reading->sources[i]));
		tame(name);
		if (named && last && strcmp(last->name, name) == 0) {
			last->count++;
			continue;
		}
		if (roster->count == LOOKOUTS_MAX)
			return false;
		memcpy(roster->names[roster->count], name, sizeof name);
		roster->inputs[roster->count] = (struct vantage_input){
			.name = roster->names[roster->count], .named = named, .sources = &reading->sources[i], .count = 1,
		};
		roster->count++;
	}
	if (!named)
		tell_apart(roster, reading);
	return true;
}

static bool all_rewind(const struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		if (!source_can_rewind(reading->sources[i]))
			return false;
	return true;
}

/* What somebody would want to know who gave these files together. */
static void say_why_not(const struct reading *reading, const struct recognition *r)
{
	const char *one = source_name(reading->sources[r->one]), *other = source_name(reading->sources[r->other]);

	switch (r->belonging) {
	case BELONG_COPIES:
		complain(_("%s is a copy of %s and tells nothing more: each is read on its own"), other, one);
		break;
	case BELONG_PARTLY:
		complain(_("%s has no segment in common with %s: each is read on its own"), other, one);
		break;
	case BELONG_OVERLAP:
		complain(_("%s and %s overlap in time and have no segment in common: each is read on its own"), one, other);
		break;
	default:
		complain("%s", _("these captures have no segment in common: each is read on its own"));
	}
}

/* What is read as one run, whatever it shows; said where it is rather the same several times. */
static void say_one_run(const struct read_settings *settings, const struct recognition *r)
{
	if (r->belonging == BELONG_APART || r->belonging == BELONG_OVERLAP)
		return;
	if (settings->write_to)
		complain("-w: %s", _("these captures show the same traffic: they are read as one run all the same"));
	else
		complain(_("these captures show the same traffic, but at most %d can be read together: they are read as one run"),
		         LOOKOUTS_MAX);
}

bool vantages_recognise(const struct read_settings *settings, struct reading *reading, bool stream,
                        struct vantages_found *ret_found)
{
	struct recognition *r = &ret_found->recognition;
	bool named = settings->at.count, too_many = !named && reading->count > LOOKOUTS_MAX;
	struct error error;

	*ret_found = (struct vantages_found){ 0 };
	if (reading->count < 2)
		return true;
	/* What comes as it is captured is told as it comes. */
	if ((stream && !named) || !all_rewind(reading)) {
		if (!settings->write_to)
			complain("%s", _("what comes from a pipe is not compared with the other captures: all are read as one run "
			                 "(--at NAME=FILE says where each was captured)"));
		return true;
	}
	if (recognise(reading->sources, too_many ? LOOKOUTS_MAX : reading->count, r, &error) != STATUS_OK)
		return false;
	if (settings->write_to || too_many) {
		say_one_run(settings, r);
		return true;
	}
	ret_found->together = r->belonging == BELONG_TOGETHER ||
	                      (named && (r->belonging == BELONG_PARTLY || r->belonging == BELONG_OVERLAP ||
	                                 r->belonging == BELONG_APART));
	if (ret_found->together || (!named && r->belonging == BELONG_APART))
		return true;
	ret_found->alone = true;
	say_why_not(reading, r);
	return true;
}

/* ---- the report ---- */

static enum exit_status out_of_memory(void)
{
	complain("%s", _("out of memory"));
	return EXIT_FAILED;
}

static void report_match(struct findings *findings, const struct vantages *vantages)
{
	const struct read_settings *settings = findings->settings;

	progress_clear();
	if (settings->json)
		report_json_vantages(&findings->text, vantages);
	else
		report_text_vantages(&findings->text, vantages, &findings->style);
	terminal_print(&findings->text);
}

#define PACKETS_MAX 400 /* that a ladder shows */

enum exit_status vantages_draw(struct findings *findings, const struct vantages *vantages)
{
	unsigned which = findings->ways[0].count == 0;

	for (size_t i = 0; i < findings->ways[which].count; i++) {
		buffer_puts(&findings->text, "\n");
		report_way_ladder(&findings->text, vantages, findings->ways[which].groups[i], PACKETS_MAX, &findings->style);
		terminal_print(&findings->text);
	}
	return EXIT_DONE;
}

enum exit_status vantages_report(struct findings *findings, struct reading *reading,
                                 const struct analysis_options *options, const struct vantages_found *found)
{
	struct analysis_sink sink = findings_sink(findings);
	struct vantages *vantages;
	struct roster roster;
	enum exit_status status;
	struct error error = { STATUS_OK, "" };

	if (!enlist(&roster, findings->settings, reading))
		return usage_error(&cmd_read, "--at: %s", _("these are too many places"));
	vantages = vantages_new(roster.inputs, roster.count, options, &sink, &found->recognition);
	findings->vantages = vantages;
	if (!vantages || vantages_run(vantages, &error) == STATUS_MEMORY) {
		vantages_free(vantages);
		return out_of_memory();
	}
	if (vantages_match(vantages)->misplaced)
		complain("--at: %s", _("the hops of the packets contradict these names: where each was captured is not known"));
	report_match(findings, vantages);
	status = findings_end(findings, vantages_totals(vantages));
	if (status == EXIT_DONE && findings->settings->ladder)
		status = vantages_draw(findings, vantages);
	vantages_free(vantages);
	return status == EXIT_DONE && reading->failed ? EXIT_FAILED : status;
}
