/*
 * The law: what the catalogue's table of TCP states (cause/sight.c) says that a program sees of a RST on Linux is what
 * this kernel does. Each state of the receiver is played afresh for each order of calls, and the words of the table are
 * compared with what came of it.
 */
#include "cause/sight.h"
#include "lab/lab.h"

#include <sys/socket.h>

#include "tap.h"

#define STEPS_MAX 32
#define CALLS_MAX 8
#define WORDS_MAX 200

static uint8_t version;

/* ---- how the client gets there, up to the RST */

#define ABORT(who) SET(who, LINGER, 0), CLOSE(who)
#define FIN_LOST LOSE(CLIENT, 1, LAB_FIN), SHUTDOWN(CLIENT, SHUT_WR)

static const struct step syn_sent[] = {
	SET(CLIENT, NONBLOCK, 1), CONNECT(CLIENT, FAILS(EINPROGRESS)), WAIT_ARRIVED(CLIENT, LAB_RST), END
};
/* Both connect at once: the client's SYN is lost, another's crosses it, and nobody is there for the SYN ACK. */
static const struct step syn_received[] = {
	SET(CLIENT, NONBLOCK, 1), LOSE(CLIENT, 1, LAB_SYN), CONNECT(CLIENT, FAILS(EINPROGRESS)),
	FORGE(CLIENT, .flags = LAB_SYN, .seq_offset = 1000, .window = 1000), WAIT_ARRIVED(CLIENT, LAB_RST), END
};
static const struct step established[] = { CONNECTED, ABORT(SERVER), END };
static const struct step fin_wait1[] = { CONNECTED, FIN_LOST, WAIT_STATE(CLIENT, FIN_WAIT1), ABORT(SERVER), END };
static const struct step fin_wait2[] = {
	CONNECTED, SHUTDOWN(CLIENT, SHUT_WR), WAIT_STATE(CLIENT, FIN_WAIT2), ABORT(SERVER), END
};
static const struct step close_wait[] = {
	CONNECTED, CLOSE(SERVER), WAIT_STATE(CLIENT, CLOSE_WAIT), WRITE(CLIENT, 5), END
};
static const struct step last_ack[] = {
	CONNECTED, SHUTDOWN(SERVER, SHUT_WR), WAIT_STATE(CLIENT, CLOSE_WAIT), FIN_LOST, WAIT_STATE(CLIENT, LAST_ACK),
	ABORT(SERVER), END
};
static const struct step closing[] = {
	CONNECTED, FIN_LOST, SHUTDOWN(SERVER, SHUT_WR), WAIT_STATE(CLIENT, CLOSING), ABORT(SERVER), END
};
static const struct step destroyed[] = { CONNECTED, DESTROY(CLIENT), END };
static const struct step timed_out[] = {
	SYSCTL(CLIENT, "net.ipv4.tcp_retries2", "1"), CONNECTED, POWER_OFF(SERVER), WRITE(CLIENT, 5), END
};

/* ---- and what it calls then */

enum order { READ_READ, WRITE_WRITE, READ_WRITE, WRITE_READ, ASK_ASK, ORDERS };

static const struct step orders[ORDERS][5] = {
	[READ_READ] = { READ(CLIENT, ANYTHING), READ(CLIENT, ANYTHING), END },
	[WRITE_WRITE] = { WRITE(CLIENT, 5, ANYTHING), WRITE(CLIENT, 5, ANYTHING), END },
	[READ_WRITE] = { READ(CLIENT, ANYTHING), WRITE(CLIENT, 5, ANYTHING), END },
	[WRITE_READ] = { WRITE(CLIENT, 5, ANYTHING), READ(CLIENT, ANYTHING), END },
	[ASK_ASK] = {
		STEP(POLL, CLIENT, ANYTHING), STEP(GET_ERROR, CLIENT, ANYTHING), STEP(GET_ERROR, CLIENT, ANYTHING),
		STEP(POLL, CLIENT, ANYTHING), END
	},
};

