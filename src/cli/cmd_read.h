/* `tcpwhy read`: its settings, and the parts that it is made of. */
#ifndef TCPWHY_CLI_CMD_READ_H
#define TCPWHY_CLI_CMD_READ_H

#include "cli/command.h"
#include "cli/reading.h"
#include "cli/terminal.h"
#include "report/report.h"
#include "vantage/vantage.h"

struct read_settings {
	const char *filter;
	const char *write_to;
	uint64_t frame;            /* 0: any */
	uint64_t connection;       /* 0: any */
	uint64_t max_connections;  /* 0: the default */
	struct option_list at;     /* NAME=FILE */
	bool all, json, connections, ladder, ascii, one_pass;
};

struct extract;

#define LADDERS_MAX 3 /* drawn unless one connection was asked for */

/* The connections whose ladder will be drawn, by number. */
struct picks {
	uint64_t harmful[LADDERS_MAX], harmless[LADDERS_MAX];
	size_t harmful_count, harmless_count;
	uint64_t last;    /* the connection of the last verdict, so that neighbours count once */
	uint64_t offered; /* connections with verdicts, about: those of others may lie between */
};

/* The first reading: what it prints and what it remembers for the second. */
struct findings {
	const struct read_settings *settings;
	struct reading *reading;
	struct report_style style;
	struct summary *summary;
	struct extract *extract;   /* NULL: no -w */
	struct picks picks;
	struct buffer text;
	uint64_t count;            /* verdicts */
	uint64_t matched;          /* of them, those that --frame and --connection let pass */
	bool each;                 /* print each verdict as it comes */
	bool flush;                /* somebody waits for it */
	bool quiet;                /* standard output holds the capture of -w */
	const struct vantages *vantages; /* NULL: one capture */
	struct {
		uint32_t groups[LADDERS_MAX];
		size_t count;
	} ways[2];                       /* connections to be drawn between vantages: those that hurt, the others */
};

struct analysis_sink findings_sink(struct findings *findings);
/* What comes after the last verdict. EXIT_FAILED where what was asked for is not there. */
enum exit_status findings_end(struct findings *findings, const struct analysis_totals *totals);

/* Read again and draw the ladders. EXIT_FAILED when out of memory. */
enum exit_status ladders_draw(struct findings *findings, struct reading *reading,
                              const struct analysis_options *options);

/* ---- extract.c: -w, the connections concerned with their verdicts as comments ---- */
/* NULL when out of memory. */
struct extract *extract_new(void);
/* Remember the connection of a verdict, and its comment. */
void extract_add(struct extract *extract, const struct verdict *verdict);
/* Read again and write. Complains where that fails. */
enum exit_status extract_write(struct extract *extract, struct reading *reading, const char *path);
/* NULL is allowed. */
void extract_free(struct extract *extract);

/* ---- vantages.c: several captures of the same traffic ---- */
struct vantages_found {
	bool together;
	bool alone;              /* each of them is to be read by itself */
	struct recognition recognition;
};

/*
 * Whether the files are vantages, and why not, which is said where somebody would want to know; `stream`: one of them
 * comes as it is captured. False: no memory.
 */
bool vantages_recognise(const struct read_settings *settings, struct reading *reading, bool stream,
                        struct vantages_found *ret_found);
/* Read them as one, and report. */
enum exit_status vantages_report(struct findings *findings, struct reading *reading,
                                 const struct analysis_options *options, const struct vantages_found *found);
/* Draw the connections that were picked between their vantages. */
enum exit_status vantages_draw(struct findings *findings, const struct vantages *vantages);
/* Put those with one name behind each other, as they were given: they are parts of one capture. All have a name. */
void vantages_gather(struct option_list *at);
/* The file of NAME=FILE; NULL where it is not of that form. */
const char *vantages_path(const char *given);

#endif
