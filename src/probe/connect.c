#include "probe/connect.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "probe/engine.h"

#define AT_ONCE_MAX 256
/* The kernel sends a SYN again after 1 and 3 seconds (RFC 6298); the third may take its time, too. */
#define PATIENCE_NS (3500 * NS_PER_MS)
#define DESCRIPTORS_SPARED 16
#define POLL_MS 50

struct attempt {
	size_t index;              /* of the ask */
	int64_t until_ns;
};

struct attempts {
	struct pollfd polls[AT_ONCE_MAX];
	struct attempt list[AT_ONCE_MAX];
	size_t count, most;
};

static void settle(struct scan *scan, size_t index, enum port_state state)
{
	struct ask *ask = &scan->asks[index];

	ask->state = (uint8_t)state;
	scan->answered++;
	scan->counts.received += state == PORT_OPEN || state == PORT_CLOSED || state == PORT_UNREACHABLE;
}

/* The ICMP error that ended it: who sent it, and what it says. */
static bool take_error_queue(struct scan *scan, struct ask *ask, int fd)
{
	char control[512], byte;
	struct iovec piece = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control,
	};

	if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		struct sock_extended_err error;
		struct sockaddr_storage offender = { 0 };
		size_t len = c->cmsg_len - CMSG_LEN(sizeof error);

		if (!(c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&error, CMSG_DATA(c), sizeof error);
		if (error.ee_origin != SO_EE_ORIGIN_ICMP && error.ee_origin != SO_EE_ORIGIN_ICMP6)
			continue;
		memcpy(&offender, CMSG_DATA(c) + sizeof error, len < sizeof offender ? len : sizeof offender);
		ask->seen.by_icmp = true;
		ask->seen.icmp_type = error.ee_type;
		ask->seen.icmp_code = error.ee_code;
		if (offender.ss_family == AF_INET || offender.ss_family == AF_INET6) {
			struct address reporter = path_address(&offender);

			ask->seen.reporter = engine_reporter(scan, &reporter);
		}
		return true;
	}
	return false;
}

/* What errno says where nothing else does. */
static void take_errno(struct scan *scan, size_t index, int failure)
{
	struct ask *ask = &scan->asks[index];

	switch (failure) {
	case ECONNREFUSED:
		settle(scan, index, PORT_CLOSED);
		break;
	case EHOSTUNREACH:
		ask->doubt = DOUBT_NEIGHBOUR;
		settle(scan, index, PORT_UNREACHABLE);
		break;
	case ETIMEDOUT:
		settle(scan, index, PORT_FILTERED);
		break;
	default:
		ask->doubt = DOUBT_REFUSED;
		ask->failure = (uint8_t)failure;
		settle(scan, index, PORT_UNKNOWN);
	}
}

static void finish(struct scan *scan, struct attempts *attempts, size_t at)
{
	struct ask *ask = &scan->asks[attempts->list[at].index];
	int fd = attempts->polls[at].fd, failure = 0;
	socklen_t len = sizeof failure;

	ask->seen.rtt_ns = clock_monotonic() - ask->first_ns;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len);
	if (!failure)
		settle(scan, attempts->list[at].index, PORT_OPEN);
	else if (take_error_queue(scan, ask, fd))
		settle(scan, attempts->list[at].index, PORT_UNREACHABLE);
	else
		take_errno(scan, attempts->list[at].index, failure);
	close(fd);
}

static void forget(struct attempts *attempts, size_t at)
{
	attempts->count--;
	attempts->polls[at] = attempts->polls[attempts->count];
	attempts->list[at] = attempts->list[attempts->count];
}

static int open_socket(const struct path *path, uint16_t port, int *ret_failure)
{
	struct sockaddr_storage to;
	socklen_t len = path_socket_address(&path->target, port, path->scope, &to);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	*ret_failure = 0;
	if (fd < 0) {
		*ret_failure = errno;
		return -1;
	}
	if (path->target.version == 4)
		setsockopt(fd, SOL_IP, IP_RECVERR, &one, sizeof one);
	else
		setsockopt(fd, SOL_IPV6, IPV6_RECVERR, &one, sizeof one);
	if (connect(fd, (struct sockaddr *)&to, len) < 0 && errno != EINPROGRESS)
		*ret_failure = errno;
	return fd;
}

