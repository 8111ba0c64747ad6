/* `tcpwhy lab`: its settings, and the parts that it is made of. */
#ifndef TCPWHY_CLI_CMD_LAB_H
#define TCPWHY_CLI_CMD_LAB_H

#include "cause/article.h"
#include "cli/lab_record.h"
#include "cli/terminal.h"

struct lab_settings {
	bool kernel;
	bool all, check, explain, pause, json, ascii, real_time, ipv4, ipv6;
	const char *at;        /* "client", "router", "server"; NULL: the client */
	const char *write_to;  /* a directory */
	const char *client, *server;
};

/* ---- lab_show.c: for people */
/* The scenarios by family, a line each. */
void lab_show_list(struct buffer *out, const struct report_style *style);
/* What will happen. */
void lab_show_story(struct buffer *out, enum cause_id cause, const struct scenario *scenario,
                    const struct report_style *style);
/* The time line and the verdict from a vantage. */
enum status lab_show(struct buffer *out, const struct record *record, enum party vantage,
                     const struct report_style *style);

/* ---- lab_article.c */
/* Whether a name is "article", then *ret_row is NULL, or "article/ROW". */
bool lab_article_names(const char *name, const struct article_row **ret_row);
/* What the account says in this row, and what is different today. */
void lab_show_row(struct buffer *out, const struct article_row *row, const struct report_style *style);
void lab_json_row(struct buffer *out, const struct article_row *row);

/* ---- lab_judge.c */
/* Compare what `read` says from every vantage with what the scenario expects; differences become faults. */
enum status lab_judge(struct record *record);

/* ---- lab_kernel.c, lab_kernel_judge.c: what the kernel says of a play (`--kernel`) */
struct lab_kernel;
/* NULL where it cannot be asked, which is complained of. */
struct lab_kernel *lab_kernel_new(void);
/* Listen to the play of this record, which comes next, until lab_kernel_end(). */
void lab_kernel_begin(struct lab_kernel *kernel, struct record *record);
/* Keep what concerns the connections of this play. */
void lab_kernel_end(struct lab_kernel *kernel);
/* Events of this host that were missed during the play: what the kernel says of it may lack them. */
uint64_t lab_kernel_missed(const struct lab_kernel *kernel);
void lab_kernel_show(struct buffer *out, const struct lab_kernel *kernel, const struct report_style *style);
void lab_kernel_json(struct buffer *out, const struct lab_kernel *kernel);
/* Compare it with what the scenario expects; differences become faults. */
void lab_kernel_judge(struct record *record, const struct lab_kernel *kernel);
/* NULL is allowed. */
void lab_kernel_free(struct lab_kernel *kernel);

/* ---- lab_json.c: one object a line (docs/json.md) */
enum status lab_json(struct buffer *out, const struct record *record, enum party vantage);

/* ---- lab_pause.c */
/* Tell what came since the last call, then `text`, and wait for Enter. */
void lab_pause(struct record *record, const char *text);

/* ---- lab_write.c */
/* DIR/NAME-ipv4-client.pcapng and so on, with the calls as packet comments. Complains where that fails. */
enum exit_status lab_write(const struct record *record, const char *directory);

#endif
