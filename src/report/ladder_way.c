/* The ladder of several vantages: a rail for each, and every packet from rail to rail as it went. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/run.h"
#include "base/text.h"
#include "report/layout.h"
#include "report/vantages.h"

#define TIME_COLUMNS 14
#define RAIL_COLUMNS 24    /* between two rails */
#define WORDS_MAX 64
#define NAME_COLUMNS (RAIL_COLUMNS - 2)

struct strokes {
	const char *rail, *line, *right, *left, *down, *up, *lost, *made;
};

static const struct strokes unicode = { "│", "─", "▶", "◀", "╲", "╱", "╳", "●" };
static const struct strokes ascii = { "|", "-", ">", "<", "\\", "/", "X", "o" };

/* A page with its rails, from the client to the server. */
struct page {
	struct buffer *out;
	const struct report_style *style;
	const struct strokes *strokes;
	const struct match *m;
	unsigned rails[LOOKOUTS_MAX];
	int64_t zero_ns;
	uint32_t base[2];
	bool base_known[2];
};

static void set_rails(struct page *page)
{
	for (unsigned v = 0; v < page->m->count; v++) {
		unsigned at = v;

		for (; at > 0 && page->m->rank[page->rails[at - 1]] > page->m->rank[v]; at--)
			page->rails[at] = page->rails[at - 1];
		page->rails[at] = v;
	}
}

static void repeat(struct buffer *out, const char *stroke, size_t times)
{
	while (times--)
		buffer_puts(out, stroke);
}

static const char *flag_words(const struct mark *mark, char words[WORDS_MAX])
{
	static const struct {
		uint16_t flag;
		const char *name;
	} names[] = { { TCP_SYN, "SYN" }, { TCP_FIN, "FIN" }, { TCP_RST, "RST" }, { TCP_ACK, "ACK" } };
	int len = 0;

	words[0] = '\0';
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (mark->flags & names[i].flag)
			len += snprintf(words + len, WORDS_MAX - (size_t)len, "%s%s", len ? "," : "", names[i].name);
	if (mark->payload_len)
		snprintf(words + len, WORDS_MAX - (size_t)len, "%s%" PRIu32 "B", len ? " " : "", mark->payload_len);
	return words;
}

static void add_time(const struct page *page, int64_t time_ns)
{
	int64_t ns = time_between(page->zero_ns, time_ns);
	uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, second = NS_PER_S;
	char text[CLOCK_TEXT_MAX];

	snprintf(text, sizeof text, "%s%" PRIu64 ".%06" PRIu64, ns < 0 ? "-" : "", size / second, size % second / 1000);
	buffer_printf(page->out, "%*s  ", TIME_COLUMNS, text);
}

/* One stretch between two rails. */
enum stretch { STRETCH_EMPTY, STRETCH_WHOLE, STRETCH_LOST, STRETCH_MADE };

/*
 * The arrow, slanted: it arrives later than it leaves. One that is lost ends half way, one that was made begins there.
 */
static void add_stretch(const struct page *page, enum stretch stretch, const struct mark *mark, bool rightwards)
{
	const struct strokes *s = page->strokes;
	char words[WORDS_MAX];
	size_t columns = layout_columns(flag_words(mark, words)) + 2, rest;
	bool first_half = stretch == STRETCH_WHOLE || (stretch == STRETCH_LOST) == rightwards;
	bool second_half = stretch == STRETCH_WHOLE || !first_half;
	const char *slant = rightwards ? s->down : s->up, *end = stretch == STRETCH_LOST ? s->lost : s->made;

	if (stretch == STRETCH_EMPTY || columns + 6 > RAIL_COLUMNS) {
		layout_spaces(page->out, RAIL_COLUMNS);
		return;
	}
	rest = RAIL_COLUMNS - columns - 4;
	buffer_puts(page->out, !first_half ? " " : rightwards ? s->line : s->left);
	repeat(page->out, first_half ? s->line : " ", rest / 2);
	buffer_puts(page->out, first_half ? slant : end);
	buffer_puts(page->out, " ");
	layout_ink(page->out, page->style, mark->flags & TCP_RST ? INK_RED : INK_PLAIN, words);
	buffer_puts(page->out, " ");
	buffer_puts(page->out, second_half ? slant : end);
	repeat(page->out, second_half ? s->line : " ", rest - rest / 2);
	buffer_puts(page->out, !second_half ? " " : rightwards ? s->right : s->line);
}

static uint32_t relative(const struct page *page, bool from_client, uint32_t number)
{
	return page->base_known[from_client] ? number - page->base[from_client] : number;
}

static void add_numbers(const struct page *page, const struct passage *p)
{
	unsigned v = (unsigned)__builtin_ctz(p->seen);
	const struct mark *mark = match_mark(page->m, p, v);

	buffer_printf(page->out, "  seq %" PRIu32, relative(page, p->from_client, match_seq(page->m, v, mark)));
	if (mark->flags & TCP_ACK)
		buffer_printf(page->out, " ack %" PRIu32, relative(page, !p->from_client, match_ack(page->m, v, mark)));
	for (unsigned i = 0; i < page->m->count; i++) {
		mark = match_mark(page->m, p, page->rails[i]);
		if (mark)
			buffer_printf(page->out, " #%" PRIu64, frame_in_file(mark->frame));
		else
			buffer_puts(page->out, " #-");
	}
}

