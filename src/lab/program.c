#include "lab/program.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define STAT_TEXT_MAX 128
#define ACTOR_FD 3
#define FDS_MAX 64 /* more than a program of the lab ever has */

/* Open the stat file of the process that this is; given to the conductor, it goes on telling of this one. */
static void pass_stat(int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .space = { 0 } };
	char byte = 's';
	struct iovec piece = { &byte, 1 };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };
	int stat = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	struct cmsghdr *header;

	if (stat >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof stat);
		memcpy(CMSG_DATA(header), &stat, sizeof stat);
	}
	sendmsg(fd, &message, MSG_NOSIGNAL);
	if (stat >= 0)
		close(stat);
}

static int take_stat(int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec piece = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control,
	};
	struct cmsghdr *header = recvmsg(fd, &message, MSG_CMSG_CLOEXEC) > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	int stat = -1;

	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(&stat, CMSG_DATA(header), sizeof stat);
	return stat;
}

/* Nothing of the conductor's stays open: its own sockets get the numbers that a program of its own would see. */
static _Noreturn void be_program(int fd, enum party party)
{
	int own = fd == ACTOR_FD ? fd : dup3(fd, ACTOR_FD, O_CLOEXEC);

	close_range(ACTOR_FD + 1, ~0u, 0);
	pass_stat(own);
	actor_run(own, party);
}

enum status program_start(struct program *program, const struct network *network, enum party party,
                          struct error *error)
{
	int ends[2];
	enum status status;

	if (program->pid)
		return STATUS_OK;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(error, STATUS_IO, "socketpair(): %s", strerror(errno));
	status = network_enter(network, party, error);
	if (status == STATUS_OK && (program->pid = fork()) < 0)
		status = error_set(error, STATUS_IO, "fork(): %s", strerror(errno));
	if (status == STATUS_OK && program->pid == 0)
		be_program(ends[1], party);
	close(ends[1]);
	if (status != STATUS_OK) {
		close(ends[0]);
		program->pid = 0;
		return network_leave(network, status, error);
	}
	program->fd = ends[0];
	program->stat = take_stat(ends[0]);
	return network_leave(network, status, error);
}

bool program_order(struct program *program, const struct order *order)
{
	program->answered = false;
	return send(program->fd, order, sizeof *order, MSG_NOSIGNAL) == (ssize_t)sizeof *order;
}

static void let_go(struct program *program, int status)
{
	close(program->fd);
	if (program->stat >= 0)
		close(program->stat);
	program->pid = 0;
	program->fd = program->stat = -1;
	program->answered = true;
	program->answer = (struct answer){ .call = { .killed = true, .end_ns = clock_realtime() } };
	if (WIFSIGNALED(status))
		program->answer.call.signal = WTERMSIG(status);
}

bool program_listen(struct program *program)
{
	ssize_t len = program->pid ? recv(program->fd, &program->answer, sizeof program->answer, MSG_DONTWAIT) : -1;
	int status = 0;

	if (len == (ssize_t)sizeof program->answer) {
		program->answered = !program->answer.call.begins;
		return true;
	}
	if (!program->pid || (len < 0 && (errno == EAGAIN || errno == EINTR)))
		return false;
	/* The other end is closed: the process ends, and its sockets are closed when it can be waited for. */
	while (waitpid(program->pid, &status, 0) < 0 && errno == EINTR)
		;
	let_go(program, status);
	return true;
}

bool program_sleeps(const struct program *program)
{
	char text[STAT_TEXT_MAX];
	ssize_t len = program->stat >= 0 ? pread(program->stat, text, sizeof text - 1, 0) : -1;
	const char *state;

	if (len <= 0)
		return true; /* without /proc nobody can tell */
	text[len] = '\0';
	state = strrchr(text, ')');
	return state && state[1] && state[2] == 'S';
}

void program_forget(const struct program *program)
{
	int process = program->pid ? (int)syscall(SYS_pidfd_open, program->pid, 0) : -1, on = 1;

	for (int fd = 0; process >= 0 && fd < FDS_MAX; fd++) {
		int copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);

		if (copy < 0)
			continue;
		setsockopt(copy, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on);
		close(copy);
	}
	if (process >= 0)
		close(process);
}

void program_kill(struct program *program, int signal)
{
	int status = 0;

	if (!program->pid)
		return;
	kill(program->pid, signal);
	while (waitpid(program->pid, &status, 0) < 0 && errno == EINTR)
		;
	let_go(program, status);
}
