/* What `watch` and `run` say about resets as they happen. */
#ifndef TCPWHY_CLI_LIVE_OUTPUT_H
#define TCPWHY_CLI_LIVE_OUTPUT_H

#include <stdio.h>

#include "cli/command.h"
#include "cli/live_filter.h"
#include "cli/live_top.h"
#include "live/session.h"
#include "report/report.h"
#include "source/writer.h"

struct live_output_options {
	bool verbose, json;
	bool stacks;              /* the session takes them */
	bool top;                 /* a screen in place of lines */
	int64_t summary_ns;       /* between two summaries; 0: only at the end */
	FILE *stream;             /* where to print */
	bool totals;              /* end with a summary */
	bool terminal;            /* in the style of the terminal at standard output */
	const char *write_to;     /* a pcapng file of the resets, or NULL */
};

struct live_output {
	struct live_output_options options;
	const struct live_filter *filter;
	struct report_style style;
	struct buffer text;
	struct summary *summary;
	struct writer *writer;
	struct live_top *top;         /* NULL without --top */
	bool left;                    /* the user wants to leave */
	struct tracer *tracer;        /* whose counts stand in summaries; NULL: none yet */
	const struct analysis_totals *packets; /* of a capture, which stand there instead; NULL: the kernel is traced */
	uint64_t told;
	int64_t next_summary_ns;      /* monotonic */
	struct error error;           /* the first thing that could not be written */
};

/* STATUS_OK, STATUS_MEMORY, or STATUS_IO for a file that cannot be written. The filter outlives the output. */
enum status live_output_init(struct live_output *output, const struct live_output_options *options,
                             const struct live_filter *filter, struct error *error);
/* Add one line about a reset, as `watch` prints it. */
void live_output_line(struct buffer *out, const struct verdict *verdict);
struct session_sink live_output_sink(struct live_output *output);
/* Tell of a reset or an end where it passes the filter; `followed`: a followed process is at one of its ends. */
void live_output_verdict(struct live_output *output, const struct verdict *verdict, bool followed);
/* Print a summary where one is due at this moment of the monotonic clock. */
void live_output_tick(struct live_output *output, int64_t now_ns);
/* Print the last summary. EXIT_FAILED where anything could not be written; says so. */
enum exit_status live_output_end(struct live_output *output);
void live_output_clear(struct live_output *output);

#endif
