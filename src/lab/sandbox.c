/*
 * Between the caller and the conductor stands a process that only waits: unshare(CLONE_NEWPID) takes effect for its
 * child. The caller's death kills it (PR_SET_PDEATHSIG), its death kills the conductor, and with the first process of
 * a PID namespace the kernel kills all others, and then nothing holds the network namespaces any more.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab/conductor.h"

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC)

static bool put_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

/* Root in a user namespace of its own: what an ordinary user needs. */
static enum status become_root_of_nothing(struct error *error)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();

	int failure = unshare(CLONE_NEWUSER) < 0 ? errno : 0;

	if (failure)
		return error_set(error, STATUS_IO,
		                 _("a user namespace cannot be made: %s (run it as root, or allow them: sysctl "
		                   "user.max_user_namespaces, kernel.unprivileged_userns_clone, "
		                   "kernel.apparmor_restrict_unprivileged_userns)"),
		                 failure == ENOSPC ? _("a limit is reached") : strerror(failure));
	put_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof map, "0 %u 1", uid);
	if (!put_file("/proc/self/uid_map", map))
		return error_set(error, STATUS_IO, _("/proc/self/uid_map: %s"), strerror(errno));
	snprintf(map, sizeof map, "0 %u 1", gid);
	if (!put_file("/proc/self/gid_map", map))
		return error_set(error, STATUS_IO, _("/proc/self/gid_map: %s"), strerror(errno));
	return STATUS_OK;
}

static enum status make_namespaces(struct error *error)
{
	enum status status = STATUS_OK;

	if (unshare(NAMESPACES) == 0)
		return STATUS_OK;
	if (errno == EPERM)
		status = become_root_of_nothing(error);
	if (status != STATUS_OK || unshare(NAMESPACES) == 0)
		return status;
	if (errno == ENOSPC)
		return network_limit("user.max_net_namespaces, user.max_pid_namespaces, user.max_ipc_namespaces", error);
	return error_set(error, STATUS_IO, _("namespaces cannot be made: %s (does the kernel have PID and network namespaces, "
	                                     "and may this container use them?)"), strerror(errno));
}

/* Die with the parent, also if it has died already: then nobody holds the other end of `fd`. */
static void die_with_parent(int fd)
{
	struct pollfd caller = { .fd = fd };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (poll(&caller, 1, 0) > 0 && caller.revents & (POLLHUP | POLLERR))
		_exit(1);
}

static _Noreturn void conduct(const struct scenario *scenario, const struct lab_options *options, int fd)
{
	die_with_parent(fd);
	prctl(PR_SET_NAME, "tcpwhy-lab");
	conductor_play(scenario, options, fd);
	_exit(0);
}

static _Noreturn void wait_for_conductor(const struct scenario *scenario, const struct lab_options *options, int fd)
{
	struct error error = { STATUS_OK, "" };
	enum status status = make_namespaces(&error);
	pid_t conductor;
	int ended = 0;

	die_with_parent(fd);
	conductor = status == STATUS_OK ? fork() : -1;
	if (conductor == 0)
		conduct(scenario, options, fd);
	if (conductor < 0 && status == STATUS_OK)
		error_set(&error, STATUS_IO, "fork(): %s", strerror(errno));
	while (conductor > 0 && waitpid(conductor, &ended, 0) < 0 && errno == EINTR)
		;
	/* What it could not say itself any more. */
	if (conductor > 0 && WIFSIGNALED(ended))
		error_set(&error, STATUS_IO, _("the lab was killed by SIG%s before the scenario was over (`ulimit -a` shows "
		                               "whether its stack or its memory is limited)"), sigabbrev_np(WTERMSIG(ended)));
	if (error.status != STATUS_OK)
		message_end(fd, &error);
	_exit(0);
}

enum status lab_play(const struct scenario *scenario, const struct lab_options *options, const struct lab_sink *sink,
                     struct error *error)
{
	int ends[2];
	pid_t child;
	enum status status;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(error, STATUS_IO, "socketpair(): %s", strerror(errno));
	child = fork();
	if (child == 0) {
		close(ends[0]);
		wait_for_conductor(scenario, options, ends[1]);
	}
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return error_set(error, STATUS_IO, "fork(): %s", strerror(errno));
	}
	if (sink->begun)
		sink->begun(sink->user);
	status = message_play(ends[0], sink, error);
	close(ends[0]);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return status;
}
