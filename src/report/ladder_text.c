#include "report/ladder.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/run.h"
#include "base/clock.h"
#include "base/text.h"
#include "report/layout.h"

#define FRAME_COLUMNS 7
#define TIME_COLUMNS 12
#define ARROW_COLUMNS 30
#define NUMBERS_COLUMN (FRAME_COLUMNS + TIME_COLUMNS + ARROW_COLUMNS + 6)
#define REMARK_COLUMN (FRAME_COLUMNS + TIME_COLUMNS + 2)
#define TEXT_MAX 1024

struct strokes {
	const char *line, *left, *right, *rail;
};

static const struct strokes unicode = { "─", "◀", "▶", "│" };
static const struct strokes ascii = { "-", "<", ">", "|" };

/* One ladder on its way to the page. */
struct page {
	struct buffer *out;
	const struct ladder *ladder;
	const struct report_style *style;
	const struct strokes *strokes;
	const struct track *track; /* of the segment at hand … */
	unsigned left;   /* … and its side that stands on the left: the client where it is known */
};

static const char *side_name(const struct page *page, unsigned side)
{
	if (page->track->client < 0)
		return side == page->left ? _("left") : _("right");
	return side == (unsigned)page->track->client ? _("client") : _("server");
}

static const char *state_name(uint8_t state)
{
	static const char *const names[RUNG_STATES] = {
		[RUNG_SYN_SENT] = "SYN-SENT",
		[RUNG_SYN_RECEIVED] = "SYN-RECEIVED",
		[RUNG_ESTABLISHED] = "ESTABLISHED",
		[RUNG_FIN_WAIT_1] = "FIN-WAIT-1",
		[RUNG_FIN_WAIT_2] = "FIN-WAIT-2",
		[RUNG_CLOSE_WAIT] = "CLOSE-WAIT",
		[RUNG_CLOSING] = "CLOSING",
		[RUNG_LAST_ACK] = "LAST-ACK",
		[RUNG_TIME_WAIT] = "TIME-WAIT",
		[RUNG_CLOSED] = "CLOSED",
	};

	return state < RUNG_STATES ? names[state] : NULL;
}

/* "SYN ACK", or "no flags". */
static void add_flags(struct buffer *out, uint16_t flags)
{
	static const struct {
		uint16_t flag;
		const char *name;
	} names[] = {
		{ TCP_SYN, "SYN" }, { TCP_FIN, "FIN" }, { TCP_RST, "RST" }, { TCP_PSH, "PSH" }, { TCP_ACK, "ACK" },
		{ TCP_URG, "URG" }, { TCP_ECE, "ECE" }, { TCP_CWR, "CWR" }, { TCP_AE, "AE" },
	};
	size_t before = out->len;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (flags & names[i].flag)
			buffer_printf(out, "%s%s", out->len > before ? " " : "", names[i].name);
	if (out->len == before)
		buffer_puts(out, _("no flags"));
}

static void add_line(struct page *page, size_t columns)
{
	while (columns--)
		buffer_puts(page->out, page->strokes->line);
}

/* "│──── SYN ────────▶│" */
static void add_arrow(struct page *page, const struct note *note)
{
	bool rightwards = note->side == page->left;
	struct buffer words = BUFFER_INIT(ARROW_COLUMNS - 6);
	size_t columns, before;

	add_flags(&words, note->flags);
	if (note->payload_len)
		buffer_printf(&words, _(" %" PRIu32 " B"), note->payload_len);
	columns = layout_columns(buffer_text(&words)) + 3; /* and the head, and a space on both sides */
	before = columns < ARROW_COLUMNS ? (ARROW_COLUMNS - columns) / 2 : 0;
	buffer_puts(page->out, page->strokes->rail);
	if (!rightwards)
		buffer_puts(page->out, page->strokes->left);
	add_line(page, before);
	buffer_puts(page->out, " ");
	layout_ink(page->out, page->style, note->flags & TCP_RST ? INK_RED : INK_PLAIN, buffer_text(&words));
	buffer_puts(page->out, " ");
	add_line(page, columns + before < ARROW_COLUMNS ? ARROW_COLUMNS - columns - before : 0);
	if (rightwards)
		buffer_puts(page->out, page->strokes->right);
	buffer_puts(page->out, page->strokes->rail);
	buffer_clear(&words);
}

