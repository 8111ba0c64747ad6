/* How far a long run has come: one line on standard error, where that is a terminal. */
#ifndef TCPWHY_CLI_PROGRESS_H
#define TCPWHY_CLI_PROGRESS_H

#include "source/source.h"

/* Draw the line anew, unless the run is young or the line was drawn a moment ago. */
void progress_show(const struct source_position *position, unsigned pass, unsigned passes);
/* The same for a run that counts `done` of `total`. */
void progress_count(uint64_t done, uint64_t total);
/* Take the line away, before anything else is printed. */
void progress_clear(void);

#endif
