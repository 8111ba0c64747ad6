/* `tcpwhy lab article`: what a row of the account says, before its scenario is played. */
#include <string.h>

#include "cli/cmd_lab.h"
#include "report/json_text.h"
#include "report/layout.h"

#define ARTICLE "article"
#define INDENT 2

bool lab_article_names(const char *name, const struct article_row **ret_row)
{
	size_t len = strlen(ARTICLE);

	*ret_row = NULL;
	if (strncmp(name, ARTICLE, len) != 0 || (name[len] && name[len] != '/'))
		return false;
	if (!name[len])
		return true;
	*ret_row = article_find(name + len + 1);
	return *ret_row;
}

static void put_paragraph(struct buffer *out, const char *label, const char *text, const struct report_style *style)
{
	layout_spaces(out, INDENT);
	buffer_puts(out, label);
	layout_wrap(out, text, INDENT + layout_columns(label), INDENT, style);
}

void lab_show_row(struct buffer *out, const struct article_row *row, const struct report_style *style)
{
	struct buffer name = BUFFER_INIT(SCENARIO_NAME_MAX);

	buffer_printf(&name, "%s/%s", ARTICLE, row->name);
	buffer_puts(out, "\n");
	layout_ink(out, style, INK_BOLD, buffer_text(&name));
	buffer_puts(out, "\n");
	put_paragraph(out, "", _(row->told), style);
	if (row->today)
		put_paragraph(out, _("Linux today: "), _(row->today), style);
	buffer_puts(out, "\n");
	buffer_clear(&name);
}

void lab_json_row(struct buffer *out, const struct article_row *row)
{
	json_t *line = json_line_new("row");

	json_put(line, "name", json_text(row->name));
	json_put(line, "told", json_text(_(row->told)));
	json_put(line, "today", row->today ? json_text(_(row->today)) : json_null());
	json_line_end(out, line);
}