/* Relative to where the side began; as it stands where nothing tells. */
static uint32_t relative(const struct track *track, unsigned side, uint32_t number)
{
	return track->base_known[side] ? number - track->base[side] : number;
}

static void add_numbers(struct buffer *out, const struct page *page, const struct note *note)
{
	buffer_printf(out, "seq %" PRIu32, relative(page->track, note->side, note->seq));
	if (note->flags & TCP_ACK)
		buffer_printf(out, " ack %" PRIu32, relative(page->track, !note->side, note->ack));
	buffer_printf(out, " win %u", note->window);
}

static void add_marks(struct buffer *out, const struct note *note)
{
	static const struct {
		uint16_t mark;
		const char *text;
	} marks[] = {
		{ NOTE_DUPLICATE, N_("duplicate frame") },
		{ NOTE_RETRANSMISSION, N_("retransmission") },
		{ NOTE_KEEPALIVE, N_("keepalive probe") },
		{ NOTE_OUT_OF_ORDER, N_("out of order") },
		{ NOTE_GAP, N_("bytes before it are missing") },
		{ NOTE_ACKS_UNSEEN, N_("acknowledges what was not captured") },
		{ NOTE_CHALLENGE, N_("challenge ACK") },
		{ NOTE_ZERO_WINDOW, N_("zero window") },
	};

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (note->marks & marks[i].mark)
			buffer_printf(out, ", %s", _(marks[i].text));
}

static void add_states(struct buffer *out, const struct page *page, const struct rung *rung)
{
	const char *separator = "; ";

	for (unsigned i = 0; i < 2; i++) {
		unsigned side = i ? !page->left : page->left;
		const char *state = state_name(rung->state[side]);

		if (!rung->changed[side] || !state)
			continue;
		buffer_printf(out, "%s%s %s", separator, side_name(page, side), state);
		separator = ", ";
	}
}

static void add_time(struct page *page, int64_t ns)
{
	uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, second = NS_PER_S;
	char text[CLOCK_TEXT_MAX];

	snprintf(text, sizeof text, "%s%" PRIu64 ".%06" PRIu64, ns < 0 ? "-" : "", size / second,
	         size % second / 1000);
	buffer_printf(page->out, "%*s  ", TIME_COLUMNS, text);
}

/* A remark between the rails, on its side, or beside them where it is too long; one across stands alone. */
static void add_remark(struct page *page, const struct rung *rung)
{
	const char *remark = rung->remark;
	size_t columns = layout_columns(remark) + 2, blank = columns < ARROW_COLUMNS ? ARROW_COLUMNS - columns : 0;
	bool fits = columns <= ARROW_COLUMNS, right = rung->place == LADDER_RIGHT;

	layout_spaces(page->out, FRAME_COLUMNS);
	add_time(page, time_between(page->ladder->zero_ns, rung->time_ns));
	if (rung->place == LADDER_ACROSS) {
		layout_wrap(page->out, remark, REMARK_COLUMN, REMARK_COLUMN, page->style);
		return;
	}
	buffer_puts(page->out, page->strokes->rail);
	layout_spaces(page->out, right || !fits ? blank : 0);
	if (fits) {
		buffer_puts(page->out, " ");
		layout_ink(page->out, page->style, INK_BOLD, remark);
		buffer_puts(page->out, " ");
	} else {
		layout_spaces(page->out, ARROW_COLUMNS);
	}
	layout_spaces(page->out, right ? 0 : blank);
	buffer_puts(page->out, page->strokes->rail);
	if (!fits)
		buffer_printf(page->out, "  %s: %s", right ? _("server") : _("client"), remark);
	buffer_puts(page->out, "\n");
}

