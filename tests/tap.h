/* The Test Anything Protocol, for C test programs run by prove. */
#ifndef TCPWHY_TESTS_TAP_H
#define TCPWHY_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3)))
static inline bool ok(bool passed, const char *name, ...)
{
	va_list args;

	printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
	va_start(args, name);
	vprintf(name, args);
	va_end(args);
	putchar('\n');
	tap_failed += !passed;
	return passed;
}

__attribute__((unused))
static inline bool is_number(long long got, long long want, const char *name)
{
	bool passed = ok(got == want, "%s", name);

	if (!passed)
		printf("#   got %lld, want %lld\n", got, want);
	return passed;
}

__attribute__((unused))
static inline bool is_text(const char *got, const char *want, const char *name)
{
	bool passed = ok(got && want && strcmp(got, want) == 0, "%s", name);

	if (!passed)
		printf("#   got  '%s'\n#   want '%s'\n", got ? got : "(null)", want ? want : "(null)");
	return passed;
}

/* Print the plan; the exit status of the program. */
__attribute__((unused))
static inline int done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