/* The last calls of the client, and what was not as expected before. */
struct seen {
	struct lab_call calls[CALLS_MAX];
	size_t count;
	unsigned faults;
};

static void take_call(void *user, const struct lab_call *call)
{
	struct seen *seen = user;

	if (call->party != PARTY_CLIENT || call->begins)
		return;
	if (seen->count == CALLS_MAX)
		memmove(seen->calls, seen->calls + 1, --seen->count * sizeof *seen->calls);
	seen->calls[seen->count++] = *call;
}

static void take_fault(void *user, const char *text)
{
	struct seen *seen = user;

	printf("# %s\n", text);
	seen->faults++;
}

static size_t append(struct step *steps, size_t count, const struct step *more)
{
	for (; more->verb != VERB_END && count < STEPS_MAX - 1; more++)
		steps[count++] = *more;
	steps[count] = (struct step)END;
	return count;
}

static enum status play(const struct step *state, const struct step *calls, struct seen *seen, struct error *error)
{
	static const struct step gone[] = { WAIT_STATE(CLIENT, GONE), END };
	struct step steps[STEPS_MAX];
	const struct scenario scenario = { .title = "sights", .steps = steps };
	const struct lab_options options = { .version = version };
	const struct lab_sink sink = { .user = seen, .call = take_call, .fault = take_fault };
	size_t count = append(steps, 0, state);

	*seen = (struct seen){ .count = 0 };
	append(steps, append(steps, count, gone), calls);
	return lab_play(&scenario, &options, &sink, error);
}

/* "end of file", "ECONNRESET", "EPIPE and SIGPIPE": the words of the table. */
static const char *word(char text[WORDS_MAX], const struct lab_call *call)
{
	char error[32];

	if (call->verb == VERB_READ && call->value == 0)
		return "end of file";
	if (call->verb == VERB_GET_ERROR)
		return call->value ? strcpy(text, lab_errno_text(error, (int)call->value)) : "nothing";
	if (call->value >= 0)
		return "success";
	snprintf(text, WORDS_MAX, "%s%s", lab_errno_text(error, call->error), call->signal == SIGPIPE ? " and SIGPIPE" : "");
	return text;
}

/* What a state showed: the words of the first and second call in each order, and of poll() before and after. */
struct sights {
	char words[ORDERS][2][WORDS_MAX];
	int64_t before, after;
};

static void keep(struct sights *sights, enum order order, const struct seen *seen)
{
	const struct lab_call *last = seen->calls + seen->count;
	char text[WORDS_MAX];
	bool ask = order == ASK_ASK;

	for (unsigned i = 0; i < 2; i++)
		snprintf(sights->words[order][i], WORDS_MAX, "%s", word(text, last - (ask ? 3 : 2) + i));
	if (ask) {
		sights->before = last[-4].value;
		sights->after = last[-1].value;
	}
}

static bool look(const char *name, const struct step *state, struct sights *sights)
{
	struct error error = { STATUS_OK, "" };
	struct seen seen;
	bool played = true;

	*sights = (struct sights){ .before = -1 };
	for (unsigned i = 0; i < ORDERS && played; i++) {
		played = play(state, orders[i], &seen, &error) == STATUS_OK && !seen.faults && seen.count >= 3;
		if (played)
			keep(sights, i, &seen);
	}
	ok(played, "IPv%u, %s: the lab gets there %s", version, name, error.text);
	return played;
}

static void same(const char *got, const char *want, const char *name, const char *what)
{
	ok(strcmp(got, want) == 0, "%s: %s: %s", name, what, got);
	if (strcmp(got, want) != 0)
		printf("#   want '%s'\n", want);
}

