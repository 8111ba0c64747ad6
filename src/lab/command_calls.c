/* Which calls of a traced command are told, and how. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "lab/command.h"

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

static enum traced_socket socket_at(const struct command *command, uint64_t fd)
{
	return fd < TRACED_FDS ? (enum traced_socket)command->sockets[fd] : TRACED_NONE;
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
	if (socket_at(command, tracee->args[0]) == TRACED_NONE)
		return false;
	if (tracee->number == SYS_close && socket_at(command, tracee->args[0]) == TRACED_FRESH)
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

static void mark(struct command *command, int64_t fd, enum traced_socket socket)
{
	if (fd >= 0 && fd < TRACED_FDS)
		command->sockets[fd] = (uint8_t)socket;
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
	return number == SYS_dup || number == SYS_dup3 || (number == SYS_fcntl && args[1] == F_DUPFD);
}

void command_leaves(struct command *command, struct tracee *tracee)
{
	const uint64_t *args = tracee->args;
	int64_t value = tracee->call.value;

	/* Also one that failed, or that goes on. */
	if (tracee->call.verb == VERB_CONNECT || tracee->call.verb == VERB_LISTEN)
		mark(command, (int64_t)args[0], TRACED_USED);
	if (value < 0)
		return;
	if (tracee->number == SYS_socket)
		mark(command, value, is_tcp(args) ? TRACED_FRESH : TRACED_NONE);
	else if (tracee->call.verb == VERB_ACCEPT)
		mark(command, value, TRACED_USED);
	else if (tracee->number == SYS_close)
		mark(command, (int64_t)args[0], TRACED_NONE);
	else if (is_dup(tracee->number, args))
		mark(command, value, socket_at(command, args[0]));
}
