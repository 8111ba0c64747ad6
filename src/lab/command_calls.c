/* Which calls of a traced command are told, and how. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "lab/command.h"

/* clone(2): "C library/kernel differences" */
#if defined __s390__ || defined __CRIS__
#define CLONE_FLAGS_ARGUMENT 1
#else
#define CLONE_FLAGS_ARGUMENT 0
#endif

static const struct traced {
	long number;
	const char *name;
	enum verb verb;
} traced[] = {
#ifdef SYS_accept
	{ SYS_accept, "accept()", VERB_ACCEPT },
#endif
	{ SYS_accept4, "accept()", VERB_ACCEPT },
	{ SYS_connect, "connect()", VERB_CONNECT },
	{ SYS_listen, "listen()", VERB_LISTEN },
	{ SYS_read, "read()", VERB_READ },
	{ SYS_readv, "readv()", VERB_READ },
	{ SYS_recvfrom, "recv()", VERB_READ },
	{ SYS_recvmsg, "recvmsg()", VERB_READ },
	{ SYS_write, "write()", VERB_WRITE },
	{ SYS_writev, "writev()", VERB_WRITE },
	{ SYS_sendto, "send()", VERB_WRITE },
	{ SYS_sendmsg, "sendmsg()", VERB_WRITE },
	{ SYS_close, "close()", VERB_CLOSE },
	{ SYS_shutdown, "shutdown()", VERB_SHUTDOWN },
};

static enum traced_socket socket_at(const struct tracee *tracee, uint64_t fd)
{
	return fd < TRACED_FDS ? (enum traced_socket)tracee->files->sockets[fd] : TRACED_NONE;
}

/* Whether what it starts uses its descriptors: a thread does. clone3() has its flags first in a struct. */
static bool shares_files(const struct tracee *tracee)
{
	uint64_t flags = 0;

	if (tracee->number == SYS_clone)
		flags = tracee->args[CLONE_FLAGS_ARGUMENT];
#ifdef SYS_clone3
	if (tracee->number == SYS_clone3)
		flags = (uint64_t)ptrace(PTRACE_PEEKDATA, tracee->id, (void *)(uintptr_t)tracee->args[0], NULL);
#endif
	return flags & CLONE_FILES;
}

struct traced_files *command_files(const struct tracee *parent)
{
	struct traced_files *files;

	if (parent && shares_files(parent)) {
		parent->files->users++;
		return parent->files;
	}
	files = calloc(1, sizeof *files);
	if (files && parent)
		*files = *parent->files;
	if (files)
		files->users = 1;
	return files;
}

void command_files_free(struct traced_files *files)
{
	if (files && --files->users == 0)
		free(files);
}

/* rt_sigaction(SIGPIPE, act, …): the handler is the first word of *act on every machine but MIPS. */
static void learn_handler(struct command *command, const struct tracee *tracee)
{
	long handler;

	if (tracee->number != SYS_rt_sigaction || tracee->args[0] != SIGPIPE || !tracee->args[1])
		return;
	errno = 0;
	handler = ptrace(PTRACE_PEEKDATA, tracee->id, (void *)(uintptr_t)tracee->args[1], NULL);
	if (!errno)
		command->on_sigpipe = handler == (long)SIG_DFL ? SIGPIPE_DEFAULT
		                      : handler == (long)SIG_IGN ? SIGPIPE_IGNORED : SIGPIPE_CAUGHT;
}

bool command_enters(struct command *command, struct tracee *tracee)
{
	struct lab_call *call = &tracee->call;

	learn_handler(command, tracee);
	if (socket_at(tracee, tracee->args[0]) == TRACED_NONE)
		return false;
	if (tracee->number == SYS_close && socket_at(tracee, tracee->args[0]) == TRACED_FRESH)
		return false;
	if (tracee->number == SYS_setsockopt && tracee->args[1] == SOL_SOCKET && tracee->args[2] == SO_LINGER) {
		snprintf(call->name, sizeof call->name, "setsockopt(SO_LINGER)");
		return true;
	}
	for (size_t i = 0; i < sizeof traced / sizeof *traced; i++)
		if (tracee->number == (uint64_t)traced[i].number) {
			call->verb = (uint8_t)traced[i].verb;
			snprintf(call->name, sizeof call->name, "%s", traced[i].name);
			return true;
		}
	return false;
}

static void mark(const struct tracee *tracee, int64_t fd, enum traced_socket socket)
{
	if (fd >= 0 && fd < TRACED_FDS)
		tracee->files->sockets[fd] = (uint8_t)socket;
}

static bool is_tcp(const uint64_t *args)
{
	return (args[0] == AF_INET || args[0] == AF_INET6) && (args[1] & 0xf) == SOCK_STREAM;
}

static bool is_dup(uint64_t number, const uint64_t *args)
{
#ifdef SYS_dup2
	if (number == SYS_dup2)
		return true;
#endif
	return number == SYS_dup || number == SYS_dup3 ||
	       (number == SYS_fcntl && (args[1] == F_DUPFD || args[1] == F_DUPFD_CLOEXEC));
}

void command_leaves(const struct tracee *tracee)
{
	const uint64_t *args = tracee->args;
	int64_t value = tracee->call.value;

	/* Also one that failed, or that goes on. */
	if (tracee->call.verb == VERB_CONNECT || tracee->call.verb == VERB_LISTEN)
		mark(tracee, (int64_t)args[0], TRACED_USED);
	if (value < 0)
		return;
	if (tracee->number == SYS_socket)
		mark(tracee, value, is_tcp(args) ? TRACED_FRESH : TRACED_NONE);
	else if (tracee->call.verb == VERB_ACCEPT)
		mark(tracee, value, TRACED_USED);
	else if (tracee->number == SYS_close)
		mark(tracee, (int64_t)args[0], TRACED_NONE);
	else if (is_dup(tracee->number, args))
		mark(tracee, value, socket_at(tracee, args[0]));
}
