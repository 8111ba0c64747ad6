#include "support/changed_kernel.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 8
/* Of a 64-bit argument, where the filter finds the lower half. */
#define LOWER_HALF (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)
#define ARGUMENT(n) ((unsigned)(offsetof(struct seccomp_data, args) + 8 * (n)) + LOWER_HALF)
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define JUMP_UNLESS(value, steps) BPF_JUMP(BPF_JMP | BPF_K | BPF_JEQ, value, 0, steps)
#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC)

bool change_kernel(const struct changed_call *call)
{
	struct sock_filter steps[] = {
		LOAD(offsetof(struct seccomp_data, nr)), JUMP_UNLESS((unsigned)call->number, 5),
		LOAD(ARGUMENT(call->when[0].argument)), JUMP_UNLESS(call->when[0].value, 3),
		LOAD(ARGUMENT(call->when[1].argument)), JUMP_UNLESS(call->when[1].value, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)call->error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof steps / sizeof *steps, steps };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool can_make_namespaces(void)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0)
		_exit(unshare(NAMESPACES) < 0 && (unshare(CLONE_NEWUSER) < 0 || unshare(NAMESPACES) < 0));
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static _Noreturn void be_program(const struct changed_call *call, const char *const arguments[], int out)
{
	const char *build = getenv("BUILD"), *words[ARGUMENTS_MAX + 2] = { "tcpwhy" };
	char path[4096];

	snprintf(path, sizeof path, "%s/tcpwhy", build ? build : "build");
	for (unsigned i = 0; i < ARGUMENTS_MAX && arguments[i]; i++)
		words[i + 1] = arguments[i];
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	if (!change_kernel(call))
		_exit(CANNOT_CHANGE);
	execv(path, (char **)words);
	_exit(127);
}

int play_changed(const struct changed_call *call, const char *const arguments[], char *text, size_t size)
{
	int ends[2], status;
	FILE *out;
	pid_t child;

	text[0] = '\0';
	if (pipe(ends) < 0)
		return -1;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		be_program(call, arguments, ends[1]);
	}
	close(ends[1]);
	out = fdopen(ends[0], "r");
	text[fread(text, 1, size - 1, out)] = '\0';
	fclose(out);
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
