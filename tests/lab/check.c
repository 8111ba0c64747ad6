/*
 * `tcpwhy lab --check` can fail: where a kernel does not do what the catalogue says, the exit status is 1, and it says
 * which call, and which verdict at which host, is another. That kernel is this one, but for one call.
 */
#include "tap.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "support/changed_kernel.h"

#define OUTPUT_MAX 8192
/* What the lab's programs ask for when they read all that there is (READ in cause/step.h). */
#define READ_ALL 65536
#define WORDS(...) (const char *const[]) { __VA_ARGS__, NULL }

static const struct changed_call lingers_not = {
	.number = SYS_setsockopt, .when = { { 1, SOL_SOCKET }, { 2, SO_LINGER } },
};
static const struct changed_call refuses_linger = {
	.number = SYS_setsockopt, .when = { { 1, SOL_SOCKET }, { 2, SO_LINGER } }, .error = EDOM,
};
static const struct changed_call reads_nothing = { .number = SYS_read, .when = { { 2, READ_ALL }, { 2, READ_ALL } } };

static char output[OUTPUT_MAX];

static void says(const char *name, const char *const parts[])
{
	for (; *parts; parts++)
		if (!ok(strstr(output, *parts) != NULL, "%s: it says '%s'", name, *parts))
			printf("#   %s\n", output);
}

/* Exit status 1, and output with each of the parts. */
static void fails(const struct changed_call *call, const char *const arguments[], const char *name,
                  const char *const parts[])
{
	is_number(play_changed(call, arguments, output, sizeof output), 1, name);
	says(name, parts);
}

/* What passes later does not make good what failed before. */
static void goes_on(void)
{
	fails(&lingers_not, WORDS("lab", "--check", "connect-scan/accepted", "port-closed"), "one fails, the next passes",
	      WORDS("connect-scan/accepted IPv4: "));
	ok(!strstr(output, "port-closed"), "and nothing is said of the second");
}

int main(void)
{
	int status;

	setenv("LC_ALL", "C.UTF-8", 1);
	if (!can_make_namespaces()) {
		ok(true, "what is not as expected # SKIP namespaces cannot be made here");
		return done_testing();
	}
	status = play_changed(&lingers_not, WORDS("lab", "--check", "-4", "-6", "port-closed"), output, sizeof output);
	if (status == CANNOT_CHANGE) {
		ok(true, "what is not as expected # SKIP system calls cannot be filtered here");
		return done_testing();
	}
	is_number(status, 0, "a scenario that never lingers passes");
	is_text(output, "", "and nothing is said");
	goes_on();
	/* A FIN in place of the RST. */
	fails(&lingers_not, WORDS("lab", "--check", "-4", "-6", "connect-scan/accepted"), "a cause that is not there",
	      WORDS("the server: read() = 0; expected read() = -1 ECONNRESET",
	            "IPv4: at the client: read does not say connect-scan\n",
	            "IPv4: at the router: read does not say connect-scan\n",
	            "IPv4: at the server: read does not say connect-scan\n",
	            "IPv6: at the server: read does not say connect-scan\n"));
	fails(&refuses_linger, WORDS("lab", "--check", "connect-scan/accepted"), "a call that fails",
	      WORDS("step 1, the client: setsockopt(SO_LINGER {1, 0}) = -1 EDOM; expected success"));
	/* With bytes that stay unread the client's close() aborts. */
	fails(&reads_nothing, WORDS("lab", "--check", "linger-zero/seconds"), "a reset where there should be none",
	      WORDS("the client: read() = 0; expected read() = 5",
	            "IPv4: at the client, frame ", ": read says abort-after-fin ("));
	return done_testing();
}
