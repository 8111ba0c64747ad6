#include "report/report.h"

#include <string.h>

#include "base/text.h"
#include "diagnose/explain.h"
#include "report/catalogue.h"
#include "report/layout.h"

#define TEXT_MAX 8192
#define ID_COLUMNS 26
#define SHORT_COLUMNS 10

void catalogue_text(struct buffer *out, const char *text)
{
	explain_named(out, text, _("the sender"), _("the receiver"));
}

const char *told_by_id(enum told_by told_by)
{
	static const char *const ids[] = {
		[TOLD_BY_WIRE] = "wire",
		[TOLD_BY_LIKELY] = "likely",
		[TOLD_BY_KERNEL] = "kernel",
		[TOLD_BY_TWO] = "two",
	};

	return ids[told_by];
}

const char *family_id(enum family family)
{
	static const char *const ids[FAMILIES] = {
		[FAMILY_REFUSED] = "refused",
		[FAMILY_PROBING] = "probing",
		[FAMILY_ABORTED] = "aborted",
		[FAMILY_CLOSED] = "closed",
		[FAMILY_FORGOTTEN] = "forgotten",
		[FAMILY_TIMER] = "timer",
		[FAMILY_NETWORK] = "network",
		[FAMILY_OTHER] = "other",
		[FAMILY_ENDING] = "ending",
	};

	return ids[family];
}

/* One word, explained under the list. */
static const char *told_by_short(enum told_by told_by)
{
	switch (told_by) {
	case TOLD_BY_WIRE: return _("certain");
	case TOLD_BY_LIKELY: return _("likely");
	case TOLD_BY_KERNEL: return _("kernel");
	default: return _("two ends");
	}
}

static void list_cause(struct buffer *out, const struct cause *cause, const struct report_style *style)
{
	buffer_puts(out, "  ");
	layout_ink(out, style, INK_BOLD, cause->id);
	layout_spaces(out, ID_COLUMNS - layout_columns(cause->id));
	layout_pad(out, cause == cause_get(CAUSE_unknown) ? "" : told_by_short(cause->told_by), SHORT_COLUMNS);
	layout_wrap(out, _(cause->title), 2 + ID_COLUMNS + SHORT_COLUMNS, 2 + ID_COLUMNS + SHORT_COLUMNS, style);
}

static void list_legend(struct buffer *out, const struct report_style *style)
{
	buffer_puts(out, "\n");
	for (enum told_by told_by = TOLD_BY_WIRE; told_by <= TOLD_BY_TWO; told_by++) {
		buffer_puts(out, "  ");
		layout_pad(out, told_by_short(told_by), SHORT_COLUMNS);
		layout_wrap(out, told_by_text(told_by), 2 + SHORT_COLUMNS, 2 + SHORT_COLUMNS, style);
	}
}

void report_causes_list(struct buffer *out, const struct report_style *style)
{
	for (enum family family = 0; family < FAMILIES; family++) {
		buffer_puts(out, family ? "\n" : "");
		layout_ink(out, style, INK_BOLD, family_title(family));
		buffer_puts(out, "\n");
		for (enum cause_id id = 0; id < CAUSES; id++)
			if (cause_get(id)->family == family)
				list_cause(out, cause_get(id), style);
	}
	list_legend(out, style);
}

/* One row of a cause, for every text that it may have. */
static void add_text(struct buffer *out, const struct report_style *style, const char *label, const char *text)
{
	struct buffer filled = BUFFER_INIT(TEXT_MAX);

	if (text)
		catalogue_text(&filled, text);
	layout_rows(out, style, label, buffer_text(&filled));
	buffer_clear(&filled);
}

static const char *receiver_text(const struct cause *cause)
{
	return cause->receiver_sees ? cause->receiver_sees : N_("it depends on the state that its connection is in");
}

/* The end of a list that is separated by "; ": one a line. */
static void add_references(struct buffer *out, const struct report_style *style, const char *references)
{
	struct buffer lines = BUFFER_INIT(TEXT_MAX);

	for (const char *c = _(references); *c; c++) {
		if (strncmp(c, "; ", 2) == 0)
			buffer_puts(&lines, "\n"), c++;
		else
			buffer_add(&lines, c, 1);
	}
	layout_rows(out, style, _("see also"), buffer_text(&lines));
	buffer_clear(&lines);
}

/* Whether a capture tells it, and if not, what it names instead. */
static void add_told_by(struct buffer *out, const struct cause *cause, const struct report_style *style)
{
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	buffer_puts(&text, told_by_text(cause->told_by));
	if (cause->parent != CAUSE_NONE)
		buffer_printf(&text, _("; a capture that cannot tell it names %s"), cause_get(cause->parent)->id);
	layout_row(out, style, _("known"), buffer_text(&text));
	buffer_clear(&text);
}

void report_cause(struct buffer *out, enum cause_id id, const struct report_style *style)
{
	const struct cause *cause = cause_get(id);

	layout_ink(out, style, INK_BOLD, cause->id);
	buffer_puts(out, ": ");
	layout_wrap(out, _(cause->title), layout_columns(cause->id) + 2, 2, style);
	add_text(out, style, _("what"), cause->what);
	add_text(out, style, _("who"), cause->who);
	add_told_by(out, cause, style);
	add_text(out, style, _("decides"), cause->decide);
	add_text(out, style, _("sender"), cause->sender_sees);
	add_text(out, style, _("receiver"), receiver_text(cause));
	add_text(out, style, _("BSD"), cause->bsd);
	add_text(out, style, _("Windows"), cause->windows);
	add_text(out, style, _("harm"), cause->harm_text);
	add_text(out, style, _("do"), cause->advice);
	add_text(out, style, _("try it"), cause->reproduce);
	add_references(out, style, cause->references);
}