/* What holds in every state: the error is there once, for whoever asks first; a read at the end of file takes none. */
static void follows_the_rules(const char *name, const struct sights *s)
{
	bool read_took = strcmp(s->words[READ_WRITE][0], "end of file") != 0;

	same(s->words[READ_WRITE][0], s->words[READ_READ][0], name, "the first read, whatever follows");
	same(s->words[WRITE_READ][0], s->words[WRITE_WRITE][0], name, "the first write, whatever follows");
	same(s->words[READ_READ][1], "end of file", name, "the second read");
	same(s->words[WRITE_WRITE][1], "EPIPE and SIGPIPE", name, "the second write");
	same(s->words[WRITE_READ][1], "end of file", name, "a read after a write");
	same(s->words[READ_WRITE][1], read_took ? "EPIPE and SIGPIPE" : s->words[WRITE_WRITE][0], name,
	     "a write after a read");
	same(s->words[ASK_ASK][1], "nothing", name, "SO_ERROR, asked again");
	ok(s->before == (POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP), "%s: poll() before", name);
	ok(s->after == (POLLIN | POLLOUT | POLLHUP | POLLRDHUP), "%s: poll() when the error was taken", name);
}

/* The text says what was seen. */
__attribute__((format(printf, 3, 4)))
static void says(const char *name, const char *text, const char *format, ...)
{
	char phrase[4 * WORDS_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(phrase, sizeof phrase, format, args);
	va_end(args);
	ok(text && strstr(text, phrase), "%s: the catalogue says \"%s\"", name, phrase);
}

static const char *told(enum sight_state state)
{
	return sight_get(state)->linux_sees;
}

static void a_blocking_connect(void)
{
	static const struct step connects[] = { CONNECT(CLIENT, ANYTHING), END }, nothing[] = { END };
	struct error error = { STATUS_OK, "" };
	char text[WORDS_MAX];
	struct seen seen;

	if (ok(play(connects, nothing, &seen, &error) == STATUS_OK && seen.count == 1, "connect() is played"))
		says("SYN-SENT", told(SIGHT_SYN_SENT), "connect() fails with %s", word(text, &seen.calls[0]));
}

static void before_the_handshake_is_over(void)
{
	struct sights s;

	a_blocking_connect();
	if (look("SYN-SENT", syn_sent, &s)) {
		follows_the_rules("SYN-SENT", &s);
		same(s.words[WRITE_WRITE][0], s.words[READ_READ][0], "SYN-SENT", "write() gets what read() gets");
		same(s.words[ASK_ASK][0], s.words[READ_READ][0], "SYN-SENT", "and so does SO_ERROR");
		says("SYN-SENT", told(SIGHT_SYN_SENT), "the first of SO_ERROR, read() and write() gives %s once",
		     s.words[READ_READ][0]);
	}
	if (look("SYN-RECEIVED", syn_received, &s)) {
		follows_the_rules("SYN-RECEIVED", &s);
		says("SYN-RECEIVED", told(SIGHT_SYN_RECEIVED), "gets %s once, then %s, or %s", s.words[READ_READ][0],
		     s.words[READ_READ][1], s.words[WRITE_WRITE][1]);
	}
}

static void open_for_reading(const char *name, const struct step *state)
{
	struct sights s;

	if (!look(name, state, &s))
		return;
	follows_the_rules(name, &s);
	says(name, told(SIGHT_ESTABLISHED), "then %s once, then %s", s.words[READ_READ][0], s.words[READ_READ][1]);
	says(name, told(SIGHT_ESTABLISHED), "it gets %s without SIGPIPE, the next one %s", s.words[WRITE_WRITE][0],
	     s.words[WRITE_WRITE][1]);
	says(name, told(SIGHT_UNKNOWN), "without one, %s once from read() or write()", s.words[ASK_ASK][0]);
}

static void after_a_fin(void)
{
	struct sights s;

	if (!look("CLOSE-WAIT", close_wait, &s))
		return;
	follows_the_rules("CLOSE-WAIT", &s);
	same(s.words[WRITE_WRITE][0], s.words[WRITE_WRITE][1], "CLOSE-WAIT", "every write is the same");
	says("CLOSE-WAIT", told(SIGHT_CLOSE_WAIT), "then %s, never ECONNRESET; write() gets %s every time; SO_ERROR gives %s "
	     "once", s.words[READ_READ][0], s.words[WRITE_WRITE][0], s.words[ASK_ASK][0]);
	says("CLOSE-WAIT", told(SIGHT_UNKNOWN), "after one, %s from read(), %s from write()", s.words[READ_READ][0],
	     s.words[WRITE_WRITE][0]);
}

static void after_both_fins(const char *name, const struct step *state)
{
	struct sights s;

	if (!look(name, state, &s))
		return;
	follows_the_rules(name, &s);
	same(s.words[ASK_ASK][0], s.words[WRITE_WRITE][0], name, "SO_ERROR gets what write() gets");
	says(name, told(SIGHT_LAST_ACK), "read() gives %s, and the first of SO_ERROR and write() %s once, later writes %s",
	     s.words[READ_READ][0], s.words[WRITE_WRITE][0], s.words[WRITE_WRITE][1]);
}

/* Nobody's fault on the wire: the same calls, other errors. */
static void without_a_rst(void)
{
	struct sights s;

	if (look("ss -K", destroyed, &s)) {
		follows_the_rules("ss -K", &s);
		says("ss -K", cause_get(CAUSE_socket_destroyed)->sender_sees,
		     "read() and write() give %s once, then read() gives %s, and write() %s", s.words[READ_READ][0],
		     s.words[READ_READ][1], s.words[WRITE_WRITE][1]);
	}
	if (look("time-out", timed_out, &s)) {
		follows_the_rules("time-out", &s);
		says("time-out", cause_get(CAUSE_retransmission_timeout)->sender_sees,
		     "read() or write() gives %s once, then read() gives %s, and write() %s", s.words[READ_READ][0],
		     s.words[READ_READ][1], s.words[WRITE_WRITE][1]);
	}
}

/* A program that has closed hears of nothing, not even by a signal. */
static void after_close(void)
{
	static const struct step closed[] = {
		CONNECTED, CLOSE(CLIENT), WAIT_ARRIVED(SERVER, LAB_FIN), WRITE(SERVER, 5), WAIT_SENT(CLIENT, LAB_RST), END
	};
	static const struct step goes_on[] = { LISTEN(CLIENT), END };
	struct error error = { STATUS_OK, "" };
	struct seen seen;

	if (ok(play(closed, goes_on, &seen, &error) == STATUS_OK && !seen.faults, "closed: the lab gets there"))
		ok(seen.count == 3 && !seen.calls[2].signal && !seen.calls[2].killed, "closed: the program goes on");
	says("closed", told(SIGHT_GONE), "%s", "nothing");
}

static bool lab_is_possible(void)
{
	static const struct step nothing[] = { LISTEN(SERVER), END };
	const struct scenario scenario = { .title = "nothing", .steps = nothing };
	const struct lab_options options = { .version = 4 };
	const struct lab_sink sink = { .user = NULL };
	struct error error = { STATUS_OK, "" };

	if (lab_play(&scenario, &options, &sink, &error) == STATUS_OK)
		return true;
	printf("1..0 # SKIP %s\n", error.text);
	return false;
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!lab_is_possible())
		return 0;
	for (version = 4; version <= 6; version += 2) {
		before_the_handshake_is_over();
		open_for_reading("ESTABLISHED", established);
		open_for_reading("FIN-WAIT-1", fin_wait1);
		open_for_reading("FIN-WAIT-2", fin_wait2);
		after_a_fin();
		after_both_fins("LAST-ACK", last_ack);
		after_both_fins("CLOSING", closing);
		without_a_rst();
		after_close();
	}
	return done_testing();
}
