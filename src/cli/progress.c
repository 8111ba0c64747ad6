#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define QUIET_FOR_NS (1 * NS_PER_S)      /* a run shorter than this shows nothing */
#define REDRAW_AFTER_NS (200 * NS_PER_MS)
#define CLEAR_TO_END "\033[K"

static int64_t started_ns, drawn_ns;
static bool on_screen;

static void draw(const struct source_position *position, unsigned pass, unsigned passes)
{
	uint64_t percent = position->bytes_total ? position->bytes_read * 100 / position->bytes_total : 0;

	fputs("\r", stderr);
	if (!position->bytes_total)
		fprintf(stderr, _("%" PRIu64 " frames read"), position->frames);
	else if (passes > 1)
		fprintf(stderr, _("reading, pass %u of %u: %" PRIu64 " %%"), pass, passes, percent);
	else
		fprintf(stderr, _("reading: %" PRIu64 " %%"), percent);
	fputs(CLEAR_TO_END, stderr);
	fflush(stderr);
	on_screen = true;
}

/* Whether the line is to be drawn now. */
static bool is_due(void)
{
	int64_t now = clock_monotonic();

	if (!started_ns)
		started_ns = now;
	if (now - started_ns < QUIET_FOR_NS || now - drawn_ns < REDRAW_AFTER_NS || !isatty(STDERR_FILENO))
		return false;
	drawn_ns = now;
	return true;
}

void progress_show(const struct source_position *position, unsigned pass, unsigned passes)
{
	if (is_due())
		draw(position, pass, passes);
}

void progress_count(uint64_t done, uint64_t total)
{
	if (!is_due())
		return;
	fputs("\r", stderr);
	fprintf(stderr, _("%" PRIu64 " of %" PRIu64 " ports answered"), done, total);
	fputs(CLEAR_TO_END, stderr);
	fflush(stderr);
	on_screen = true;
}

void progress_clear(void)
{
	if (!on_screen)
		return;
	fputs("\r" CLEAR_TO_END, stderr);
	on_screen = false;
}
