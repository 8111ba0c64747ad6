/* Findings for people and programs: one renderer each. All text that came from packets is made harmless first. */
#ifndef TCPWHY_REPORT_REPORT_H
#define TCPWHY_REPORT_REPORT_H

#include "analysis/analysis.h"
#include "base/buffer.h"

struct report_style {
	bool colour;     /* ANSI colours */
	bool ascii;      /* no Unicode */
	unsigned width;  /* columns to wrap at; 0: do not wrap */
};

/* ---- text.c ---- */
/*
 * One verdict in full, as in the first screen of README. `count` numbers it ("reset 1"). Times are seconds since the
 * first packet of the connection where the evidence knows its age, else before the RST, negative. `file` may be NULL.
 */
void report_text_verdict(struct buffer *out, const struct verdict *verdict, const char *file, uint64_t count,
                         const struct report_style *style);

/* ---- summary.c: findings grouped by cause and server, the worst first ---- */
struct summary;
struct summary *summary_new(void);
/* Take one verdict into its group. Groups are bounded; what no longer fits is counted apart. */
void summary_add(struct summary *summary, const struct verdict *verdict, const char *file);
void report_text_summary(struct buffer *out, const struct summary *summary, const struct analysis_totals *totals,
                         const struct report_style *style);
void report_json_summary(struct buffer *out, const struct summary *summary, const struct analysis_totals *totals);
void summary_free(struct summary *summary);

/* Resets that were counted only, by what they have in common, since the last summary. */
struct live_flood {
	uint64_t count;
	bool sent;                /* by this host; else received */
	const char *reason;       /* as the kernel names it; "" for none */
	uint16_t port;            /* of this host */
	struct address peer;
};

#define FLOODS_MAX 8

/* Numbers for the summary of what a kernel told. */
struct live_totals {
	uint64_t sent, received;  /* RSTs that TCP of this host sent and took: all of them, shown or not */
	uint64_t told;            /* resets and ends that passed the filters */
	uint64_t counted_only;    /* events beyond what is handed over in a second */
	uint64_t lost;            /* events for which there was no room; counted all the same */
	uint64_t map_full;        /* times that the kernel side missed something, or could not remember it */
	struct live_flood floods[FLOODS_MAX]; /* the largest first */
	size_t flood_count;
};
void report_text_live_summary(struct buffer *out, const struct summary *summary, const struct live_totals *totals,
                              const struct report_style *style);
void report_json_live_summary(struct buffer *out, const struct summary *summary, const struct live_totals *totals);

/* ---- json.c: one line each, with a newline; docs/json.md and docs/tcpwhy.schema.json describe them ---- */
void report_json_verdict(struct buffer *out, const struct verdict *verdict, const char *file);
void report_json_connection(struct buffer *out, const struct conversation *conversation, const char *file);

/* ---- ladder.c: the sequence between the two ends ---- */
struct ladder;
/*
 * Keeps the first and the last `max_notes` / 2 segments of one conversation, the first that it is given; what lies
 * between is counted. NULL when out of memory.
 */
struct ladder *ladder_new(size_t max_notes);
/* One for the first LADDER_CONNECTIONS_MAX connections together, for the lab. */
struct ladder *ladder_new_together(size_t max_notes);
#define LADDER_CONNECTIONS_MAX 64
void ladder_add(struct ladder *ladder, const struct conversation *conversation, const struct note *note);
/* Beside the RST with this frame stands its verdict; texts are copied. */
void ladder_add_verdict(struct ladder *ladder, const struct verdict *verdict);
/* Something that happened at one end or to both, after what was added before; the text is copied. */
enum ladder_place {
	LADDER_LEFT,
	LADDER_RIGHT,
	LADDER_ACROSS,
};
void ladder_add_remark(struct ladder *ladder, int64_t time_ns, enum ladder_place place, const char *text);
void report_ladder(struct buffer *out, const struct ladder *ladder, const struct report_style *style);
void ladder_free(struct ladder *ladder);

/* ---- catalogue.c: `tcpwhy causes` ---- */
void report_causes_list(struct buffer *out, const struct report_style *style);
void report_cause(struct buffer *out, enum cause_id id, const struct report_style *style);
/* tcpwhy-causes.7, roff (mdoc). */
void report_causes_man(struct buffer *out);
/* One JSON object a cause a line. */
void report_causes_json(struct buffer *out);

/* ---- comment.c ---- */
/* The verdict as one plain paragraph, for a packet comment. */
void report_comment(struct buffer *out, const struct verdict *verdict);

#endif
