#include "lab/actor.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

static const char *how_text(int64_t how)
{
	return how == SHUT_RD ? "SHUT_RD" : how == SHUT_WR ? "SHUT_WR" : "SHUT_RDWR";
}

static void option_name(char name[LAB_NAME_MAX], const struct step *step)
{
	static const char *const formats[] = {
		[SOCKET_KEEPALIVE] = "setsockopt(SO_KEEPALIVE, %d probes)",
		[SOCKET_USER_TIMEOUT] = "setsockopt(TCP_USER_TIMEOUT %d)",
		[SOCKET_LINGER2] = "setsockopt(TCP_LINGER2 %d)",
		[SOCKET_NONBLOCK] = "fcntl(O_NONBLOCK %d)",
		[SOCKET_TOS] = "setsockopt(IP_TOS %#x)",
		[SOCKET_RCVBUF] = "setsockopt(SO_RCVBUF %d)",
		[SOCKET_NODELAY] = "setsockopt(TCP_NODELAY %d)",
		[SOCKET_MPTCP] = "socket(IPPROTO_MPTCP): %d",
		[SOCKET_MD5] = "setsockopt(TCP_MD5SIG, key %d)",
		[SOCKET_ISN] = "setsockopt(TCP_QUEUE_SEQ %d)",
		[SOCKET_DEFER_ACCEPT] = "setsockopt(TCP_DEFER_ACCEPT %d)",
	};

	if (step->number == SOCKET_LINGER)
		snprintf(name, LAB_NAME_MAX, "setsockopt(SO_LINGER {%d, %d})", step->other >= 0,
		         step->other < 0 ? 0 : step->other);
	else
		snprintf(name, LAB_NAME_MAX, formats[step->number], step->other);
}

void call_name(char name[LAB_NAME_MAX], const struct step *step)
{
	static const char *const names[VERBS] = {
		[VERB_LISTEN] = "listen()", [VERB_CONNECT] = "connect()", [VERB_ACCEPT] = "accept()",
		[VERB_WRITE] = "write()", [VERB_READ] = "read()", [VERB_CLOSE] = "close()", [VERB_POLL] = "poll()",
		[VERB_GET_ERROR] = "getsockopt(SO_ERROR)", [VERB_DISCONNECT] = "connect(AF_UNSPEC)",
		[VERB_EXIT] = "exit()", [VERB_ON_SIGPIPE] = "signal(SIGPIPE)",
	};

	if (step->verb == VERB_SET_OPTION)
		option_name(name, step);
	else if (step->verb == VERB_SHUTDOWN)
		snprintf(name, LAB_NAME_MAX, "shutdown(%s)", how_text(step->number));
	else
		snprintf(name, LAB_NAME_MAX, "%s%s", names[step->verb] ? names[step->verb] : "",
		         step->verb == VERB_CLOSE && step->sock == LAB_LISTENER ? " of the listener" : "");
}

static socklen_t to_sockaddr(struct sockaddr_storage *out, const struct endpoint *end)
{
	memset(out, 0, sizeof *out);
	if (end->address.version == 4) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)out;

		v4->sin_family = AF_INET;
		v4->sin_port = htons(end->port);
		memcpy(&v4->sin_addr, end->address.bytes, 4);
		return sizeof *v4;
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(end->port);
	memcpy(&v6->sin6_addr, end->address.bytes, 16);
	return sizeof *v6;
}

/* A new socket bound to `local`; -1 and errno. */
static int bound_socket(const struct actor *actor, const struct endpoint *local)
{
	struct sockaddr_storage address;
	socklen_t len = to_sockaddr(&address, local);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, actor->protocol), on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&address, len) == 0)
		return fd;
	close(fd);
	return -1;
}

static int64_t make_listen(struct actor *actor, const struct order *order)
{
	int fd = bound_socket(actor, &order->local);

	actor->sockets[order->step->sock] = fd;
	return fd < 0 ? -1 : listen(fd, (int)order->step->number);
}

/* A socket that options were set on before is used; else a new one. */
static int64_t make_connect(struct actor *actor, const struct order *order)
{
	int *fd = &actor->sockets[order->step->sock];
	struct sockaddr_storage address;
	socklen_t len = to_sockaddr(&address, &order->remote);

	if (*fd < 0)
		*fd = bound_socket(actor, &order->local);
	return *fd < 0 ? -1 : connect(*fd, (struct sockaddr *)&address, len);
}

static int64_t make_accept(struct actor *actor, const struct step *step)
{
	int fd = accept4(actor->sockets[step->other], NULL, NULL, SOCK_CLOEXEC);

	actor->sockets[step->sock] = fd;
	return fd;
}

static int64_t set_number(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value);
}

