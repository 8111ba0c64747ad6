/* From a line of a log back to the causes: what programs and libraries print when a connection breaks. */
#ifndef TCPWHY_CAUSE_ERRORS_H
#define TCPWHY_CAUSE_ERRORS_H

#include <stddef.h>

#include "cause/cause.h"

#define ERROR_CAUSES_MAX 10
#define ERROR_MATCHES_MAX 3

/* What a message says about the connection. Texts are English, marked with N_(). */
struct error_meaning {
	const char *name;                              /* for tests: "reset_read" */
	enum cause_id causes[ERROR_CAUSES_MAX + 1];    /* the likeliest first; ends with CAUSE_NONE, may be empty */
	const char *means;                             /* which call failed with what, and what that says */
	const char *apart;                             /* how to tell the causes apart; NULL where there is nothing to tell */
	const char *next;                              /* what to do, one item a line */
};

/* One message as it stands in a log. */
struct error_message {
	const char *pattern;
	const char *printed_by;
	const struct error_meaning *meaning;
	bool is_word;                                  /* a code such as UC or SD: letter case counts, and so do its borders */
};

/*
 * Find what is known in `line`: one match a meaning, the longest pattern first. Returns how many.
 * `line` may hold anything.
 */
size_t errors_find(const char *line, const struct error_message *ret_matches[ERROR_MATCHES_MAX]);
/* Every message, in no particular order; NULL past the last. */
const struct error_message *errors_get(size_t index);

#endif
