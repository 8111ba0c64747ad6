/*
 * The law: what the lab cannot see, keep or do it says; it never takes it for something that happened. Played with
 * scenarios of its own, at last under a filter of system calls that takes away what the lab looks through.
 */
#include "lab/message.h"
#include "lab/network.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

/* What would wait for ever fails then. */
#define PATIENCE_S 120
#define LAST_OF_SOURCE_MAC 11
/* Of a 64-bit argument, where the filter finds the lower half. */
#define LOWER_HALF (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)
#define ARGUMENT(n) ((unsigned)offsetof(struct seccomp_data, args[n]) + LOWER_HALF)
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define JUMP_UNLESS(value, steps) BPF_JUMP(BPF_JMP | BPF_K | BPF_JEQ, value, 0, steps)

/* In place of the client's program; NULL for none. */
static const char *command;

static enum status play(const struct step *steps, const struct lab_sink *sink, struct error *error)
{
	const struct scenario scenario = { .title = "a test", .steps = steps };
	const struct lab_options options = { .version = 4, .commands = { [PARTY_CLIENT] = command } };

	*error = (struct error){ STATUS_OK, "" };
	return lab_play(&scenario, &options, sink, error);
}

static void count_fault(void *user, const char *text)
{
	printf("#   %s\n", text);
	++*(unsigned *)user;
}

static void works(const struct step *steps, const char *name)
{
	unsigned faults = 0;
	const struct lab_sink sink = { .user = &faults, .fault = count_fault };
	struct error error;

	if (!ok(play(steps, &sink, &error) == STATUS_OK && !faults, "%s", name))
		printf("#   '%s'\n", error.text);
}

/* It ends in a failure whose text holds the piece. */
static void fails(const struct step *steps, const char *piece, const char *name)
{
	const struct lab_sink sink = { .user = NULL };
	struct error error;
	enum status status = play(steps, &sink, &error);

	if (!ok(status != STATUS_OK && strstr(error.text, piece), "%s: it says '%s'", name, piece))
		printf("#   status %d, '%s'\n", status, error.text);
}

static bool obey(const struct sock_fprog *program)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program) == 0;
}

/* From now on sockets' states cannot be looked at by this process, nor by those that it starts. */
static bool forget_inet_diag(void)
{
	struct sock_filter steps[] = {
		LOAD(offsetof(struct seccomp_data, nr)), JUMP_UNLESS(SYS_socket, 5),
		LOAD(ARGUMENT(0)), JUMP_UNLESS(AF_NETLINK, 3),
		LOAD(ARGUMENT(2)), JUMP_UNLESS(NETLINK_SOCK_DIAG, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof steps / sizeof *steps, steps };

	return obey(&program);
}

/* The search for leaks at the end needs ptrace(), which this test gives up. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* Nor anything be traced. */
static bool forget_ptrace(void)
{
	struct sock_filter steps[] = {
		LOAD(offsetof(struct seccomp_data, nr)), JUMP_UNLESS(SYS_ptrace, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof steps / sizeof *steps, steps };

	return obey(&program);
}

static void take_forged(void *user, const struct lab_frame *frame)
{
	bool *right = user;
	struct segment segment;

	if (!frame->out && wire_segment(frame->bytes, frame->len, &segment) && segment.flags & LAB_RST)
		*right = frame->bytes[LAST_OF_SOURCE_MAC] == PORT_ROUTER_LEFT + 1; /* network.c, mac_of() */
}

static const struct step only_named[] = {
	SEND_RAW(CLIENT, .flags = LAB_SYN, .to = PARTY_SPARE), WAIT_ARRIVED(CLIENT, LAB_RST), END
};
static const struct step big[] = { SEND_RAW(CLIENT, .to = PARTY_SERVER, .payload = 3000), END };
static const struct step big_forged[] = { CONNECTED, FORGE(CLIENT, .flags = LAB_ACK, .payload = 3000), END };
static const struct step neighbour[] = {
	LISTEN(SERVER), CONNECT(NEIGHBOUR), ACCEPT(SERVER), HOLD(SERVER), FORGE(NEIGHBOUR, .flags = LAB_RST), END
};

static void test_forged(void)
{
	bool right = false;
	const struct lab_sink sink = { .user = &right, .frame = take_forged };
	struct error error;

	works(only_named, "a segment to a host that nothing else names");
	fails(big, "3000 bytes does not fit", "a segment that cannot be built is not sent in silence");
	fails(big_forged, "3000 bytes does not fit", "nor is an empty frame forged");
	is_number(play(neighbour, &sink, &error), STATUS_OK, "a segment is forged for the neighbour");
	ok(right, "it comes from the router of its own segment");
}

static void test_connect_to(void)
{
	static const struct step to_client[] = { LISTEN(CLIENT), CONNECT_TO(SERVER, CLIENT), ACCEPT(CLIENT), END };
	static const struct step to_spare[] = { CONNECT_TO(CLIENT, SPARE, FAILS(ECONNREFUSED)), END };

	works(to_client, "CONNECT_TO the client is a connection to the client");
	works(to_spare, "a host that only CONNECT_TO names is there");
}

static void test_losses(void)
{
	static const struct step many[] = {
		LOSE(CLIENT, 1, LAB_RST), LOSE(CLIENT, 1, LAB_RST), LOSE(CLIENT, 1, LAB_RST), LOSE(CLIENT, 1, LAB_RST),
		LOSE(CLIENT, 1, LAB_RST), LOSE(CLIENT, 1, LAB_RST), LOSE(CLIENT, 1, LAB_RST), LOSE(CLIENT, 1, LAB_RST),
		LOSE(CLIENT, 1, LAB_RST), END
	};

	fails(many, "more than 8 kinds of segments", "one order to lose too many");
}

/* The caller goes away while the lab waits for its word: that is no word. */
static void test_caller_gone(void)
{
	int ends[2], status = 0;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 || (child = fork()) < 0)
		return;
	if (child == 0) {
		close(ends[0]);
		message_step(ends[1], "next");
		_exit(0);
	}
	close(ends[1]);
	shutdown(ends[0], SHUT_WR);
	waitpid(child, &status, 0);
	close(ends[0]);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 1, "a caller that is gone does not say to go on");
}

