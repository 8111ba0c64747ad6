/* What standard output can show, and writing to it. */
#ifndef TCPWHY_CLI_TERMINAL_H
#define TCPWHY_CLI_TERMINAL_H

#include "base/buffer.h"
#include "cli/command.h"
#include "report/report.h"

#define PRINTED_MAX (64u << 20) /* ceiling of what is built in memory before it is printed */

/*
 * Colour only on a terminal that does not refuse it (NO_COLOR, TERM=dumb); Unicode only where the locale has it; the
 * width of the terminal, or 100 columns.
 */
void terminal_style(struct report_style *ret_style);
/* Write a text to standard output; the buffer is empty afterwards. */
void terminal_print(struct buffer *text);
/* Flush standard output; complains where that fails, and returns EXIT_FAILED then. A reader who left is no failure. */
enum exit_status terminal_finish(void);

#endif
