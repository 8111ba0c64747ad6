/*
 * The lab never forks while it has a second thread: a lock that one holds at that moment stays locked in the child,
 * which waits for it for ever. It happens once in thousands of plays, so each fork is looked at as it happens.
 */
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/changed_kernel.h"

#define EVENT_OF(status) ((unsigned)(status) >> 16)
#define PLAYS 2

/* What the traced program did until it ended. */
struct doings {
	unsigned forks, crowded;   /* crowded: forks with more than one thread */
	unsigned threads;          /* that it started */
	int status;                /* of wait(); -1: it could not be traced */
};

static unsigned threads_of(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	unsigned count = 0;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks)))
		count += entry->d_name[0] != '.';
	if (tasks)
		closedir(tasks);
	return count;
}

static _Noreturn void be_traced(const char *const words[])
{
	const char *build = getenv("BUILD");
	int null = open("/dev/null", O_WRONLY);
	char path[4096];

	snprintf(path, sizeof path, "%s/tcpwhy", build ? build : "build");
	/* It cannot look for leaks where it is traced itself. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 && raise(SIGSTOP) == 0)
		execv(path, (char **)words);
	_exit(127);
}

static void on_event(struct doings *doings, pid_t pid, unsigned event)
{
	if (event == PTRACE_EVENT_CLONE)
		doings->threads++;
	if (event != PTRACE_EVENT_FORK && event != PTRACE_EVENT_VFORK)
		return;
	doings->forks++;
	doings->crowded += threads_of(pid) != 1;
}

/* One stop of the program, of a thread of it, or of a child, which goes its own way. */
static void on_stop(struct doings *doings, pid_t program, pid_t pid, int status)
{
	int signal = WSTOPSIG(status);

	if (EVENT_OF(status)) {
		if (pid == program)
			on_event(doings, pid, EVENT_OF(status));
		signal = 0;
	}
	if (pid == program)
		ptrace(PTRACE_CONT, pid, NULL, signal == SIGTRAP ? 0L : (long)signal);
	else
		ptrace(PTRACE_DETACH, pid, NULL, signal == SIGSTOP ? 0L : (long)signal);
}

static struct doings trace(const char *const words[])
{
	const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	struct doings doings = { .status = -1 };
	pid_t program, pid;
	int status;

	fflush(stdout);
	program = fork();
	if (program == 0)
		be_traced(words);
	if (program < 0 || waitpid(program, &status, 0) != program || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, program, NULL, options) < 0 || ptrace(PTRACE_CONT, program, NULL, 0L) < 0)
		return doings;
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || (pid < 0 && errno == EINTR)) {
		if (pid > 0 && WIFSTOPPED(status))
			on_stop(&doings, program, pid, status);
		else if (pid == program)
			doings.status = status;
	}
	return doings;
}

static void test_lab(const char *name, bool listens, const char *const words[])
{
	struct doings doings = trace(words);

	ok(WIFEXITED(doings.status) && WEXITSTATUS(doings.status) == 0, "%s: it is played (%d)", name, doings.status);
	ok(doings.forks == PLAYS, "%s: it forks once a play (%u)", name, doings.forks);
	ok(doings.crowded == 0, "%s: each time with one thread (%u not)", name, doings.crowded);
	ok(doings.threads == (listens ? PLAYS : 0), "%s: it starts threads later, if any (%u)", name, doings.threads);
}

/* As tests/support/tracing.sh: true where the kernel can be traced. */
static bool can_trace(void)
{
	struct doings doings = trace((const char *const[]) { "tcpwhy", "watch", "--self-check", NULL });

	return WIFEXITED(doings.status) && WEXITSTATUS(doings.status) == 0;
}

int main(void)
{
	if (!can_make_namespaces()) {
		ok(true, "forks of the lab # SKIP namespaces cannot be made here");
		return done_testing();
	}
	if (trace((const char *const[]) { "tcpwhy", "--version", NULL }).status < 0) {
		ok(true, "forks of the lab # SKIP no process can be traced with ptrace() here");
		return done_testing();
	}
	test_lab("lab", false, (const char *const[]) { "tcpwhy", "lab", "-4", "-6", "port-closed", NULL });
	if (can_trace())
		test_lab("lab --kernel", true,
		         (const char *const[]) { "tcpwhy", "lab", "--kernel", "-4", "-6", "port-closed", NULL });
	else
		ok(true, "lab --kernel # SKIP the kernel cannot be traced here");
	return done_testing();
}
