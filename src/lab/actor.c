#include "lab/actor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
	caught = signal;
}

static void set_sigpipe(enum on_sigpipe how)
{
	signal(SIGPIPE, how == SIGPIPE_CAUGHT ? on_signal : how == SIGPIPE_IGNORED ? SIG_IGN : SIG_DFL);
}

static void from_sockaddr(struct endpoint *end, const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

	memset(end, 0, sizeof *end);
	if (address->ss_family == AF_INET) {
		end->address.version = 4;
		end->port = ntohs(v4->sin_port);
		memcpy(end->address.bytes, &v4->sin_addr, 4);
	} else if (address->ss_family == AF_INET6) {
		end->address.version = 6;
		end->port = ntohs(v6->sin6_port);
		memcpy(end->address.bytes, &v6->sin6_addr, 16);
	}
}

/* Both ends of the socket, as far as they are known. */
static void look_at_ends(int fd, struct answer *answer)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof address;

	if (fd >= 0 && getsockname(fd, (struct sockaddr *)&address, &len) == 0)
		from_sockaddr(&answer->local, &address);
	len = sizeof address;
	if (fd >= 0 && getpeername(fd, (struct sockaddr *)&address, &len) == 0)
		from_sockaddr(&answer->remote, &address);
}

static void say(int fd, const struct answer *answer)
{
	if (send(fd, answer, sizeof *answer, MSG_NOSIGNAL) < 0)
		_exit(0);
}

static void obey(struct actor *actor, int fd, const struct order *order)
{
	const struct step *step = order->step;
	struct answer answer = { 0 };

	answer.call.party = (uint8_t)actor->party;
	answer.call.verb = step->verb;
	answer.call.sock = step->sock;
	answer.call.pid = getpid();
	call_name(answer.call.name, step);
	if (step->verb == VERB_ON_SIGPIPE) {
		set_sigpipe((enum on_sigpipe)step->number);
		say(fd, &answer);
		return;
	}
	if (step->expect == EXPECT_PENDING) {
		answer.call.begins = true;
		answer.call.start_ns = clock_realtime();
		say(fd, &answer);
		answer.call.begins = false;
	}
	caught = 0;
	call_make(actor, order, &answer.call);
	answer.call.signal = caught;
	if ((step->verb == VERB_CONNECT || step->verb == VERB_ACCEPT) && answer.call.value >= 0)
		look_at_ends(actor->sockets[step->sock], &answer);
	say(fd, &answer);
}

_Noreturn void actor_run(int fd, enum party party)
{
	struct actor actor = { .party = party, .data = malloc(ACTOR_DATA_MAX) };
	const struct rlimit none = { 0, 0 };
	struct order order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL); /* a sanitizer would take it for its own */
	set_sigpipe(SIGPIPE_CAUGHT);
	for (unsigned i = 0; i < LAB_SOCKETS; i++)
		actor.sockets[i] = -1;
	if (actor.data)
		memset(actor.data, 'x', ACTOR_DATA_MAX);
	while (actor.data && recv(fd, &order, sizeof order, 0) == (ssize_t)sizeof order)
		obey(&actor, fd, &order);
	_exit(0);
}
