#include "cli/reading.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/message.h"

#define IDLE_MS 250 /* how long a silent pipe may keep verdicts waiting */

static void report(struct reading *reading, const char *path, const struct error *error)
{
	if (error->status == STATUS_USAGE)
		complain("-f: %s", error->text);
	else
		complain("%s: %s", strcmp(path, "-") == 0 ? _("standard input") : path, error->text);
	reading->failed = true;
	if (error->status == STATUS_USAGE)
		reading->misused = true;
}

void reading_failed(struct reading *reading, const struct source *source, const struct error *error)
{
	report(reading, source_name(source), error);
}

/* All files of a run are open at the same time; a ring of captures can be more than the usual 1024. */
static void allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

bool reading_open(struct reading *reading, char **paths, int count, const char *filter, bool again)
{
	struct source_options options = { .filter = filter, .spool = again, .idle_ms = IDLE_MS };
	struct error error;

	*reading = (struct reading){
		.sources = calloc((size_t)count, sizeof(*reading->sources)),
		.places = calloc((size_t)count, sizeof(*reading->places)),
	};
	if (!reading->sources || !reading->places)
		return false;
	allow_many_files();
	for (int i = 0; i < count && !reading->misused; i++) {
		struct source **source = &reading->sources[reading->count];

		if (source_open(paths[i], &options, source, &error) == STATUS_OK)
			reading->places[reading->count++] = (size_t)i;
		else
			report(reading, paths[i], &error);
	}
	return true;
}

void reading_rewind(struct reading *reading)
{
	struct error error;
	size_t kept = 0;

	for (size_t i = 0; i < reading->count; i++) {
		if (source_rewind(reading->sources[i], &error) == STATUS_OK) {
			reading->sources[kept++] = reading->sources[i];
			continue;
		}
		reading_failed(reading, reading->sources[i], &error);
		source_free(reading->sources[i]);
	}
	reading->count = kept;
}

bool reading_is_stream(const char *path)
{
	struct stat status;

	if (strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &status) : stat(path, &status))
		return false;
	return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISCHR(status.st_mode);
}

void reading_clear(struct reading *reading)
{
	for (size_t i = 0; i < reading->count; i++)
		source_free(reading->sources[i]);
	free(reading->sources);
	free(reading->places);
	*reading = (struct reading){ 0 };
}
