/*
 * The law: what a program sees of a RST follows from the TCP state of its socket. On Linux a FIN that came first turns
 * ECONNRESET into end of file and EPIPE; BSD and macOS give EPIPE at the first write; Windows knows no EPIPE.
 */
#include "cause/sight.h"

#include "../tap.h"

static bool says(const char *text, const char *word)
{
	return text && strstr(text, word) != NULL;
}

static void every_state_is_told_for_every_system(void)
{
	for (int state = 0; state < SIGHT_STATES; state++) {
		const struct sight *sight = sight_get((enum sight_state)state);

		ok(sight->linux_sees && *sight->linux_sees, "state %d: Linux", state);
		ok(sight->bsd && *sight->bsd, "state %d: BSD and macOS", state);
		ok(sight->windows && *sight->windows, "state %d: Windows", state);
		ok(!says(sight->windows, "EPIPE"), "state %d: Windows has no EPIPE", state);
	}
}

static void linux_tells_the_error_by_state(void)
{
	ok(says(sight_get(SIGHT_SYN_SENT)->linux_sees, "ECONNREFUSED"), "SYN_SENT: refused");
	ok(!says(sight_get(SIGHT_SYN_SENT)->linux_sees, "ECONNRESET"), "SYN_SENT: not reset");
	ok(says(sight_get(SIGHT_ESTABLISHED)->linux_sees, "ECONNRESET once, then end of file"), "ESTABLISHED: read");
	ok(says(sight_get(SIGHT_ESTABLISHED)->linux_sees, "ECONNRESET without SIGPIPE"), "ESTABLISHED: write");
	ok(says(sight_get(SIGHT_CLOSE_WAIT)->linux_sees, "never ECONNRESET"), "CLOSE_WAIT: read");
	ok(says(sight_get(SIGHT_CLOSE_WAIT)->linux_sees, "EPIPE and SIGPIPE every time"), "CLOSE_WAIT: write");
	ok(says(sight_get(SIGHT_GONE)->linux_sees, "nothing"), "no program: nothing");
}

static void bsd_differs_after_a_fin(void)
{
	ok(says(sight_get(SIGHT_CLOSE_WAIT)->bsd, "read() and SO_ERROR give ECONNRESET"), "CLOSE_WAIT on BSD");
	ok(says(sight_get(SIGHT_ESTABLISHED)->bsd, "first write() already gets EPIPE"), "ESTABLISHED on BSD");
}

static void an_unknown_state_says_both(void)
{
	const struct sight *unknown = sight_get(SIGHT_UNKNOWN);

	ok(says(unknown->linux_sees, "ECONNRESET or EPIPE, according to"), "both, and what decides");
	ok(sight_get(SIGHT_STATES) == unknown, "past the end is unknown");
	ok(sight_get((enum sight_state)-1) == unknown, "before the start is unknown");
}

int main(void)
{
	every_state_is_told_for_every_system();
	linux_tells_the_error_by_state();
	bsd_differs_after_a_fin();
	an_unknown_state_says_both();
	return done_testing();
}
