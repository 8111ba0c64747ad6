/* tcpwhy: why was this TCP connection reset? */
#include <fcntl.h>
#include <libintl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/terminal.h"

bool sigpipe_was_ignored;

/* Every command, in the order of the help. */
static const struct command *const commands[] = {
	&cmd_read,
	&cmd_watch,
	&cmd_run,
	&cmd_causes,
	&cmd_lab,
	&cmd_probe,
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static enum exit_status print_help(void)
{
	puts(_("usage: tcpwhy COMMAND [OPTION]…"));
	printf("\n%s\n\n", _("why was this TCP connection reset?"));
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-10s  %s\n", commands[i]->name, _(commands[i]->summary));
	printf("\n  %-10s  %s\n", "--version", _("print the version"));
	printf("  %-10s  %s\n\n", "--help", _("print this help"));
	puts(_("`tcpwhy COMMAND --help` says more, and so does `man tcpwhy`."));
	return EXIT_DONE;
}

static enum exit_status run_command(const struct command *command, int argc, char **argv)
{
	enum exit_status status = EXIT_USAGE;
	void *settings = calloc(1, command->settings_size);
	int first = 0;

	if (!settings) {
		complain("%s", _("out of memory"));
		return EXIT_FAILED;
	}
	switch (options_parse(command, argc, argv, settings, &first)) {
	case PARSED_RUN:
		status = command->run(settings, argc - first, argv + first);
		break;
	case PARSED_HELP:
		options_help(command);
		status = EXIT_DONE;
		break;
	case PARSED_ERROR:
		break;
	}
	free(settings);
	return status;
}

static enum exit_status run(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2)
		return usage_error(NULL, "%s", _("which command?"));
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_help();
	if (strcmp(argv[1], "--version") == 0) {
		puts("tcpwhy " TCPWHY_VERSION);
		return EXIT_DONE;
	}
	command = find_command(argv[1]);
	if (!command)
		return usage_error(NULL, "%s: %s", argv[1], argv[1][0] == '-' ? _("no such option") : _("no such command"));
	return run_command(command, argc - 1, argv + 1);
}

/*
 * A standard descriptor that is closed would become that of the next file or socket, and what is printed would go
 * there. Opened the wrong way round, it goes on failing with EBADF.
 */
static void occupy_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	enum exit_status status, written;

	occupy_standard_descriptors();
	setlocale(LC_CTYPE, "");
	setlocale(LC_MESSAGES, ""); /* and not LC_NUMERIC: numbers keep their point */
	bindtextdomain(TEXT_DOMAIN, LOCALE_DIR);
	/* `tcpwhy read … | head` ends quietly, whoever started it */
	sigpipe_was_ignored = signal(SIGPIPE, SIG_DFL) == SIG_IGN;
	status = run(argc, argv);
	written = terminal_finish();
	return status != EXIT_DONE ? status : written;
}
