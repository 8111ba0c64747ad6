/*
 * A verdict tells who sent it, why and how sure, what shows it, what each program saw, what was lost and what to do;
 * nothing that came from a packet or a file name reaches the terminal as it is; no line is wider than asked for.
 */
#include "sample.h"

static const struct report_style plain = { .width = 100 };

static struct buffer render(const struct sample *s, const char *file, const struct report_style *style)
{
	struct buffer out = BUFFER_INIT(1 << 20);

	report_text_verdict(&out, &s->verdict, file, 1, style);
	return out;
}

static void test_parts(void)
{
	struct sample s;
	struct buffer out;

	sample_write_after_close(&s);
	out = render(&s, "dump.pcap", &plain);
	sample_has(&out, "reset 1   10.0.0.1:80 (server) -> 10.0.0.2:50000 (client)   frame 7, 5.010 s\n", "the head");
	sample_has(&out, "write-after-close: the client wrote to a connection that the server had closed", "why");
	sample_has(&out, "  certain\n", "how sure");
	sample_has(&out, "because   frame 4  1.834 s  the server sent FIN\n", "what shows it, and when");
	sample_has(&out, "frame 6  5.009 s  the client sent 5 bytes\n", "a number with its unit");
	sample_has(&out, "accepted  yes: the client fell silent\n", "whether it was accepted");
	sample_has(&out, "seen by   client ", "what the receiver sees comes first");
	sample_has(&out, "lost      the 5 bytes of frame 6\n", "what was lost");
	sample_has(&out, "do        stop writing once read() returns 0", "what to do");
	sample_has(&out, "tcpwhy causes write-after-close, tcpwhy lab write-after-close\n", "where there is more");
	buffer_clear(&out);
}

static void test_doubt(void)
{
	struct sample s;
	struct buffer out;

	sample_port_closed(&s, 1, 81, 2);
	out = render(&s, NULL, &plain);
	sample_has(&out, "or maybe  firewall-reject: ", "what else it may be");
	sample_has(&out, "to decide: ", "and what would decide");
	sample_has(&out, "the times below count from it", "without a start, times count back from the RST");
	sample_has(&out, "frame 180  -0.000040 s  ", "and a moment before is negative");
	buffer_clear(&out);
}

static void test_closer(void)
{
	static const uint8_t candidates[] = { CAUSE_unread_data, CAUSE_linger_zero, CAUSE_half_open, CAUSE_failover,
	                                      CAUSE_nat_expired };
	struct sample s;
	struct buffer out;

	sample_port_closed(&s, 1, 81, 2);
	s.verdict.cause = CAUSE_abort;
	s.verdict.candidate_count = sizeof candidates;
	memcpy(s.verdict.candidates, candidates, sizeof candidates);
	out = render(&s, NULL, &plain);
	sample_has(&out, "perhaps   unread-data or linger-zero; only the sending host's kernel",
	           "refinements stand together");
	sample_has(&out, "or maybe  half-open: ", "what contradicts it stands apart");
	sample_has(&out, "or even   nat-expired\n", "the unlikely ones by name only");
	buffer_clear(&out);
}

static void test_ending(void)
{
	struct sample s;
	struct buffer out;

	sample_port_closed(&s, 1, 81, 2);
	s.evidence.is_ending = true;
	s.verdict.cause = CAUSE_no_answer;
	out = render(&s, NULL, &plain);
	sample_has(&out, "ending 1   ", "an end without a RST is no reset");
	sample_has(&out, ":81 (client) -> ", "who sent the last segment in vain is not the one that fell silent");
	ok(!strstr(buffer_text(&out), "accepted"), "and nobody accepted it");
	buffer_clear(&out);
}

static void test_ignored(void)
{
	struct sample s;
	struct buffer out;

	sample_write_after_close(&s);
	s.evidence.part = PART_IGNORED;
	s.evidence.accepted = ACCEPTANCE_NO;
	evidence_yes(&s.evidence, FACT_RECEIVER_WENT_ON, 9, SAMPLE_NOW);
	out = render(&s, NULL, &plain);
	sample_has(&out, "accepted  no: the client went on", "ignored, and how we know");
	sample_has(&out, "client     nothing: its TCP did not accept this RST", "so its program saw nothing");
	buffer_clear(&out);
}

static void test_hostile(void)
{
	struct sample s;
	struct buffer out;

	sample_hostile(&s);
	out = render(&s, SAMPLE_HOSTILE, &plain);
	ok(sample_is_harmless(buffer_text(&out)), "hostile texts are made harmless");
	sample_has(&out, "the RST says: \\x1b[31mred\\x0a", "and still told");
	sample_has(&out, "missing   the capture begins in the middle", "unknown says what is missing");
	sample_has(&out, "an echo, the connection had ended with frame 2", "an echo names what it repeats");
	buffer_clear(&out);
}

static size_t widest(const char *text)
{
	size_t columns = 0, most = 0;

	for (; *text; text++) {
		columns += ((unsigned char)*text & 0xc0) != 0x80;
		most = columns > most ? columns : most;
		columns = *text == '\n' ? 0 : columns;
	}
	return most - 1; /* the newline */
}

static void test_width(void)
{
	const struct report_style narrow = { .width = 80, .ascii = true }, endless = { .width = 0 };
	size_t most = 0, after = 0;
	struct sample s;
	struct buffer out;

	sample_write_after_close(&s);
	for (enum cause_id id = 0; id < CAUSES; id++) {
		s.verdict.cause = id;
		out = render(&s, NULL, &narrow);
		after = widest(buffer_text(&out));
		most = after > most ? after : most;
		buffer_clear(&out);
	}
	ok(most <= 80, "no line of any cause is wider than asked for (%zu)", most);
	out = render(&s, NULL, &narrow);
	ok(!strstr(buffer_text(&out), "·"), "ASCII is ASCII");
	buffer_clear(&out);
	out = render(&s, NULL, &endless);
	ok(widest(buffer_text(&out)) > 100, "width 0 wraps nothing");
	buffer_clear(&out);
}

static void test_colour(void)
{
	const struct report_style colour = { .width = 100, .colour = true };
	struct sample s;
	struct buffer out;

	sample_write_after_close(&s);
	out = render(&s, NULL, &colour);
	ok(strstr(buffer_text(&out), "\033[") != NULL, "colour where it is asked for");
	buffer_clear(&out);
}

static void test_comment(void)
{
	struct buffer out = BUFFER_INIT(1 << 16);
	struct sample s;

	sample_write_after_close(&s);
	report_comment(&out, &s.verdict);
	sample_has(&out, "tcpwhy: write-after-close (certain): the client wrote", "a comment says why");
	sample_has(&out, "frame 6: the client sent 5 bytes; ", "and because of what");
	buffer_clear(&out);
	sample_hostile(&s);
	report_comment(&out, &s.verdict);
	ok(sample_is_harmless(buffer_text(&out)) && !strchr(buffer_text(&out), '\n'), "one harmless paragraph");
	buffer_clear(&out);
}

int main(void)
{
	test_parts();
	test_doubt();
	test_closer();
	test_ending();
	test_ignored();
	test_hostile();
	test_width();
	test_colour();
	test_comment();
	return done_testing();
}
