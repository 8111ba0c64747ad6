/*
 * A command: `tcpwhy NAME …`. Each is one `const struct command` in its own file cmd_<name>.c, and one row of the table
 * in main.c; parsing, help and the manual's test follow from its option table.
 */
#ifndef TCPWHY_CLI_COMMAND_H
#define TCPWHY_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,  /* the input or the system */
	EXIT_USAGE = 2,
	EXIT_UNTOLD = 3,  /* probe: it could not be found out; there, 1 means: not open */
};

/* What an option sets in the settings of its command. */
enum option_kind {
	OPTION_FLAG,    /* bool */
	OPTION_TEXT,    /* const char * */
	OPTION_NUMBER,  /* uint64_t, at least 1 */
	OPTION_LIST,    /* struct option_list: it may be given several times */
};

#define OPTION_LIST_MAX 64

struct option_list {
	size_t count;
	const char *values[OPTION_LIST_MAX];
};

struct cli_option {
	const char *name;      /* without the dashes; NULL ends a table */
	char letter;           /* 0 for none */
	enum option_kind kind;
	const char *argument;  /* "FILE"; NULL for a flag */
	const char *help;      /* under 70 characters, marked with N_() */
	size_t offset;         /* into the settings */
};

struct command {
	const char *name;
	const char *operands;      /* for the usage line, marked with N_() */
	const char *summary;       /* one line, no full stop, marked with N_() */
	const char *const *notes;  /* lines under the options, marked with N_(), NULL-terminated; or NULL */
	const struct cli_option *options;
	size_t settings_size;
	bool ends_at_operand;      /* what follows the first operand is somebody else's command line */
	/* `settings` is zeroed but for what options set; `operands` is NULL-terminated. */
	enum exit_status (*run)(const void *settings, int count, char **operands);
};

/* What this program found, and what a program that it starts shall find again. */
extern bool sigpipe_was_ignored;

extern const struct command cmd_read;
extern const struct command cmd_watch;
extern const struct command cmd_run;
extern const struct command cmd_causes;
extern const struct command cmd_lab;
extern const struct command cmd_probe;

#endif
