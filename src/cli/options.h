/* Parses a command line by the option table of its command, and prints its help from the same table. */
#ifndef TCPWHY_CLI_OPTIONS_H
#define TCPWHY_CLI_OPTIONS_H

#include "cli/command.h"

enum parsed {
	PARSED_RUN,    /* go on */
	PARSED_HELP,   /* help was asked for */
	PARSED_ERROR,  /* and was reported */
};

#define OPTIONS_MAX 32 /* of one command */

/*
 * Parse argv, whose argv[0] is the name of the command, into `settings` (zeroed, command->settings_size bytes). The
 * operands are moved to the end; *ret_first is the index of the first. --help and -h belong to every command.
 */
enum parsed options_parse(const struct command *command, int argc, char **argv, void *settings, int *ret_first);
/* Usage, options and notes to standard output. */
void options_help(const struct command *command);

#endif
