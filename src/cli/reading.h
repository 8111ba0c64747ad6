/* The files of one run of `tcpwhy read`: a bad one is reported, and the others are still read. */
#ifndef TCPWHY_CLI_READING_H
#define TCPWHY_CLI_READING_H

#include <stdbool.h>

#include "source/source.h"

struct reading {
	struct source **sources; /* those that could be opened … */
	size_t *places;          /* … and which of the paths each is */
	size_t count;
	bool failed;             /* something was reported */
	bool misused;            /* it was the filter */
};

/*
 * Open every path, complaining about those that cannot be. `again`: reading_rewind() will follow, so pipes are spooled.
 * False when out of memory; *reading is to be cleared in any case.
 */
bool reading_open(struct reading *reading, char **paths, int count, const char *filter, bool again);
/* Report what kept a source from being read to its end. */
void reading_failed(struct reading *reading, const struct source *source, const struct error *error);
/* Go back to the start of every source; one that cannot is reported and left out. */
void reading_rewind(struct reading *reading);
/* Whether `path` delivers as it goes (a pipe, a socket, a terminal) rather than being a file. */
bool reading_is_stream(const char *path);
void reading_clear(struct reading *reading);

#endif
