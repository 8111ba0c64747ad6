#include <stdlib.h>

#include "cli/cmd_lab.h"
#include "report/layout.h"

#define NOTES_MAX 400
#define NAME_COLUMNS 32

static void show_causes_of(struct buffer *out, enum family family, const struct report_style *style)
{
	char name[SCENARIO_NAME_MAX];
	bool first = true;

	for (unsigned id = 0; id < CAUSES; id++) {
		const struct cause *cause = cause_get(id);

		for (const struct scenario *s = cause->scenarios; cause->family == family && s && s->title; s++) {
			if (first)
				buffer_printf(out, "%s%s\n", out->len ? "\n" : "", family_title(family));
			first = false;
			layout_spaces(out, 2);
			layout_pad(out, lab_scenario_name(name, id, s), NAME_COLUMNS);
			layout_wrap(out, _(s->title), NAME_COLUMNS + 2, NAME_COLUMNS + 2, style);
		}
	}
}

/* Without those that stand below their causes already. */
static void show_article(struct buffer *out, const struct report_style *style)
{
	char name[SCENARIO_NAME_MAX];

	buffer_printf(out, "\n%s\n", _("The classic account of resets, all of it: `tcpwhy lab article`; of its own are"));
	for (const struct article_row *row = article_rows; row->name; row++) {
		if (row->cause < CAUSES)
			continue;
		layout_spaces(out, 2);
		layout_pad(out, lab_scenario_name(name, row->cause, article_scenario(row)), NAME_COLUMNS);
		layout_wrap(out, _(article_scenario(row)->title), NAME_COLUMNS + 2, NAME_COLUMNS + 2, style);
	}
}

void lab_show_list(struct buffer *out, const struct report_style *style)
{
	for (unsigned family = 0; family < FAMILIES; family++)
		show_causes_of(out, family, style);
	show_article(out, style);
	buffer_printf(out, "\n%s\n", _("`tcpwhy lab CAUSE` plays one, `tcpwhy lab --all --check` checks them all."));
}

void lab_show_story(struct buffer *out, enum cause_id cause, const struct scenario *scenario,
                    const struct report_style *style)
{
	char name[SCENARIO_NAME_MAX];

	/* One of no cause stands below the name of its row. */
	if (cause < CAUSES) {
		layout_ink(out, style, INK_BOLD, lab_scenario_name(name, cause, scenario));
		buffer_puts(out, ": ");
	}
	buffer_printf(out, "%s\n", _(scenario->title));
	if (scenario->story) {
		layout_spaces(out, 2);
		layout_wrap(out, _(scenario->story), 2, 2, style);
	}
}

/* One reading of the capture, for both. */
struct showing {
	struct ladder *ladder;
	struct buffer verdicts;
	const struct report_style *style;
	uint64_t count;
};

static void take_note(void *user, struct conversation *conversation, const struct note *note,
                      const struct segment *segment)
{
	struct showing *showing = user;

	(void)segment;
	ladder_add(showing->ladder, conversation, note);
}

static void take_verdict(void *user, const struct verdict *verdict)
{
	struct showing *showing = user;

	ladder_add_verdict(showing->ladder, verdict);
	buffer_puts(&showing->verdicts, "\n");
	report_text_verdict(&showing->verdicts, verdict, NULL, ++showing->count, showing->style);
}

static void add_call(struct showing *showing, const struct event *event)
{
	const struct lab_call *call = &event->call;
	char text[LAB_CALL_MAX];
	struct buffer words = BUFFER_INIT(LAB_CALL_MAX + 64);

	lab_call_text(text, call);
	if (call->party == PARTY_CLIENT || call->party == PARTY_SERVER) {
		ladder_add_remark(showing->ladder, event->time_ns, call->party == PARTY_CLIENT ? LADDER_LEFT : LADDER_RIGHT,
		                  text);
		return;
	}
	buffer_printf(&words, "%s: %s", lab_party_text(call->party), text);
	ladder_add_remark(showing->ladder, event->time_ns, LADDER_ACROSS, buffer_text(&words));
	buffer_clear(&words);
}

static void take_between(void *user, const struct event *event)
{
	struct showing *showing = user;

	if (event->kind == EVENT_CALL)
		add_call(showing, event);
	else if (event->kind == EVENT_FRAME)
		ladder_add_remark(showing->ladder, event->time_ns, LADDER_ACROSS, _("and it is lost on its way"));
	else if (event->kind == EVENT_REMARK && event->text)
		ladder_add_remark(showing->ladder, event->time_ns, LADDER_ACROSS, event->text);
}

enum status lab_show(struct buffer *out, const struct record *record, enum party vantage,
                     const struct report_style *style)
{
	struct showing showing = {
		.ladder = ladder_new_together(NOTES_MAX), .verdicts = BUFFER_INIT(PRINTED_MAX), .style = style,
	};
	const struct analysis_sink sink = { .user = &showing, .verdict = take_verdict, .note = take_note };
	enum status status = showing.ladder ? record_read(record, vantage, &sink, take_between) : STATUS_MEMORY;

	if (status == STATUS_OK) {
		buffer_puts(out, "\n");
		report_ladder(out, showing.ladder, style);
		buffer_puts(out, buffer_text(&showing.verdicts));
		if (!showing.count)
			buffer_printf(out, _("\nseen from %s: no reset, and no end that needs an explanation\n"),
			              lab_party_text(vantage));
	}
	ladder_free(showing.ladder);
	buffer_clear(&showing.verdicts);
	return status;
}
