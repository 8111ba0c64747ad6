#include "report/log_line.h"

#include "base/text.h"
#include "cause/errors.h"
#include "report/layout.h"

#define CAUSE_COLUMN 24 /* where the titles of causes begin */

static void add_cause(struct buffer *out, enum cause_id id, const char *label, const struct report_style *style)
{
	const struct cause *cause = cause_get(id);
	size_t column = layout_label(out, style, label);

	layout_ink(out, style, INK_BOLD, cause->id);
	column += layout_columns(cause->id);
	if (column < LAYOUT_TEXT + CAUSE_COLUMN) {
		layout_spaces(out, LAYOUT_TEXT + CAUSE_COLUMN - column);
		column = LAYOUT_TEXT + CAUSE_COLUMN;
	}
	layout_spaces(out, 1);
	layout_wrap(out, _(cause->title), column + 1, LAYOUT_TEXT + CAUSE_COLUMN + 1, style);
}

static void add_message(struct buffer *out, const struct error_message *message, const struct report_style *style)
{
	const struct error_meaning *meaning = message->meaning;

	layout_ink(out, style, INK_BOLD, message->pattern);
	buffer_puts(out, "\n");
	layout_row(out, style, _("from"), _(message->printed_by));
	layout_row(out, style, _("means"), _(meaning->means));
	for (size_t i = 0; meaning->causes[i] != CAUSE_NONE; i++)
		add_cause(out, meaning->causes[i], i ? "" : _("causes"), style);
	if (meaning->apart)
		layout_row(out, style, _("which"), _(meaning->apart));
	layout_rows(out, style, _("do"), _(meaning->next));
}

size_t report_log_line(struct buffer *out, const char *line, const struct report_style *style)
{
	const struct error_message *matches[ERROR_MATCHES_MAX];
	size_t count = errors_find(line, matches);

	for (size_t i = 0; i < count; i++) {
		if (i)
			buffer_puts(out, "\n");
		add_message(out, matches[i], style);
	}
	return count;
}
