#include "report/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "diagnose/explain.h"
#include "report/layout.h"
#include "report/testimony.h"

#define TEXT_MAX 4096    /* of one row */
#define SHOWN_IN_FULL 2  /* candidates; the rest is named in one line */
#define SEEN_BY_INDENT 2

/* One verdict on its way to the page. */
struct page {
	struct buffer *out;
	const struct report_style *style;
	const struct verdict *verdict;
	const struct evidence *e;
	bool from_start;     /* times count from the first packet of the connection, else back from the RST */
	int64_t zero_ns;
	unsigned decimals;   /* of the times */
};

static void add_end(struct buffer *out, const struct endpoint *end, enum role role)
{
	char text[ENDPOINT_TEXT_MAX];

	buffer_puts(out, endpoint_text(text, end));
	if (role == ROLE_CLIENT)
		buffer_puts(out, _(" (client)"));
	else if (role == ROLE_SERVER)
		buffer_puts(out, _(" (server)"));
}

static void add_head(struct page *page, uint64_t count)
{
	const struct evidence *e = page->e;
	struct buffer title = BUFFER_INIT(64);
	char duration[CLOCK_TEXT_MAX];

	buffer_printf(&title, e->is_ending ? _("ending %" PRIu64) : _("reset %" PRIu64), count);
	layout_ink(page->out, page->style, INK_BOLD, buffer_text(&title));
	buffer_clear(&title);
	buffer_puts(page->out, "   ");
	/* The last segment before an end came from the one that waited in vain. */
	add_end(page->out, &e->src, e->is_ending ? explain_receiver_role(e) : e->sender_role);
	buffer_puts(page->out, " -> ");
	add_end(page->out, &e->dst, e->is_ending ? e->sender_role : explain_receiver_role(e));
	if (e->frame)
		buffer_printf(page->out, _("   frame %" PRIu64), e->frame);
	if (page->from_start)
		buffer_printf(page->out, ", %s", clock_duration(duration, time_between(page->zero_ns, e->time_ns)));
	buffer_puts(page->out, "\n");
}

/* When it was, what the times below count from, and in which file. */
static void add_when(struct page *page, const char *file)
{
	const struct evidence *e = page->e;
	struct buffer text = BUFFER_INIT(TEXT_MAX);
	char when[CLOCK_TEXT_MAX], age[CLOCK_TEXT_MAX];

	buffer_puts(&text, clock_timestamp(when, e->time_ns));
	if (page->from_start)
		buffer_printf(&text, _(", %s after the connection was first seen (frame %" PRIu64 ")"),
		              clock_duration(age, time_between(page->zero_ns, e->time_ns)), e->first_frame);
	if (file) {
		buffer_puts(&text, _(", in "));
		layout_name(&text, file);
	}
	if (!page->from_start)
		buffer_puts(&text, _("; the times below count from it"));
	layout_row(page->out, page->style, _("when"), buffer_text(&text));
	buffer_clear(&text);
}

static enum ink certainty_ink(enum certainty certainty)
{
	return certainty == CERTAINTY_CERTAIN ? INK_GREEN : certainty == CERTAINTY_LIKELY ? INK_YELLOW : INK_RED;
}

/* The certainty stands at the right end of the first line. */
static void add_why(struct page *page)
{
	const struct cause *cause = cause_get(page->verdict->cause);
	const char *certainty = certainty_text(page->verdict->certainty);
	struct buffer text = BUFFER_INIT(TEXT_MAX), first = BUFFER_INIT(TEXT_MAX);
	size_t column = layout_label(page->out, page->style, _("why")), needs = layout_columns(certainty) + 2;
	size_t room = layout_room(page->style, column), fits;
	const char *rest;

	buffer_printf(&text, "%s: ", cause->id);
	explain_text(&text, page->verdict, cause->headline);
	fits = layout_fit(buffer_text(&text), room > needs ? room - needs : 0);
	buffer_add(&first, buffer_text(&text), fits);
	layout_pad(page->out, buffer_text(&first), room > needs ? room - needs + 1 : fits + 6);
	layout_ink(page->out, page->style, certainty_ink(page->verdict->certainty), certainty);
	buffer_puts(page->out, "\n");
	rest = buffer_text(&text) + fits;
	rest += strspn(rest, " ");
	if (*rest) {
		layout_spaces(page->out, LAYOUT_TEXT);
		layout_wrap(page->out, rest, LAYOUT_TEXT, LAYOUT_TEXT, page->style);
	}
	buffer_clear(&text);
	buffer_clear(&first);
}

