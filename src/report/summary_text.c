#include "report/summary.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "diagnose/explain.h"
#include "report/layout.h"

#define SHOWN_MAX 20   /* groups in full */
#define TEXT_MAX 4096

static void add_comma(struct buffer *text)
{
	if (text->len)
		buffer_puts(text, ", ");
}

static void add_totals(struct buffer *out, const struct analysis_totals *totals, const struct report_style *style)
{
	struct buffer text = BUFFER_INIT(TEXT_MAX);
	char duration[CLOCK_TEXT_MAX];

	buffer_printf(&text, NG_("%" PRIu64 " frame", "%" PRIu64 " frames", totals->frames), totals->frames);
	buffer_printf(&text, NG_(", %" PRIu64 " TCP segment", ", %" PRIu64 " TCP segments", totals->segments),
	              totals->segments);
	buffer_printf(&text, NG_(", %" PRIu64 " connection", ", %" PRIu64 " connections", totals->connections),
	              totals->connections);
	buffer_printf(&text, NG_(", %" PRIu64 " reset", ", %" PRIu64 " resets", totals->resets), totals->resets);
	if (totals->frames > 1)
		buffer_printf(&text, _(", in %s"),
		              clock_duration(duration, (int64_t)clock_elapsed(totals->first_time_ns, totals->last_time_ns)));
	layout_ink(out, style, INK_BOLD, buffer_text(&text));
	buffer_puts(out, "\n");
	buffer_clear(&text);
}

static void add_endings(struct buffer *out, const struct analysis_totals *totals, const struct report_style *style)
{
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	for (int i = 0; i < ENDINGS; i++) {
		if (!totals->endings[i])
			continue;
		add_comma(&text);
		buffer_printf(&text, "%" PRIu64 " %s", totals->endings[i], ending_text(i));
	}
	layout_row(out, style, _("ended"), buffer_text(&text));
	buffer_clear(&text);
}

/* "12 resets: 10 certain, 2 likely" */
static void add_counts(struct buffer *text, const struct group *group)
{
	struct buffer split = BUFFER_INIT(TEXT_MAX);
	const uint64_t counts[] = { group->certain, group->likely, group->unknown };
	const enum certainty kinds[] = { CERTAINTY_CERTAIN, CERTAINTY_LIKELY, CERTAINTY_UNKNOWN };

	for (int i = 0; i < 3; i++) {
		if (!counts[i])
			continue;
		add_comma(&split);
		if (counts[i] != group->count)
			buffer_printf(&split, "%" PRIu64 " ", counts[i]);
		buffer_puts(&split, certainty_text(kinds[i]));
	}
	if (cause_get(group->cause)->family == FAMILY_ENDING)
		buffer_printf(text, NG_("%" PRIu64 " connection", "%" PRIu64 " connections", group->count),
		              group->count);
	else
		buffer_printf(text, NG_("%" PRIu64 " reset", "%" PRIu64 " resets", group->count), group->count);
	buffer_printf(text, ", %s", buffer_text(&split));
	buffer_clear(&split);
}

static void add_ports(struct buffer *text, const struct group *group)
{
	buffer_printf(text, NG_(", %" PRIu64 " port", ", %" PRIu64 " ports", group->ports), group->ports);
}

static void add_where(struct buffer *text, const struct group *group, bool lower_bounds)
{
	char end[ENDPOINT_TEXT_MAX];

	group_end_text(end, group);
	switch (group->by) {
	case GROUP_BY_SERVER:
		buffer_printf(text, _("server %s"), end);
		break;
	case GROUP_BY_HOST:
		buffer_printf(text, _("host %s"), end);
		add_ports(text, group);
		break;
	case GROUP_BY_PROBER:
		buffer_printf(text, _("prober %s"), end);
		buffer_printf(text, NG_(", %" PRIu64 " host", ", %" PRIu64 " hosts", group->peers), group->peers);
		add_ports(text, group);
		break;
	}
	if (group->by != GROUP_BY_PROBER)
		buffer_printf(text, NG_(", %" PRIu64 " client", ", %" PRIu64 " clients", group->peers), group->peers);
	if (lower_bounds)
		buffer_puts(text, _(" (at least)"));
	buffer_puts(text, "; ");
	add_counts(text, group);
}

static void add_harm(struct buffer *out, const struct group *group, const struct report_style *style)
{
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	if (group->harm == HARM_DATA_LOST && group->lost_bytes)
		explain_bytes(&text, group->lost_bytes);
	else if (group->harm == HARM_DATA_LOST)
		buffer_puts(&text, _("data, nobody can say how much"));
	layout_row(out, style, _("lost"), buffer_text(&text));
	buffer_clear(&text);
}

