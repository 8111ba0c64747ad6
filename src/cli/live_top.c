#include "cli/live_top.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "report/layout.h"
#include "report/testimony.h"

#define ROWS_MAX 256
#define RECORD_MAX (16u << 10)
#define SCREEN_MAX (256u << 10)
#define REDRAW_NS (NS_PER_S / 2)
#define HEAD_LINES 3
#define CAUSE_COLUMNS 22
#define COUNT_COLUMNS 9
#define HARM_COLUMNS 11
#define END_COLUMNS 24

/* Control sequences that every terminal of today knows (ECMA-48, and the alternate screen of xterm). */
#define SCREEN_ENTER "\033[?1049h\033[?25l"
#define SCREEN_LEAVE "\033[?25h\033[?1049l"
#define SCREEN_HOME "\033[H"
#define LINE_CLEAR "\033[K"
#define BELOW_CLEAR "\033[J"
#define REVERSE "\033[7m"
#define PLAIN "\033[0m"

enum sort { SORT_HARM, SORT_COUNT, SORT_LAST, SORTS };

/* Resets of one cause between the same programs at one server. */
struct row {
	enum cause_id cause;
	struct endpoint server;
	char sender[COMMAND_MAX], receiver[COMMAND_MAX];
	enum harm harm;
	uint64_t count;
	int64_t last_ns;
	char *record;             /* of the last one, in full */
};

struct live_top {
	struct termios found;
	struct report_style style;
	struct row rows[ROWS_MAX];
	size_t count;
	uint64_t left_out;        /* resets whose row was one too many */
	struct row *selected;     /* in rows; NULL: the first on the screen */
	enum sort sort;
	bool drilled, changed;
	size_t scroll;            /* lines of the record that lie above the screen */
	int64_t drawn_ns;
	struct buffer screen;
};

struct live_top *live_top_new(const struct report_style *style)
{
	struct live_top *top = calloc(1, sizeof *top);
	struct termios raw;

	if (!top || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &top->found) != 0) {
		free(top);
		return NULL;
	}
	top->style = *style;
	top->screen = (struct buffer)BUFFER_INIT(SCREEN_MAX);
	top->changed = true;
	raw = top->found;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs(SCREEN_ENTER, stdout);
	return top;
}

static struct row key_of(const struct verdict *verdict)
{
	const struct evidence *e = verdict->evidence;
	bool sent_by_server = e->is_ending ? e->sender_role == ROLE_CLIENT : e->sender_role != ROLE_CLIENT;
	struct row row = { .cause = verdict->cause, .server = sent_by_server ? e->src : e->dst };

	if (!e->testimony)
		return row;
	memcpy(row.sender, e->testimony->sender.actor.command, sizeof row.sender);
	memcpy(row.receiver, e->testimony->receiver.actor.command, sizeof row.receiver);
	return row;
}

static struct row *find_or_add(struct live_top *top, const struct row *key)
{
	for (size_t i = 0; i < top->count; i++) {
		struct row *row = &top->rows[i];

		if (row->cause == key->cause && endpoint_equal(&row->server, &key->server) &&
		    strcmp(row->sender, key->sender) == 0 && strcmp(row->receiver, key->receiver) == 0)
			return row;
	}
	if (top->count == ROWS_MAX)
		return NULL;
	top->rows[top->count] = *key;
	return &top->rows[top->count++];
}

void live_top_take(struct live_top *top, const struct verdict *verdict)
{
	struct row key = key_of(verdict), *row = find_or_add(top, &key);
	struct buffer text = BUFFER_INIT(RECORD_MAX);

	top->changed = true;
	if (!row) {
		top->left_out++;
		return;
	}
	row->count++;
	row->last_ns = verdict->evidence->time_ns;
	row->harm = verdict->harm > row->harm ? verdict->harm : row->harm;
	report_text_verdict(&text, verdict, NULL, row->count, &top->style);
	free(row->record);
	row->record = text.data;
}