static int64_t set_keepalive(int fd, int probes)
{
	if (set_number(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1) < 0 || set_number(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1) < 0 ||
	    set_number(fd, IPPROTO_TCP, TCP_KEEPCNT, probes) < 0)
		return -1;
	return set_number(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/* The key is a byte of that value. */
static int64_t set_md5(int fd, const struct endpoint *peer, int key)
{
	struct tcp_md5sig signature = { .tcpm_keylen = 1, .tcpm_key = { (uint8_t)key } };
	struct sockaddr_storage address;

	to_sockaddr(&address, peer);
	memcpy(&signature.tcpm_addr, &address, sizeof signature.tcpm_addr);
	return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &signature, sizeof signature);
}

/* A number that was put into the send queue in repair mode is taken by tcp_v4_connect() instead of a random one. */
static int64_t set_isn(int fd, int isn)
{
	if (set_number(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON) < 0 ||
	    set_number(fd, IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE) < 0 ||
	    set_number(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, isn) < 0)
		return -1;
	return set_number(fd, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_OFF);
}

static int64_t make_set_option(struct actor *actor, const struct order *order, int *fd)
{
	const struct step *step = order->step;
	struct linger linger = { .l_onoff = step->other >= 0, .l_linger = step->other < 0 ? 0 : step->other };

	if (step->number == SOCKET_MPTCP) {
		actor->protocol = step->other ? IPPROTO_MPTCP : 0;
		return 0;
	}
	/* Before connect(): the socket that it will use. */
	if (*fd < 0)
		*fd = bound_socket(actor, &order->local);
	switch ((enum lab_option)step->number) {
	case SOCKET_LINGER: return setsockopt(*fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	case SOCKET_KEEPALIVE: return set_keepalive(*fd, step->other);
	case SOCKET_USER_TIMEOUT: return set_number(*fd, IPPROTO_TCP, TCP_USER_TIMEOUT, step->other);
	case SOCKET_LINGER2: return set_number(*fd, IPPROTO_TCP, TCP_LINGER2, step->other);
	case SOCKET_NONBLOCK: return fcntl(*fd, F_SETFL, step->other ? O_NONBLOCK : 0);
	case SOCKET_RCVBUF: return set_number(*fd, SOL_SOCKET, SO_RCVBUF, step->other);
	case SOCKET_MPTCP: break;
	case SOCKET_MD5: return set_md5(*fd, &order->remote, step->other);
	case SOCKET_ISN: return set_isn(*fd, step->other);
	case SOCKET_DEFER_ACCEPT: return set_number(*fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, step->other);
	case SOCKET_NODELAY: return set_number(*fd, IPPROTO_TCP, TCP_NODELAY, step->other);
	case SOCKET_TOS:
		return order->local.address.version == 4 ? set_number(*fd, IPPROTO_IP, IP_TOS, step->other)
		                                         : set_number(*fd, IPPROTO_IPV6, IPV6_TCLASS, step->other);
	}
	return -1;
}

static int64_t make_poll(int fd)
{
	struct pollfd ask = { .fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP };

	return poll(&ask, 1, 0) < 0 ? -1 : ask.revents;
}

static int64_t make_get_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? -1 : error;
}

static int64_t make_close(int *fd)
{
	int64_t value = close(*fd);

	*fd = -1;
	return value;
}

static int64_t make_write(const struct actor *actor, int fd, int64_t bytes)
{
	return write(fd, actor->data, (size_t)(bytes < ACTOR_DATA_MAX ? bytes : ACTOR_DATA_MAX));
}

static int64_t make_read(const struct actor *actor, int fd, int64_t bytes)
{
	return read(fd, actor->data, (size_t)(bytes < ACTOR_DATA_MAX ? bytes : ACTOR_DATA_MAX));
}

static int64_t make_disconnect(int fd)
{
	struct sockaddr address = { .sa_family = AF_UNSPEC };

	return connect(fd, &address, sizeof address);
}

static int64_t make(struct actor *actor, const struct order *order)
{
	const struct step *step = order->step;
	int *fd = &actor->sockets[step->sock];

	switch ((enum verb)step->verb) {
	case VERB_LISTEN: return make_listen(actor, order);
	case VERB_CONNECT: return make_connect(actor, order);
	case VERB_ACCEPT: return make_accept(actor, step);
	case VERB_WRITE: return make_write(actor, *fd, step->number);
	case VERB_READ: return make_read(actor, *fd, step->number);
	case VERB_CLOSE: return make_close(fd);
	case VERB_SHUTDOWN: return shutdown(*fd, (int)step->number);
	case VERB_SET_OPTION: return make_set_option(actor, order, fd);
	case VERB_POLL: return make_poll(*fd);
	case VERB_GET_ERROR: return make_get_error(*fd);
	case VERB_DISCONNECT: return make_disconnect(*fd);
	case VERB_EXIT: _exit(0);
	default: errno = ENOSYS; return -1;
	}
}

void call_make(struct actor *actor, const struct order *order, struct lab_call *call)
{
	call->start_ns = clock_realtime();
	errno = 0;
	call->value = make(actor, order);
	call->error = call->value < 0 ? errno : 0;
	call->end_ns = clock_realtime();
}