/* The first piece of advice; the rest is with the example. */
static void add_advice(struct buffer *out, const struct group *group, const struct report_style *style)
{
	struct buffer advice = BUFFER_INIT(TEXT_MAX), first = BUFFER_INIT(TEXT_MAX);
	const char *text;
	size_t len = 0;

	explain_named(&advice, cause_get(group->cause)->advice, _("the sender"), _("the receiver"));
	text = buffer_text(&advice);
	while (text[len] && text[len] != '\n')
		len++;
	buffer_add(&first, text, len);
	layout_row(out, style, _("do"), buffer_text(&first));
	buffer_clear(&advice);
	buffer_clear(&first);
}

static void add_example(struct buffer *out, const struct group *group, const struct report_style *style)
{
	if (!group->frame)
		return;
	layout_label(out, style, _("see"));
	if (!group->file) {
		buffer_printf(out, _("frame %" PRIu64), group->frame);
	} else {
		buffer_printf(out, "tcpwhy read --frame %" PRIu64 " ", group->frame);
		layout_shell_name(out, group->file);
	}
	buffer_puts(out, "\n");
}

static void add_program(struct buffer *out, const char *format, const char *name, bool others)
{
	struct buffer text = BUFFER_INIT(256);

	if (!name[0])
		return;
	if (out->len)
		buffer_puts(out, "; ");
	layout_name(&text, name);
	if (others)
		buffer_puts(&text, _(" and others"));
	buffer_printf(out, format, buffer_text(&text));
	buffer_clear(&text);
}

static void add_programs(struct buffer *out, const struct group *group, const struct report_style *style)
{
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	add_program(&text, _("sent: %s"), group->sender, group->senders);
	add_program(&text, _("received: %s"), group->receiver, group->receivers);
	layout_row(out, style, _("programs"), buffer_text(&text));
	buffer_clear(&text);
}

static void add_group(struct buffer *out, const struct group *group, bool lower_bounds,
                      const struct report_style *style)
{
	const char *id = cause_get(group->cause)->id;
	struct buffer text = BUFFER_INIT(TEXT_MAX);
	size_t column = layout_columns(id) + 2;

	buffer_puts(out, "\n");
	layout_ink(out, style, group->harm == HARM_DATA_LOST ? INK_RED : INK_BOLD, id);
	buffer_puts(out, ": ");
	group_headline(&text, group);
	layout_wrap(out, buffer_text(&text), column, 2, style);
	buffer_reset(&text);
	add_where(&text, group, lower_bounds);
	layout_row(out, style, _("where"), buffer_text(&text));
	buffer_clear(&text);
	add_programs(out, group, style);
	add_harm(out, group, style);
	add_advice(out, group, style);
	add_example(out, group, style);
}

/* One line: how many, and of which causes. */
static void add_harmless(struct buffer *out, const struct summary *summary, const struct report_style *style)
{
	uint64_t counts[CAUSES] = { 0 }, all = 0;
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	for (size_t i = 0; i < summary->count; i++) {
		const struct group *group = &summary->groups[i];

		counts[group->cause] += group->harm == HARM_NONE ? group->count : 0;
		all += group->harm == HARM_NONE ? group->count : 0;
	}
	if (!all)
		return;
	buffer_printf(&text, NG_("%" PRIu64 " harmless:", "%" PRIu64 " harmless:", all), all);
	for (int i = 0, listed = 0; i < CAUSES; i++)
		if (counts[i])
			buffer_printf(&text, "%s %" PRIu64 " %s", listed++ ? "," : "", counts[i], cause_get(i)->id);
	buffer_puts(out, "\n");
	layout_wrap(out, buffer_text(&text), 0, 2, style);
	buffer_clear(&text);
}

static void add_groups(struct buffer *out, const struct summary *summary, const struct report_style *style)
{
	const struct group **sorted = summary_sorted(summary);
	size_t harmful = 0, shown = 0;

	while (sorted && harmful < summary->count && sorted[harmful]->harm != HARM_NONE)
		harmful++;
	for (; shown < harmful && shown < SHOWN_MAX; shown++)
		add_group(out, sorted[shown], summary->distinct_full, style);
	if (harmful > shown)
		buffer_printf(out, NG_("\nand %zu more group: --all\n", "\nand %zu more groups: --all\n",
		                       harmful - shown), harmful - shown);
	if (summary->left_out)
		buffer_printf(out, NG_("\n%" PRIu64 " more reset belongs to a group that was not kept: --all\n",
		                       "\n%" PRIu64 " more resets belong to groups that were not kept: --all\n",
		                       summary->left_out), summary->left_out);
	add_harmless(out, summary, style);
	free(sorted);
}