static int by_last(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;

	return (x->last_ns < y->last_ns) - (x->last_ns > y->last_ns);
}

static int by_count(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;

	return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : by_last(a, b);
}

static int by_harm(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;

	return x->harm != y->harm ? (x->harm < y->harm) - (x->harm > y->harm) : by_count(a, b);
}

static void sort_rows(struct live_top *top, struct row **sorted)
{
	static int (*const orders[SORTS])(const void *a, const void *b) = { by_harm, by_count, by_last };

	for (size_t i = 0; i < top->count; i++)
		sorted[i] = &top->rows[i];
	qsort(sorted, top->count, sizeof *sorted, orders[top->sort]);
}

static void screen_size(size_t *ret_lines, size_t *ret_columns)
{
	struct winsize size;
	bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > HEAD_LINES && size.ws_col;

	*ret_lines = known ? size.ws_row : 24;
	*ret_columns = known ? size.ws_col : 80;
}

/* One line, cut at the edge of the screen; texts of one column a character, as everywhere here. */
static void add_line(struct live_top *top, const char *text, size_t len, size_t columns, bool reverse)
{
	struct buffer line = BUFFER_INIT(RECORD_MAX);
	size_t fits;

	buffer_add(&line, text, len);
	fits = layout_columns(buffer_text(&line)) > columns ? layout_fit(buffer_text(&line), columns) : line.len;
	if (reverse)
		buffer_puts(&top->screen, REVERSE);
	buffer_add(&top->screen, buffer_text(&line), fits);
	buffer_puts(&top->screen, reverse ? PLAIN LINE_CLEAR "\n" : LINE_CLEAR "\n");
	buffer_clear(&line);
}

static void add_row(struct live_top *top, const struct row *row, size_t columns, bool selected)
{
	struct buffer line = BUFFER_INIT(RECORD_MAX), number = BUFFER_INIT(64);
	char text[ENDPOINT_TEXT_MAX], when[CLOCK_TEXT_MAX];

	buffer_printf(&line, "%.8s  ", clock_timestamp(when, row->last_ns) + strlen("2026-01-01T"));
	buffer_printf(&number, "%" PRIu64, row->count);
	layout_pad(&line, buffer_text(&number), COUNT_COLUMNS);
	layout_pad(&line, harm_id(row->harm), HARM_COLUMNS);
	layout_pad(&line, cause_get(row->cause)->id, CAUSE_COLUMNS);
	layout_pad(&line, endpoint_text(text, &row->server), END_COLUMNS);
	layout_name(&line, row->sender[0] ? row->sender : "-");
	buffer_puts(&line, " -> ");
	layout_name(&line, row->receiver[0] ? row->receiver : "-");
	add_line(top, buffer_text(&line), line.len, columns, selected);
	buffer_clear(&number);
	buffer_clear(&line);
}

static void add_head(struct live_top *top, const struct live_totals *totals, size_t columns)
{
	static const char *const orders[SORTS] = { N_("harm"), N_("count"), N_("time") };
	struct buffer line = BUFFER_INIT(RECORD_MAX);

	buffer_printf(&line, _("tcpwhy: %" PRIu64 " RSTs sent, %" PRIu64 " received; not told one by one: %" PRIu64),
	              totals->sent, totals->received, totals->counted_only + totals->lost + top->left_out);
	add_line(top, buffer_text(&line), line.len, columns, false);
	buffer_reset(&line);
	buffer_printf(&line, _("by %s (s: another order)   Enter: the last one in full   q: back, or quit"),
	              _(orders[top->sort]));
	add_line(top, buffer_text(&line), line.len, columns, false);
	add_line(top, "", 0, columns, false);
	buffer_clear(&line);
}

