/*
 * Sentences name the ends by their roles, or by address where nobody knows the roles; numbers come with their units;
 * what a RST carries as text is made harmless; a RST that was not accepted is seen by no program.
 */
#include "diagnose/explain.h"

#include "base/clock.h"
#include "tap.h"

struct scene {
	struct evidence e;
	struct verdict v;
};

static struct scene scene(enum cause_id cause, enum role sender)
{
	return (struct scene){
		.e = {
			.src = { { { 10, 0, 0, 1 }, 4 }, 80 }, .dst = { { { 10, 0, 0, 2 }, 4 }, 50000 },
			.frame = 7, .sender_role = sender, .receiver_state = TCP_STATE_ESTABLISHED,
			.accepted = ACCEPTANCE_YES,
		},
		.v = { .cause = cause, .certainty = CERTAINTY_CERTAIN, .sender = sender },
	};
}

static void says(struct scene *s, void (*explain)(struct buffer *out, const struct verdict *verdict), const char *want,
                 const char *name)
{
	struct buffer out = BUFFER_INIT(1 << 16);

	s->v.evidence = &s->e;
	explain(&out, &s->v);
	is_text(buffer_text(&out), want, name);
	buffer_clear(&out);
}

static void fact_says(struct scene *s, enum fact fact, const char *want, const char *name)
{
	struct buffer out = BUFFER_INIT(1 << 16);

	s->v.evidence = &s->e;
	explain_fact(&out, &s->v, fact);
	is_text(buffer_text(&out), want, name);
	buffer_clear(&out);
}

static void add_greeting(struct buffer *out, const struct verdict *verdict)
{
	explain_text(out, verdict, "{sender} {unknown} {n} met {receiver}{");
}

static void add_nothing(struct buffer *out, const struct verdict *verdict)
{
	explain_text(out, verdict, "");
}

static void test_names(void)
{
	struct scene s = scene(CAUSE_abort, ROLE_SERVER);

	says(&s, add_greeting, "the server {unknown} {n} met the client{", "roles, and no other braces");
	s.e.sender_role = ROLE_CLIENT;
	says(&s, add_greeting, "the client {unknown} {n} met the server{", "the other way round");
	s.e.sender_role = ROLE_UNKNOWN;
	says(&s, add_greeting, "10.0.0.1:80 {unknown} {n} met 10.0.0.2:50000{", "addresses where roles are unknown");
	says(&s, add_nothing, "", "an empty text stays empty");
}

static void test_facts(void)
{
	struct scene s = scene(CAUSE_abort, ROLE_SERVER);

	evidence_number(&s.e, FACT_ANSWERS_DATA, 5, 6, 0);
	fact_says(&s, FACT_ANSWERS_DATA, "the client sent 5 bytes", "bytes");
	evidence_number(&s.e, FACT_ANSWERS_DATA, 1, 6, 0);
	fact_says(&s, FACT_ANSWERS_DATA, "the client sent 1 byte", "one byte");
	evidence_number(&s.e, FACT_ANSWER_DELAY, 3175 * (uint64_t)NS_PER_MS, 0, 0);
	fact_says(&s, FACT_ANSWER_DELAY, "the RST came 3.175 s after it", "a duration");
	evidence_number(&s.e, FACT_RST_WINDOW, 512, 0, 0);
	fact_says(&s, FACT_RST_WINDOW, "RST with window 512", "a count");
	evidence_number(&s.e, FACT_KERNEL_CODE, 1u << 20, 0, 0);
	fact_says(&s, FACT_KERNEL_CODE, "the RST says (kernel reason): code 1048576, which has no known meaning",
	          "a code without a meaning");
	snprintf(s.e.text, sizeof s.e.text, "\033[1m{sender}\xff");
	fact_says(&s, FACT_TEXT_REASON, "the RST says: \\x1b[1m{sender}\\xff", "a text is harmless, not filled in");
}

static void test_loss(void)
{
	struct scene s = scene(CAUSE_write_after_close, ROLE_SERVER);

	s.v.harm = HARM_DATA_LOST;
	s.e.lost_known = true;
	s.e.lost_bytes = 5;
	says(&s, explain_loss, "5 bytes", "bytes of several frames");
	evidence_number(&s.e, FACT_ANSWERS_DATA, 5, 6, 0);
	says(&s, explain_loss, "the 5 bytes of frame 6", "bytes of one frame");
	s.e.lost_bytes = 0;
	says(&s, explain_loss, "nothing", "nothing");
	s.e.lost_known = false;
	says(&s, explain_loss, "what was written after the FIN is lost, although write() reported success",
	     "unknown: what the cause says");
}

static void test_acceptance(void)
{
	struct scene s = scene(CAUSE_abort, ROLE_SERVER);

	says(&s, explain_acceptance, "yes", "accepted");
	evidence_yes(&s.e, FACT_RECEIVER_SILENT, 0, 0);
	says(&s, explain_acceptance, "yes: the client fell silent", "and how we know");
	s.e.part = PART_IGNORED;
	evidence_yes(&s.e, FACT_RST_CHECKSUM_BAD, 0, 0);
	says(&s, explain_acceptance, "no: RST with a wrong checksum: no receiver takes it", "ignored");
	s.e.part = PART_END;
	s.e.accepted = ACCEPTANCE_UNKNOWN;
	s.e.sealed = SEALED_EOF;
	says(&s, explain_acceptance, "unknown: the capture ends before it shows", "the capture ends");
	s.e.is_ending = true;
	says(&s, explain_acceptance, "", "no RST, nothing to accept");
}