/* Where another connection than the one before goes on. */
static void add_whose(struct buffer *out, struct page *page, const struct rung *rung)
{
	const struct track *track = &page->ladder->tracks[rung->track];
	char text[ENDPOINT_TEXT_MAX];

	if (page->track == track)
		return;
	page->track = track;
	page->left = track->client == 1;
	buffer_printf(out, "%s: ", endpoint_text(text, &track->end[page->left]));
}

static void add_rung(struct page *page, const struct rung *rung)
{
	const struct note *note = &rung->note;
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	if (rung->remark) {
		add_remark(page, rung);
		return;
	}
	add_whose(&text, page, rung);

	buffer_printf(page->out, "%*" PRIu64, FRAME_COLUMNS, frame_in_file(note->frame));
	add_time(page, time_between(page->ladder->zero_ns, note->time_ns));
	add_arrow(page, note);
	layout_spaces(page->out, 2);
	add_numbers(&text, page, note);
	add_marks(&text, note);
	add_states(&text, page, rung);
	layout_wrap(page->out, buffer_text(&text), NUMBERS_COLUMN, NUMBERS_COLUMN, page->style);
	if (rung->verdict) {
		layout_spaces(page->out, NUMBERS_COLUMN);
		layout_wrap(page->out, rung->verdict, NUMBERS_COLUMN, NUMBERS_COLUMN, page->style);
	}
	buffer_clear(&text);
}

/* The rails, and both ends above them. */
static void add_heading(struct page *page)
{
	char left[ENDPOINT_TEXT_MAX], right[ENDPOINT_TEXT_MAX];
	size_t columns;

	endpoint_text(left, &page->track->end[page->left]);
	endpoint_text(right, &page->track->end[!page->left]);
	columns = layout_columns(left);
	buffer_printf(page->out, "%*s%*s  ", FRAME_COLUMNS, _("frame"), TIME_COLUMNS, _("seconds"));
	if (columns + layout_columns(right) + 3 > ARROW_COLUMNS) {
		buffer_printf(page->out, "%s %s\n", side_name(page, page->left), left);
		layout_spaces(page->out, FRAME_COLUMNS + TIME_COLUMNS + 2 + ARROW_COLUMNS / 2);
		buffer_printf(page->out, "%s %s\n", side_name(page, !page->left), right);
		return;
	}
	layout_pad(page->out, left, ARROW_COLUMNS + 2 - layout_columns(right));
	buffer_printf(page->out, "%s\n", right);
	layout_spaces(page->out, FRAME_COLUMNS + TIME_COLUMNS + 2);
	columns = layout_columns(side_name(page, !page->left));
	layout_pad(page->out, side_name(page, page->left), ARROW_COLUMNS + 2 - columns);
	buffer_printf(page->out, "%s\n", side_name(page, !page->left));
}

void report_ladder(struct buffer *out, const struct ladder *ladder, const struct report_style *style)
{
	struct page page = {
		.out = out,
		.ladder = ladder,
		.style = style,
		.strokes = style->ascii ? &ascii : &unicode,
		.track = ladder->tracks,
		.left = ladder->tracks[0].client == 1,
	};
	uint64_t head = ladder->max / 2;

	if (!ladder->track_count)
		return;
	add_heading(&page);
	for (uint64_t i = 0; i < ladder->count; i++) {
		const struct rung *rung = ladder_rung(ladder, i);
		uint64_t resume = ladder->count - (ladder->max - head);

		if (rung) {
			add_rung(&page, rung);
			continue;
		}
		buffer_printf(out, NG_("%*s(%" PRIu64 " segment left out)\n", "%*s(%" PRIu64 " segments left out)\n",
		                       resume - i), FRAME_COLUMNS, "", resume - i);
		i = resume - 1;
	}
}