static void add_rows(struct live_top *top, size_t lines, size_t columns)
{
	struct row *sorted[ROWS_MAX];
	size_t at = 0, first;

	sort_rows(top, sorted);
	for (size_t i = 0; i < top->count; i++)
		if (sorted[i] == top->selected)
			at = i;
	first = at >= lines ? at - lines + 1 : 0;
	for (size_t i = first; i < top->count && i < first + lines; i++)
		add_row(top, sorted[i], columns, i == at);
}

static void add_record(struct live_top *top, size_t lines, size_t columns)
{
	const char *text = top->selected && top->selected->record ? top->selected->record : "";

	for (size_t skipped = 0; skipped < top->scroll && strchr(text, '\n'); skipped++)
		text = strchr(text, '\n') + 1;
	for (size_t i = 0; i < lines && *text; i++) {
		size_t len = strcspn(text, "\n");

		add_line(top, text, len, columns, false);
		text += len + (text[len] == '\n');
	}
}

static void draw(struct live_top *top, const struct live_totals *totals)
{
	size_t lines, columns;

	screen_size(&lines, &columns);
	buffer_reset(&top->screen);
	buffer_puts(&top->screen, SCREEN_HOME);
	add_head(top, totals, columns);
	if (top->drilled)
		add_record(top, lines - HEAD_LINES - 1, columns);
	else
		add_rows(top, lines - HEAD_LINES - 1, columns);
	buffer_puts(&top->screen, BELOW_CLEAR);
	fwrite(buffer_text(&top->screen), 1, top->screen.len, stdout);
	fflush(stdout);
}

/* Up or down by `step`: in the record, or from row to row. */
static void move(struct live_top *top, int step)
{
	struct row *sorted[ROWS_MAX];
	size_t at = 0;

	if (top->drilled) {
		top->scroll += step > 0 ? 1 : top->scroll ? (size_t)-1 : 0;
		return;
	}
	sort_rows(top, sorted);
	for (size_t i = 0; i < top->count; i++)
		if (sorted[i] == top->selected)
			at = i;
	if (step < 0 ? at > 0 : at + 1 < top->count)
		top->selected = sorted[step < 0 ? at - 1 : at + 1];
}

static void drill(struct live_top *top)
{
	struct row *sorted[ROWS_MAX];

	if (!top->count)
		return;
	sort_rows(top, sorted);
	if (!top->selected)
		top->selected = sorted[0];
	top->drilled = true;
	top->scroll = 0;
}

/* False: leave. An arrow key is ESC [ and a letter. */
static bool obey(struct live_top *top, const char *keys, ssize_t count)
{
	for (ssize_t i = 0; i < count; i++) {
		bool arrow = keys[i] == '\033' && i + 2 < count && keys[i + 1] == '[';
		char key = arrow ? keys[i + 2] == 'A' ? 'k' : keys[i + 2] == 'B' ? 'j' : 0 : keys[i];

		i += arrow ? 2 : 0;
		if (key == 'j' || key == 'k')
			move(top, key == 'j' ? 1 : -1);
		else if (key == '\n' || key == '\r')
			drill(top);
		else if (key == 's')
			top->sort = (top->sort + 1) % SORTS;
		else if ((key == 'q' || key == '\033') && top->drilled)
			top->drilled = false;
		else if (key == 'q')
			return false;
	}
	top->changed |= count > 0;
	return true;
}

bool live_top_step(struct live_top *top, const struct live_totals *totals)
{
	char keys[64];
	ssize_t count = read(STDIN_FILENO, keys, sizeof keys);
	int64_t now = clock_monotonic();

	if (!obey(top, keys, count))
		return false;
	if (!top->changed || (count <= 0 && now - top->drawn_ns < REDRAW_NS))
		return true;
	top->drawn_ns = now;
	top->changed = false;
	draw(top, totals);
	return true;
}

void live_top_free(struct live_top *top)
{
	if (!top)
		return;
	fputs(SCREEN_LEAVE, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &top->found);
	for (size_t i = 0; i < top->count; i++)
		free(top->rows[i].record);
	buffer_clear(&top->screen);
	free(top);
}