static void test_no_such_host(void)
{
	struct network network = { .version = 4, .home = -1 };
	struct error error;

	for (unsigned i = 0; i < PARTIES; i++)
		network.hosts[i] = -1;
	errno = ENOSPC; /* of something long ago */
	is_number(network_enter(&network, PARTY_SPARE, &error), STATUS_IO, "a host that is not there cannot be entered");
	is_text(error.text, "the spare server: no step names it, so it is not there", "and it says why");
	is_number(network_leave(&network, STATUS_OK, &error), STATUS_IO, "a way home that is not there is a failure");
	ok(strstr(error.text, "the lab's own network namespace") != NULL, "and it says which");
}

static void test_no_ptrace(void)
{
	static const struct step refused[] = { CONNECT(CLIENT, FAILS(ECONNREFUSED)), END };

	if (!forget_ptrace()) {
		ok(true, "no ptrace() # SKIP system calls cannot be filtered here: %s", strerror(errno));
		return;
	}
	command = "true";
	fails(refused, "true: cannot be traced: Operation not permitted", "a command that cannot be traced");
	command = NULL;
}

static void test_no_inet_diag(void)
{
	static const struct step gone[] = { CONNECTED, WAIT_STATE(CLIENT, GONE), END };
	static const struct step acked[] = { CONNECTED, WRITE(CLIENT, 5), WAIT_ACKED(CLIENT), END };

	if (!forget_inet_diag()) {
		ok(true, "no inet_diag # SKIP system calls cannot be filtered here: %s", strerror(errno));
		return;
	}
	fails(gone, "cannot be looked at (inet_diag): Protocol not supported", "a socket that cannot be seen is not gone");
	fails(acked, "cannot be looked at (inet_diag): Protocol not supported", "nor is all of it acknowledged");
}

int main(void)
{
	static const struct step plain[] = { CONNECTED, END };
	const struct lab_sink sink = { .user = NULL };
	struct error error;

	setenv("LC_ALL", "C.UTF-8", 1);
	alarm(PATIENCE_S);
	if (play(plain, &sink, &error) != STATUS_OK) {
		ok(true, "playing # SKIP %s", error.text);
		return done_testing();
	}
	test_forged();
	test_connect_to();
	test_losses();
	test_caller_gone();
	test_no_such_host();
	test_no_ptrace();
	test_no_inet_diag();
	return done_testing();
}
