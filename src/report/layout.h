/* What the renderers for people share: columns, wrapping, colours, and names that came from outside. */
#ifndef TCPWHY_REPORT_LAYOUT_H
#define TCPWHY_REPORT_LAYOUT_H

#include "report/report.h"

enum ink {
	INK_PLAIN,
	INK_BOLD,
	INK_DIM,
	INK_RED,
	INK_GREEN,
	INK_YELLOW,
};

#define LAYOUT_TEXT 12   /* column where the text of a row begins */
#define LAYOUT_NARROW 40 /* narrower than this nothing can be read: lines are longer than the style's width then */

/* to - from; times of a damaged file may lie any distance apart, so it wraps instead of overflowing. */
static inline int64_t time_between(int64_t from, int64_t to)
{
	return (int64_t)((uint64_t)to - (uint64_t)from);
}

/* Columns that valid UTF-8 takes: one a character. */
size_t layout_columns(const char *text);
/* Add `text`, in colour where the style has colours. */
void layout_ink(struct buffer *out, const struct report_style *style, enum ink ink, const char *text);
void layout_spaces(struct buffer *out, size_t count);
/* Add `text` and as many spaces as it takes to fill `columns`, one at least. */
void layout_pad(struct buffer *out, const char *text, size_t columns);
/*
 * Add `text` at `column`, where the line is now, and a newline. Lines that would pass the style's width are broken at
 * spaces; what follows begins at column `hang`.
 */
void layout_wrap(struct buffer *out, const char *text, size_t column, size_t hang, const struct report_style *style);
/* How many bytes of `text` fit into `columns`, broken at a space where there is one; all of them where columns is 0. */
size_t layout_fit(const char *text, size_t columns);
/* Columns that are left for text at `column`; 0: as many as it takes. */
size_t layout_room(const struct report_style *style, size_t column);
/* "  label     text" with a newline, wrapped. Nothing where text is empty. */
void layout_row(struct buffer *out, const struct report_style *style, const char *label, const char *text);
/* One row a line of `text`; the label stands before the first. */
void layout_rows(struct buffer *out, const struct report_style *style, const char *label, const char *text);
/* The label of a row, after which the line is at LAYOUT_TEXT or beyond; returns the column. */
size_t layout_label(struct buffer *out, const struct report_style *style, const char *label);

/*
 * Add a text that came from outside (a file name): valid and harmless UTF-8 as it is, everything else as \xNN. The
 * result is valid UTF-8 and steers no terminal.
 */
void layout_name(struct buffer *out, const char *name);
/* The same, in quotes where a shell would need them. */
void layout_shell_name(struct buffer *out, const char *name);

/* What both ends are called in lists: "certain", "likely", "unknown", translated. */
const char *certainty_text(enum certainty certainty);

/* The fixed words of the JSON output for the ends of a connection: "closed", "half-closed", … */
const char *ending_id(enum ending ending);
/* The same for people, translated. */
const char *ending_text(enum ending ending);

#endif