static struct sights sights_of(struct scene *s)
{
	struct sights sights;

	s->v.evidence = &s->e;
	explain_sights(&sights, &s->v);
	return sights;
}

static bool begins(const struct buffer *buffer, const char *with)
{
	return strncmp(buffer_text(buffer), with, strlen(with)) == 0;
}

static void test_sights(void)
{
	struct scene s = scene(CAUSE_abort, ROLE_SERVER);
	struct sights sights = sights_of(&s);

	ok(begins(&sights.receiver, "read() gives the data received before, then ECONNRESET once"), "by TCP state");
	ok(begins(&sights.differences, "BSD and macOS: "), "and what differs elsewhere");
	ok(strstr(buffer_text(&sights.differences), ". Windows: ") != NULL, "on Windows too");
	sights_clear(&sights);
	s.e.receiver_state = TCP_STATE_TIME_WAIT;
	sights = sights_of(&s);
	ok(begins(&sights.receiver, "nothing: no program"), "nobody holds a socket in TIME_WAIT");
	ok(!sights.differences.len, "and that is the same everywhere");
	sights_clear(&sights);
	s.v.cause = CAUSE_write_after_close;
	sights = sights_of(&s);
	ok(begins(&sights.receiver, "the write() that drew the RST"), "the cause knows better than the state");
	sights_clear(&sights);
}

static void test_unseen(void)
{
	struct scene s = scene(CAUSE_abort, ROLE_SERVER);
	struct sights sights;

	s.e.accepted = ACCEPTANCE_NO;
	sights = sights_of(&s);
	ok(begins(&sights.receiver, "nothing: its TCP did not accept"), "a RST that was not accepted is not seen");
	ok(!sights.differences.len, "on no system");
	sights_clear(&sights);
	s.e.accepted = ACCEPTANCE_YES;
	s.e.part = PART_ECHO;
	sights = sights_of(&s);
	ok(begins(&sights.receiver, "nothing: for its program the connection had ended"), "nor is an echo");
	sights_clear(&sights);
	s.v.sender = ROLE_MIDDLEBOX;
	sights = sights_of(&s);
	is_text(buffer_text(&sights.sender), "nothing of this RST: a box in between made it, not the server",
	        "the end in whose name a box sent it sees nothing");
	sights_clear(&sights);
}

static void test_doubt(void)
{
	struct scene s = scene(CAUSE_abort, ROLE_SERVER);

	says(&s, explain_doubt, "", "certain leaves no doubt");
	s.v.certainty = CERTAINTY_LIKELY;
	s.v.candidate_count = 3;
	s.v.candidates[0] = CAUSE_unread_data;
	s.v.candidates[1] = CAUSE_linger_zero;
	s.v.candidates[2] = CAUSE_close_race;
	says(&s, explain_doubt,
	     "unread-data or linger-zero; only the sending host's kernel can tell. close-race (data and the peer's "
	     "close crossed on the way) cannot be excluded; to decide: the data that drew the RST acknowledges nothing "
	     "of the sender's FIN",
	     "likely names what else it may be and what decides");
	s.v.candidate_count = 0;
	says(&s, explain_doubt,
	     "to decide: the reason that the kernel of the sender gives: its tracepoint tcp:tcp_send_reset",
	     "without candidates, what would settle it");
}

static void test_missing(void)
{
	struct scene s = scene(CAUSE_unknown, ROLE_SERVER);

	s.v.certainty = CERTAINTY_UNKNOWN;
	says(&s, explain_doubt, "the evidence is there, but fits no cause in the catalogue", "nothing is missing");
	evidence_yes(&s.e, FACT_START_MISSING, 1, 0);
	evidence_no(&s.e, FACT_SENDER_SEEN);
	says(&s, explain_doubt,
	     "the capture begins in the middle of the connection; no packet of the server before the RST was captured: "
	     "one direction only?", "what is missing");
}

/* Nothing of the catalogue leaves a placeholder behind, whatever the roles. */
static void test_catalogue(void)
{
	bool filled = true;

	for (enum cause_id id = 0; id < CAUSES; id++) {
		struct scene s = scene(id, ROLE_CLIENT);
		struct sights sights = sights_of(&s);
		struct buffer out = BUFFER_INIT(1 << 16);

		explain_text(&out, &s.v, cause_get(id)->headline);
		explain_text(&out, &s.v, cause_get(id)->decide);
		explain_loss(&out, &s.v);
		buffer_puts(&out, buffer_text(&sights.sender));
		buffer_puts(&out, buffer_text(&sights.receiver));
		if (strchr(buffer_text(&out), '{') && !strstr(buffer_text(&out), "SO_LINGER {")) {
			printf("# %s\n", buffer_text(&out));
			filled = false;
		}
		sights_clear(&sights);
		buffer_clear(&out);
	}
	ok(filled, "every text of the catalogue is filled in");
}

int main(void)
{
	test_names();
	test_facts();
	test_loss();
	test_acceptance();
	test_sights();
	test_unseen();
	test_doubt();
	test_missing();
	test_catalogue();
	return done_testing();
}
