#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/message.h"

#define HELP_LETTER 'h'
#define FIRST_LONG_CODE 256 /* an option without a letter gets a code past every character */
#define HELP_COLUMN 26

static const struct cli_option help_option = {
	"help", HELP_LETTER, OPTION_FLAG, NULL, N_("print this help"), 0,
};

/* What getopt_long() wants to be told, built from a table. */
struct getopt_tables {
	struct option longs[OPTIONS_MAX + 2];
	char letters[2 * OPTIONS_MAX + 5];
};

static int code_of(const struct cli_option *table, const struct cli_option *option)
{
	return option->letter ? option->letter : FIRST_LONG_CODE + (int)(option - table);
}

static void add_option(struct getopt_tables *tables, size_t at, const struct cli_option *option, int code)
{
	size_t used = strlen(tables->letters);

	tables->longs[at] = (struct option){
		.name = option->name,
		.has_arg = option->argument ? required_argument : no_argument,
		.val = code,
	};
	if (!option->letter)
		return;
	tables->letters[used++] = option->letter;
	if (option->argument)
		tables->letters[used] = ':';
}

static void build_tables(struct getopt_tables *tables, const struct command *command)
{
	const struct cli_option *table = command->options;
	size_t count = 0;

	memset(tables, 0, sizeof *tables);
	/* '+': stop at the first operand; ':': tell a missing argument from an unknown option. */
	tables->letters[0] = command->ends_at_operand ? '+' : ':';
	tables->letters[1] = command->ends_at_operand ? ':' : 0;
	add_option(tables, count++, &help_option, HELP_LETTER);
	for (const struct cli_option *option = table; option->name && count <= OPTIONS_MAX; option++)
		add_option(tables, count++, option, code_of(table, option));
}

static const struct cli_option *find_by_code(const struct cli_option *table, int code)
{
	for (const struct cli_option *option = table; option->name; option++)
		if (code_of(table, option) == code)
			return option;
	return NULL;
}

/* A whole number from 1 up, in decimal, and nothing else. */
static bool parse_number(const char *text, uint64_t *ret_number)
{
	char *end;
	unsigned long long number;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || !number)
		return false;
	*ret_number = number;
	return true;
}

static bool add_to_list(struct option_list *list, const char *argument)
{
	if (list->count == OPTION_LIST_MAX)
		return false;
	list->values[list->count++] = argument;
	return true;
}

/* False where the argument is not what the option takes. */
static bool set_option(const struct cli_option *option, const char *argument, void *settings)
{
	void *field = (char *)settings + option->offset;

	switch (option->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return true;
	case OPTION_TEXT:
		*(const char **)field = argument;
		return true;
	case OPTION_NUMBER:
		return parse_number(argument, field);
	case OPTION_LIST:
		return add_to_list(field, argument);
	}
	return false;
}

/* getopt_long() stopped at `text`, or at a letter within it. */
static void report_bad_option(const struct command *command, const char *text, int letter, bool argument_missing)
{
	char short_name[3] = { '-', (char)letter, '\0' };
	const char *name = text && strncmp(text, "--", 2) == 0 ? text : short_name;

	if (argument_missing)
		usage_error(command, "%s: %s", name, _("it needs an argument"));
	else if (name == text && letter)
		usage_error(command, "%s: %s", name, _("it takes no argument"));
	else
		usage_error(command, "%s: %s", name, _("no such option"));
}

enum parsed options_parse(const struct command *command, int argc, char **argv, void *settings, int *ret_first)
{
	struct getopt_tables tables;
	int code;

	build_tables(&tables, command);
	opterr = 0;
	optind = 1;
	while ((code = getopt_long(argc, argv, tables.letters, tables.longs, NULL)) != -1) {
		const struct cli_option *option = find_by_code(command->options, code);

		if (code == HELP_LETTER)
			return PARSED_HELP;
		if (!option) {
			report_bad_option(command, argv[optind - 1], optopt, code == ':');
			return PARSED_ERROR;
		}
		if (!set_option(option, optarg, settings)) {
			usage_error(command, "--%s %s: %s", option->name, optarg,
			            option->kind == OPTION_LIST ? _("too many of them") : _("not a number from 1 up"));
			return PARSED_ERROR;
		}
	}
	*ret_first = optind;
	return PARSED_RUN;
}

static void print_option(const struct cli_option *option)
{
	char names[64];
	int len = 0;

	if (option->letter)
		len = snprintf(names, sizeof names, "-%c, ", option->letter);
	else
		len = snprintf(names, sizeof names, "    ");
	len += snprintf(names + len, sizeof names - (size_t)len, "--%s%s%s", option->name, option->argument ? " " : "",
	                option->argument ? option->argument : "");
	printf("  %-*s  %s\n", HELP_COLUMN, names, _(option->help));
}

void options_help(const struct command *command)
{
	printf(_("usage: tcpwhy %s [OPTION]… %s\n"), command->name, _(command->operands));
	printf("\n%s\n\n", _(command->summary));
	for (const struct cli_option *option = command->options; option->name; option++)
		print_option(option);
	print_option(&help_option);
	if (command->notes)
		putchar('\n');
	for (const char *const *note = command->notes; note && *note; note++)
		printf("%s\n", _(*note));
}
