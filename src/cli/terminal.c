#include "cli/terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/message.h"
#include "cli/progress.h"

#define WIDTH_ELSEWHERE 100
#define WIDTH_MIN 40 /* narrower than this, wrapping makes it worse */

static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (no_color && *no_color)
		return false;
	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

static unsigned find_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH_ELSEWHERE;
	return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
}

void terminal_style(struct report_style *ret_style)
{
	ret_style->colour = wants_colour();
	ret_style->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	ret_style->width = find_width();
}

void terminal_print(struct buffer *text)
{
	progress_clear();
	fwrite(buffer_text(text), 1, text->len, stdout);
	if (text->full)
		complain("%s", _("standard output: the text was too long and was cut"));
	text->full = false;
	buffer_reset(text);
}

enum exit_status terminal_finish(void)
{
	progress_clear();
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_DONE;
	if (errno == EPIPE)
		return EXIT_DONE;
	complain("%s: %s", _("standard output"), strerror(errno));
	return EXIT_FAILED;
}