/* The frame that shows a fact, 0 for none: the kernel said so. */
static uint64_t frame_of(const struct evidence *e, enum fact fact)
{
	if (fact_in(&e->from_kernel, fact))
		return 0;
	return e->facts[fact].frame ? e->facts[fact].frame : e->frame;
}

static void add_seconds(struct buffer *out, const struct page *page, int64_t ns)
{
	int64_t unit = page->decimals == 3 ? NS_PER_MS : NS_PER_US;
	int64_t steps = ns / unit + (ns % unit * 2 >= unit) - (ns % unit * 2 <= -unit);
	int64_t second = NS_PER_S / unit;
	uint64_t size = steps < 0 ? 0 - (uint64_t)steps : (uint64_t)steps;

	buffer_printf(out, "%s%" PRIu64 ".%0*" PRIu64 " s", steps < 0 ? "-" : "", size / (uint64_t)second,
	              (int)page->decimals, size % (uint64_t)second);
}

/* "frame 6   8.185 s", or nothing where the line before had the same frame. */
static void add_place(struct buffer *out, const struct page *page, enum fact fact)
{
	const struct fact_value *value = &page->e->facts[fact];
	uint64_t frame = frame_of(page->e, fact);

	if (!frame) {
		buffer_puts(out, _("kernel"));
		return;
	}
	if (page->e->way.names) {
		const struct vantage_names *names = page->e->way.names;
		unsigned vantage = page->e->from_vantage[fact] ? page->e->from_vantage[fact] : page->e->way.here;

		layout_name(out, names->name[vantage - 1]);
		buffer_puts(out, " ");
	}
	buffer_printf(out, _("frame %" PRIu64), frame);
	buffer_puts(out, "  ");
	add_seconds(out, page, time_between(page->zero_ns, value->frame ? value->time_ns : page->e->time_ns));
}

static size_t widest_place(const struct page *page)
{
	size_t widest = 0;

	for (unsigned i = 0; i < page->verdict->because_count; i++) {
		struct buffer place = BUFFER_INIT(96);
		size_t columns;

		add_place(&place, page, page->verdict->because[i]);
		columns = layout_columns(buffer_text(&place));
		widest = columns > widest ? columns : widest;
		buffer_clear(&place);
	}
	return widest + 2;
}

static void add_because(struct page *page)
{
	const struct verdict *verdict = page->verdict;
	size_t columns = widest_place(page);

	for (unsigned i = 0; i < verdict->because_count; i++) {
		struct buffer place = BUFFER_INIT(96), text = BUFFER_INIT(TEXT_MAX);
		size_t column = layout_label(page->out, page->style, i ? "" : _("because"));

		if (!i || frame_of(page->e, verdict->because[i]) != frame_of(page->e, verdict->because[i - 1]) ||
		    page->e->from_vantage[verdict->because[i]] != page->e->from_vantage[verdict->because[i - 1]])
			add_place(&place, page, verdict->because[i]);
		layout_pad(page->out, buffer_text(&place), columns);
		explain_fact(&text, verdict, verdict->because[i]);
		layout_wrap(page->out, buffer_text(&text), column + columns, LAYOUT_TEXT + columns, page->style);
		buffer_clear(&place);
		buffer_clear(&text);
	}
}

static void add_candidate(struct page *page, const char *label, enum cause_id id)
{
	const struct cause *cause = cause_get(id);
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	buffer_printf(&text, "%s: %s; %s", cause->id, _(cause->title), _("to decide: "));
	explain_text(&text, page->verdict, cause->decide);
	layout_row(page->out, page->style, label, buffer_text(&text));
	buffer_clear(&text);
}

/* What else it may be: the likeliest in full, the rest by name. */
static void add_candidates(struct page *page)
{
	const struct verdict *verdict = page->verdict;
	struct buffer rest = BUFFER_INIT(TEXT_MAX);
	unsigned shown = 0;

	for (unsigned i = 0; i < verdict->candidate_count; i++) {
		if (explain_is_closer(verdict, verdict->candidates[i]))
			continue;
		if (shown++ < SHOWN_IN_FULL) {
			add_candidate(page, shown == 1 ? _("or maybe") : "", verdict->candidates[i]);
			continue;
		}
		if (rest.len)
			buffer_puts(&rest, ", ");
		buffer_puts(&rest, cause_get(verdict->candidates[i])->id);
	}
	layout_row(page->out, page->style, _("or even"), buffer_text(&rest));
	buffer_clear(&rest);
}

