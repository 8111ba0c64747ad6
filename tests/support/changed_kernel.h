/* A kernel that behaves otherwise than this one, for a program: seccomp answers some of its calls. */
#ifndef TCPWHY_TESTS_CHANGED_KERNEL_H
#define TCPWHY_TESTS_CHANGED_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

/* A system call with these two arguments (perhaps the same twice) does nothing any more. */
struct changed_call {
	long number;
	struct { unsigned argument, value; } when[2];
	int error;    /* what it fails with; 0: it seems to succeed, and returns 0 */
};

/* From now on, for this process and those that it starts. False, and errno, where calls cannot be filtered. */
bool change_kernel(const struct changed_call *call);
/* Whether the namespaces of the lab can be made here: by root, or by anybody in a user namespace. */
bool can_make_namespaces(void);
/*
 * Run build/tcpwhy with `arguments` (NULL ends them) on such a kernel; what it prints, to stdout and stderr, in `text`,
 * where it must fit. Its exit status, -1 for none, CANNOT_CHANGE where calls cannot be filtered.
 */
#define CANNOT_CHANGE 126
int play_changed(const struct changed_call *call, const char *const arguments[], char *text, size_t size);

#endif
