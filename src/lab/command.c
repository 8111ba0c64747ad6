#include "lab/command.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "lab/actor.h"

#define TRACE_OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | \
                       PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)
#define SYSCALL_STOP (SIGTRAP | 0x80)

static void set_environment(const struct network *network, enum party party)
{
	struct address address = network_address(network->version, party == PARTY_CLIENT ? PARTY_SERVER : party);
	char text[ADDRESS_TEXT_MAX], port[16];

	snprintf(port, sizeof port, "%d", LAB_PORT);
	setenv("TCPWHY_ROLE", lab_party_id(party), 1);
	setenv("TCPWHY_ADDRESS", address_text(text, &address), 1);
	setenv("TCPWHY_PORT", port, 1);
}

static _Noreturn void become(const struct network *network, enum party party, const char *text)
{
	int nothing = open("/dev/null", O_RDONLY);
	sigset_t none;

	/* Before all else: nobody would be told that it stopped. */
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(errno);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(nothing, STDIN_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	set_environment(network, party);
	raise(SIGSTOP);
	execl("/bin/sh", "sh", "-c", text, (char *)NULL);
	_exit(127);
}

/* `files` becomes its own. NULL where there is no room. */
static struct tracee *add_tracee(struct command *command, pid_t id, struct traced_files *files)
{
	struct tracee *tracee = files && command->count < TRACEES_MAX ? &command->tracees[command->count++] : NULL;

	if (tracee)
		*tracee = (struct tracee){ .id = id, .files = files };
	else
		command_files_free(files);
	return tracee;
}

static void remove_tracee(struct command *command, size_t at)
{
	command_files_free(command->tracees[at].files);
	command->tracees[at] = command->tracees[--command->count];
}

static struct tracee *find_tracee(struct command *command, pid_t id)
{
	for (size_t i = 0; i < command->count; i++)
		if (command->tracees[i].id == id)
			return &command->tracees[i];
	return NULL;
}

/* Let the new process begin, stopped and traced. 0, or errno, and then it is gone. */
static int trace(pid_t pid)
{
	int stop = 0, failure;

	if (waitpid(pid, &stop, 0) < 0)
		return errno;
	if (!WIFSTOPPED(stop))
		return WIFEXITED(stop) ? WEXITSTATUS(stop) : ECHILD;
	if (ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)TRACE_OPTIONS) == 0)
		return 0;
	failure = errno;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return failure;
}

enum status command_start(struct command *command, const struct network *network, enum party party, const char *text,
                          struct error *error)
{
	enum status status = network_enter(network, party, error);
	struct traced_files *files;
	int failure;
	pid_t pid;

	if (status != STATUS_OK)
		return status;
	pid = fork();
	if (pid == 0)
		become(network, party, text);
	failure = pid < 0 ? errno : trace(pid);
	status = network_leave(network, status, error);
	if (failure)
		return error_set(error, STATUS_IO,
		                 _("%s: cannot be traced: %s (does this container, or kernel.yama.ptrace_scope, forbid it?)"),
		                 text, strerror(failure));
	*command = (struct command){ .started = true, .party = party, .pid = pid, .on_sigpipe = SIGPIPE_DEFAULT };
	files = command_files(NULL);
	if (!files)
		return error_set(error, STATUS_MEMORY, _("out of memory"));
	add_tracee(command, pid, files)->seen = true;
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	return status;
}

static void take_call(struct command *command, struct tracee *tracee, command_taker taker, void *user)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->id, (void *)sizeof info, &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		tracee->number = info.entry.nr;
		for (unsigned i = 0; i < 6; i++)
			tracee->args[i] = info.entry.args[i];
		tracee->call = (struct lab_call){
			.party = (uint8_t)command->party, .pid = tracee->id, .start_ns = clock_realtime(),
		};
		tracee->in_call = command_enters(command, tracee);
	} else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		tracee->call.end_ns = clock_realtime();
		tracee->call.value = info.exit.is_error ? -1 : info.exit.rval;
		tracee->call.error = info.exit.is_error ? (int32_t)-info.exit.rval : 0;
		command_leaves(tracee);
		/* 512 and up: the kernel's own, it will begin the call again. */
		if (tracee->in_call && tracee->call.error < 512)
			taker(user, &tracee->call);
		tracee->in_call = false;
	}
}

/* It begins stopped, as a tracee; one that is not to be one has to be told to go on alone. */
static void let_go(pid_t id)
{
	int status;

	while (waitpid(id, &status, __WALL) < 0 && errno == EINTR)
		;
	ptrace(PTRACE_DETACH, id, NULL, NULL);
}

static void add_child(struct command *command, const struct tracee *parent)
{
	unsigned long id = 0;

	if (ptrace(PTRACE_GETEVENTMSG, parent->id, NULL, &id) < 0 || find_tracee(command, (pid_t)id) ||
	    add_tracee(command, (pid_t)id, command_files(parent)))
		return;
	let_go((pid_t)id);
	command->untraced++;
}

static void tell_sigpipe(const struct command *command, const struct tracee *tracee, command_taker taker, void *user)
{
	struct lab_call call = {
		.party = (uint8_t)command->party, .pid = tracee->id, .start_ns = clock_realtime(), .end_ns = clock_realtime(),
		.signal = SIGPIPE, .killed = command->on_sigpipe == SIGPIPE_DEFAULT,
	};

	snprintf(call.name, sizeof call.name, "%s", _("a signal"));
	if (command->on_sigpipe != SIGPIPE_IGNORED)
		taker(user, &call);
}

/* Go on after a stop. */
static void serve_stop(struct command *command, struct tracee *tracee, int status, command_taker taker, void *user)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (signal == SYSCALL_STOP)
		take_call(command, tracee, taker, user);
	else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
		add_child(command, tracee);
	else if (!event && signal == SIGPIPE)
		tell_sigpipe(command, tracee, taker, user);
	if (signal == SYSCALL_STOP || event || !tracee->seen)
		signal = 0;
	tracee->seen = true;
	ptrace(PTRACE_SYSCALL, tracee->id, NULL, (void *)(intptr_t)signal);
}

void command_serve(struct command *command, command_taker taker, void *user)
{
	bool any = command->started && !command->ended;
	int status;

	while (any) {
		any = false;
		for (size_t i = 0; i < command->count; i++) {
			struct tracee *tracee = &command->tracees[i];
			pid_t got = waitpid(tracee->id, &status, __WALL | WNOHANG);

			if (got == 0 || (got < 0 && errno != ECHILD))
				continue;
			any = true;
			/* A thread that calls exec() goes on under the number of the first, and its own is no more. */
			if (got > 0 && WIFSTOPPED(status))
				serve_stop(command, tracee, status, taker, user);
			else
				remove_tracee(command, i--);
		}
	}
	if (command->started && !command->count)
		command->ended = true;
}

void command_kill(struct command *command, int signal)
{
	if (find_tracee(command, command->pid))
		kill(command->pid, signal);
}