static void add_doubt(struct page *page)
{
	const struct verdict *verdict = page->verdict;
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	explain_closer(&text, verdict);
	layout_row(page->out, page->style, _("perhaps"), buffer_text(&text));
	buffer_reset(&text);
	if (verdict->certainty == CERTAINTY_UNKNOWN)
		explain_missing(&text, verdict);
	layout_row(page->out, page->style, _("missing"), buffer_text(&text));
	buffer_clear(&text);
	add_candidates(page);
}

/* One line of "seen by": who, padded, and what. */
static void add_sight(struct page *page, const char *label, const char *who, size_t columns, const char *text)
{
	size_t column;

	if (!*text)
		return;
	column = layout_label(page->out, page->style, label);
	layout_pad(page->out, who, columns);
	layout_wrap(page->out, text, column + columns, LAYOUT_TEXT + columns, page->style);
}

static void add_sights(struct page *page)
{
	const char *sender = _("sender"), *receiver = _("receiver"), *elsewhere = _("elsewhere");
	struct sights sights;
	size_t columns;

	if (page->e->sender_role == ROLE_CLIENT || page->e->sender_role == ROLE_SERVER) {
		bool client = page->e->sender_role == ROLE_CLIENT;

		sender = client ? _("client") : _("server");
		receiver = client ? _("server") : _("client");
	}
	columns = layout_columns(sender) > layout_columns(receiver) ? layout_columns(sender) : layout_columns(receiver);
	columns = layout_columns(elsewhere) > columns ? layout_columns(elsewhere) : columns;
	columns += SEEN_BY_INDENT;
	explain_sights(&sights, page->verdict);
	add_sight(page, _("seen by"), receiver, columns, buffer_text(&sights.receiver));
	add_sight(page, "", elsewhere, columns, buffer_text(&sights.differences));
	add_sight(page, sights.receiver.len ? "" : _("seen by"), sender, columns, buffer_text(&sights.sender));
	sights_clear(&sights);
}

static void add_see(struct page *page)
{
	struct buffer command = BUFFER_INIT(TEXT_MAX);
	const struct cause *cause = cause_get(page->verdict->cause);

	buffer_printf(&command, "tcpwhy causes %s", cause->id);
	if (cause->scenarios) {
		buffer_puts(&command, ", ");
		buffer_printf(&command, "tcpwhy lab %s", cause->id);
	}
	layout_row(page->out, page->style, _("see"), buffer_text(&command));
	buffer_clear(&command);
}

/* Between which captures the culprit stands. */
static void add_where(struct page *page)
{
	const struct way *way = &page->e->way;
	const uint8_t *between = way->made_between[0] ? way->made_between : way->lost_between;
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	if (!way->names || !between[0])
		return;
	buffer_puts(&text, between == way->made_between ? _("made between ") : _("lost between "));
	explain_vantage(&text, page->e, between[0]);
	buffer_puts(&text, _(" and "));
	explain_vantage(&text, page->e, between[1]);
	layout_row(page->out, page->style, _("where"), buffer_text(&text));
	buffer_clear(&text);
}

static void add_outcome(struct page *page)
{
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	add_where(page);
	explain_acceptance(&text, page->verdict);
	layout_row(page->out, page->style, _("accepted"), buffer_text(&text));
	add_sights(page);
	buffer_reset(&text);
	explain_loss(&text, page->verdict);
	layout_row(page->out, page->style, _("lost"), buffer_text(&text));
	buffer_reset(&text);
	explain_text(&text, page->verdict, cause_get(page->verdict->cause)->advice);
	layout_rows(page->out, page->style, _("do"), buffer_text(&text));
	buffer_clear(&text);
	add_see(page);
}

void report_text_verdict(struct buffer *out, const struct verdict *verdict, const char *file, uint64_t count,
                         const struct report_style *style)
{
	const struct evidence *e = verdict->evidence;
	int64_t age = (int64_t)number(e, FACT_AGE);
	struct page page = {
		.out = out,
		.style = style,
		.verdict = verdict,
		.e = e,
		.from_start = yes(e, FACT_AGE) && age >= 0,
		.zero_ns = time_between(age > 0 ? age : 0, e->time_ns),
		.decimals = age >= NS_PER_S ? 3 : 6,
	};

	add_head(&page, count);
	add_when(&page, file);
	add_why(&page);
	add_because(&page);
	add_doubt(&page);
	if (e->testimony)
		testimony_rows(out, e, style);
	add_outcome(&page);
}