static const char *fate_words(enum fate fate)
{
	switch (fate) {
	case FATE_LOST: return _("lost on the way");
	case FATE_MADE: return _("made on the way");
	case FATE_RECUT: return _("cut otherwise on the way");
	case FATE_NOT_CAPTURED: return _("not captured everywhere");
	case FATE_PERHAPS_LOST: return _("lost or not captured");
	case FATE_PERHAPS_MADE: return _("made on the way or not captured");
	default: return NULL;
	}
}

/* One row: the stretch at `at`, between rails `at` and `at` + 1. */
static void add_row(const struct page *page, const struct passage *p, unsigned at, enum stretch stretch, bool first)
{
	unsigned v = (unsigned)__builtin_ctz(p->seen);
	const struct mark *mark = match_mark(page->m, p, page->rails[p->from_client ? at : at + 1]);
	const char *words = fate_words(p->fate);

	if (!mark)
		mark = match_mark(page->m, p, page->rails[p->from_client ? at + 1 : at]);
	for (unsigned i = 0; !mark && i < page->m->count; i++)
		if (match_mark(page->m, p, i)) {
			v = i;
			mark = match_mark(page->m, p, i);
		}
	for (unsigned i = 0; i < page->m->count; i++)
		if (match_mark(page->m, p, i) == mark)
			v = i;
	add_time(page, match_time(page->m, v, mark));
	for (unsigned i = 0; i < page->m->count; i++) {
		buffer_puts(page->out, page->strokes->rail);
		if (i + 1 < page->m->count)
			add_stretch(page, i == at ? stretch : STRETCH_EMPTY, mark, p->from_client);
	}
	if (first) {
		add_numbers(page, p);
		if (words)
			buffer_printf(page->out, "  %s", words);
	}
	buffer_puts(page->out, "\n");
}

/* What lies between two neighbouring rails. */
static enum stretch stretch_of(const struct page *page, const struct passage *p, unsigned at)
{
	unsigned from = page->rails[p->from_client ? at : at + 1], to = page->rails[p->from_client ? at + 1 : at];
	bool here = p->seen >> from & 1, there = p->seen >> to & 1;

	if (here && there)
		return STRETCH_WHOLE;
	if (here && p->between[1] == to && (p->fate == FATE_LOST || p->fate == FATE_PERHAPS_LOST))
		return STRETCH_LOST;
	if (there && p->between[0] == from && (p->fate == FATE_MADE || p->fate == FATE_PERHAPS_MADE))
		return STRETCH_MADE;
	return here || there ? (p->fate == FATE_NOT_CAPTURED || p->fate == FATE_RECUT ? STRETCH_WHOLE : STRETCH_EMPTY)
	                     : STRETCH_EMPTY;
}

static void add_passage(const struct page *page, const struct passage *p)
{
	unsigned last = page->m->count - 1, rows = 0;

	for (unsigned i = 0; i < last; i++) {
		unsigned at = p->from_client ? i : last - 1 - i;
		enum stretch stretch = stretch_of(page, p, at);

		if (stretch == STRETCH_EMPTY)
			continue;
		add_row(page, p, at, stretch, !rows++);
	}
	/* Seen at one place, and nobody knows of more. */
	if (!rows)
		add_row(page, p, last, STRETCH_EMPTY, true);
}

static void add_heading(const struct page *page)
{
	layout_spaces(page->out, TIME_COLUMNS - strlen("seconds"));
	buffer_puts(page->out, _("seconds"));
	buffer_puts(page->out, "  ");
	for (unsigned i = 0; i < page->m->count; i++) {
		struct buffer name = BUFFER_INIT(NAME_COLUMNS);

		layout_name(&name, page->m->lookout[page->rails[i]].name);
		layout_pad(page->out, buffer_text(&name), RAIL_COLUMNS + 1);
		buffer_clear(&name);
	}
	buffer_puts(page->out, "\n");
}

/* Relative numbers begin where each side was first seen. */
static void find_bases(struct page *page, const struct group *group)
{
	for (uint32_t i = group->first; i < group->first + group->count; i++) {
		const struct passage *p = &page->m->passages[i];
		unsigned v = (unsigned)__builtin_ctz(p->seen);
		const struct mark *mark = match_mark(page->m, p, v);

		if (mark->flags & TCP_RST || page->base_known[p->from_client])
			continue;
		page->base[p->from_client] = match_seq(page->m, v, mark);
		page->base_known[p->from_client] = true;
	}
}

void report_way_ladder(struct buffer *out, const struct vantages *vantages, uint32_t group_index, size_t max,
                       const struct report_style *style)
{
	const struct match *m = vantages_match(vantages);
	const struct group *group = &m->groups[group_index];
	struct page page = { .out = out, .style = style, .strokes = style->ascii ? &ascii : &unicode, .m = m };
	uint32_t half = (uint32_t)max / 2;

	set_rails(&page);
	find_bases(&page, group);
	if (group->count)
		page.zero_ns = m->passages[group->first].time_ns;
	add_heading(&page);
	for (uint32_t i = 0; i < group->count; i++) {
		if (group->count > max && i == half) {
			uint32_t skipped = group->count - 2 * half;

			buffer_printf(out, NG_("(%" PRIu32 " segment left out)\n", "(%" PRIu32 " segments left out)\n", skipped), skipped);
			i += skipped;
		}
		add_passage(&page, &m->passages[group->first + i]);
	}
}
