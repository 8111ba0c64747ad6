/* Messages to people on standard error: "tcpwhy: what: why", and what to do next where there is something. */
#ifndef TCPWHY_CLI_MESSAGE_H
#define TCPWHY_CLI_MESSAGE_H

#include "cli/command.h"

/* The text is made printable: it may hold file names and arguments. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A line of advice after a complaint, without the "tcpwhy:". */
void advise(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A complaint about the command line, and where the help is (`command` NULL: the program's own). Returns EXIT_USAGE. */
enum exit_status usage_error(const struct command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