/* False where no descriptor is to be had now. */
static bool begin(struct scan *scan, struct attempts *attempts, size_t index)
{
	struct ask *ask = &scan->asks[index];
	int64_t now = clock_monotonic(); /* connect() itself may bring the answer: on loopback, on a virtual link */
	int failure, fd = open_socket(&scan_target(scan, index)->path, scan_port(scan, index), &failure);

	if (fd < 0 && (failure == EMFILE || failure == ENFILE || failure == ENOBUFS) && attempts->count)
		return false;
	ask->first_ns = ask->last_ns = now;
	ask->tries = 1;
	scan->counts.sent++;
	attempts->polls[attempts->count] = (struct pollfd){ .fd = fd, .events = POLLOUT };
	attempts->list[attempts->count++] = (struct attempt){ index, ask->first_ns + PATIENCE_NS };
	if (!failure)
		return true;
	if (fd < 0 || failure == ECONNREFUSED || !take_error_queue(scan, ask, fd))
		take_errno(scan, index, failure);
	else
		settle(scan, index, PORT_UNREACHABLE);
	if (fd >= 0)
		close(fd);
	attempts->count--;
	return true;
}

static void reap(struct scan *scan, struct attempts *attempts)
{
	int64_t now = clock_monotonic();

	for (size_t i = attempts->count; i-- > 0;) {
		if (attempts->polls[i].revents) {
			finish(scan, attempts, i);
			forget(attempts, i);
		} else if (now >= attempts->list[i].until_ns) {
			close(attempts->polls[i].fd);
			settle(scan, attempts->list[i].index, PORT_FILTERED);
			forget(attempts, i);
		}
	}
}

static size_t most_at_once(void)
{
	struct rlimit limit = { 256, 256 };
	size_t most;

	getrlimit(RLIMIT_NOFILE, &limit);
	most = limit.rlim_cur > 2 * DESCRIPTORS_SPARED ? limit.rlim_cur - DESCRIPTORS_SPARED : DESCRIPTORS_SPARED;
	return most > AT_ONCE_MAX ? AT_ONCE_MAX : most;
}

static void give_up(struct scan *scan, struct attempts *attempts, size_t first, size_t end)
{
	while (attempts->count)
		close(attempts->polls[--attempts->count].fd);
	for (size_t i = first; i < end; i++)
		if (scan->asks[i].state == PORT_UNKNOWN && !scan->asks[i].doubt)
			scan->asks[i].doubt = scan->failure.status == STATUS_OK ? DOUBT_STOPPED : DOUBT_LINK;
}

void connect_run(struct scan *scan, size_t first, size_t count)
{
	struct attempts attempts = { .most = most_at_once() };
	size_t begun = first, end = first + count;
	int64_t next = 0;

	while ((begun < end || attempts.count) && !scan_stopped(scan)) {
		int64_t now = clock_monotonic();

		while (begun < end && attempts.count < attempts.most && now >= next && begin(scan, &attempts, begun)) {
			begun++;
			if (scan->pace > 0)
				next = now + (int64_t)(NS_PER_S / scan->pace);
		}
		poll(attempts.polls, attempts.count, attempts.count < attempts.most && begun < end ? 1 : POLL_MS);
		reap(scan, &attempts);
		engine_look_around(scan);
	}
	give_up(scan, &attempts, first, end);
}

bool connect_is_answered(struct scan *scan, size_t index, int64_t timeout_ns)
{
	int failure, fd = open_socket(&scan_target(scan, index)->path, scan_port(scan, index), &failure);
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	bool answered = failure == ECONNREFUSED;
	socklen_t len = sizeof failure;

	if (fd < 0)
		return false;
	if (!failure && poll(&poll_fd, 1, (int)(timeout_ns / NS_PER_MS)) > 0) {
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &len);
		answered = !failure || failure == ECONNREFUSED;
	}
	close(fd);
	return answered;
}