/* One line, where the number is not 0. */
static void add_loss(struct buffer *out, uint64_t count, const char *text, const struct report_style *style)
{
	struct buffer line = BUFFER_INIT(TEXT_MAX);

	if (count)
		buffer_printf(&line, "%" PRIu64 " %s", count, text);
	layout_row(out, style, _("left out"), buffer_text(&line));
	buffer_clear(&line);
}

static void add_losses(struct buffer *out, const struct analysis_totals *t, const struct report_style *style)
{
	struct buffer lost = BUFFER_INIT(TEXT_MAX), link = BUFFER_INIT(TEXT_MAX);

	buffer_printf(&link, _("frames of a link type that is not handled (%u)"), t->decoded.unknown_link_type);
	add_loss(&lost, t->dropped, _("packets came too fast to be looked at: what they would have told is missing"), style);
	add_loss(&lost, t->decoded.kinds[DECODED_MALFORMED], _("frames whose headers contradict themselves"), style);
	add_loss(&lost, t->decoded.kinds[DECODED_CUT], _("frames cut too short: capture with a larger snap length"),
	         style);
	add_loss(&lost, t->decoded.kinds[DECODED_UNKNOWN_LINK], buffer_text(&link), style);
	add_loss(&lost, t->decoded.fragments_lost, _("IP fragments whose other parts are missing"), style);
	add_loss(&lost, t->connections_let_go, _("connections let go before their end: the table was full"), style);
	add_loss(&lost, t->resets_sealed_early, _("resets judged before all that followed was seen"), style);
	add_loss(&lost, t->duplicates, _("frames captured twice, the copies not counted"), style);
	if (lost.len) {
		buffer_puts(out, "\n");
		buffer_add(out, lost.data, lost.len);
	}
	buffer_clear(&lost);
	buffer_clear(&link);
}

void report_text_summary(struct buffer *out, const struct summary *summary, const struct analysis_totals *totals,
                         const struct report_style *style)
{
	add_totals(out, totals, style);
	add_endings(out, totals, style);
	add_groups(out, summary, style);
	add_losses(out, totals, style);
}

static void add_count(struct buffer *out, const struct report_style *style, const char *text, uint64_t count)
{
	struct buffer line = BUFFER_INIT(256);

	if (!count)
		return;
	buffer_printf(&line, "%" PRIu64 " %s", count, text);
	layout_wrap(out, buffer_text(&line), 0, 2, style);
	buffer_clear(&line);
}

static void add_flood(struct buffer *out, const struct report_style *style, const struct live_flood *flood)
{
	struct buffer line = BUFFER_INIT(256);
	char peer[ADDRESS_TEXT_MAX];

	buffer_printf(&line, flood->sent ? _("  %" PRIu64 " sent by port %u to %s")
	                                 : _("  %" PRIu64 " received by port %u from %s"),
	              flood->count, flood->port, address_text(peer, &flood->peer));
	if (flood->reason[0]) {
		buffer_puts(&line, ", ");
		layout_name(&line, flood->reason);
	}
	layout_wrap(out, buffer_text(&line), 0, 4, style);
	buffer_clear(&line);
}

void report_text_live_summary(struct buffer *out, const struct summary *summary, const struct live_totals *totals,
                              const struct report_style *style)
{
	struct buffer text = BUFFER_INIT(256);

	buffer_printf(&text, NG_("%" PRIu64 " RST sent", "%" PRIu64 " RSTs sent", totals->sent), totals->sent);
	buffer_printf(&text, NG_(", %" PRIu64 " received", ", %" PRIu64 " received", totals->received), totals->received);
	buffer_printf(&text, NG_("; %" PRIu64 " reset or end told", "; %" PRIu64 " resets and ends told", totals->told),
	              totals->told);
	layout_wrap(out, buffer_text(&text), 0, 2, style);
	buffer_clear(&text);
	add_count(out, style, _("events came too fast: counted, and not told one by one"), totals->counted_only);
	add_count(out, style, _("events found no room on their way: counted, and not told one by one"), totals->lost);
	for (size_t i = 0; i < totals->flood_count; i++)
		add_flood(out, style, &totals->floods[i]);
	add_count(out, style, _("times the kernel side missed something, or could not remember it"), totals->map_full);
	add_groups(out, summary, style);
}
