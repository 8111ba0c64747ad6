/* What `watch` and `run` say about resets as they happen. */
#ifndef TCPWHY_CLI_LIVE_OUTPUT_H
#define TCPWHY_CLI_LIVE_OUTPUT_H

#include "cli/command.h"
#include "diagnose/diagnose.h"
#include "live/session.h"

struct live_filter {
	const char *command;      /* of a process at either end; NULL: any */
	bool follow;              /* only what concerns followed processes */
	enum cause_id cause;      /* or a refinement of it; CAUSE_NONE: any */
	enum harm harm;           /* or worse */
};

/* Understand a word; NULL is any harm. False where it is none. */
bool live_filter_harm(struct live_filter *filter, const char *word);

struct live_output_options {
	bool verbose, json;
	int64_t summary_ns;       /* between two summaries; 0: only at the end */
	int fd;                   /* where to print; 0: standard output */
};

struct live_output;

/* NULL when out of memory. The filter is copied. */
struct live_output *live_output_new(const struct live_output_options *options, const struct live_filter *filter);
struct session_sink live_output_sink(struct live_output *output);
/* Say at the end, and in summaries, what this tracer counted. */
void live_output_counts(struct live_output *output, struct tracer *tracer);
/* Say that it is watching. */
void live_output_begin(struct live_output *output);
/* A moment of the monotonic clock: a summary may be due. */
void live_output_tick(struct live_output *output, int64_t now_ns);
/* Nobody reads any more. */
bool live_output_failed(const struct live_output *output);
/* The last summary. */
enum exit_status live_output_end(struct live_output *output);
/* NULL is allowed. */
void live_output_free(struct live_output *output);

#endif
