#include "cli/message.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/progress.h"

/* Arguments and file names may hold anything; error_set() makes it visible. */
__attribute__((format(printf, 2, 0)))
static void say(const char *prefix, const char *format, va_list args)
{
	char text[ERROR_TEXT_MAX];
	struct error error;

	vsnprintf(text, sizeof text, format, args);
	error_set(&error, STATUS_USAGE, "%s", text);
	progress_clear();
	fflush(stdout);
	fprintf(stderr, "%s%s\n", prefix, error.text);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("tcpwhy: ", format, args);
	va_end(args);
}

void advise(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("  ", format, args);
	va_end(args);
}

enum exit_status usage_error(const struct command *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("tcpwhy: ", format, args);
	va_end(args);
	if (command)
		advise(_("`tcpwhy %s --help` lists what there is"), command->name);
	else
		advise(_("`tcpwhy --help` lists what there is"));
	return EXIT_USAGE;
}
