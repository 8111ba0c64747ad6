/*
 * A user with 40 000 resets gets the few findings that hurt: one for each cause and server, the worst first; a scan of
 * 1000 ports is one finding; harmless ones are one line; what was lost or not looked at is said.
 */
#include "report/summary.h"

#include "sample.h"

static const struct report_style plain = { .width = 100 };
static const struct analysis_totals nothing = { .frames = 10, .segments = 9, .connections = 8, .resets = 7 };

static struct buffer render(const struct summary *summary, const struct analysis_totals *totals)
{
	struct buffer out = BUFFER_INIT(1 << 22);

	report_text_summary(&out, summary, totals, &plain);
	return out;
}

static void test_order(void)
{
	struct summary *summary = summary_new();
	const struct group **sorted;
	struct sample s;

	for (int i = 0; i < 9; i++) {
		sample_port_closed(&s, 3, 81, 2);
		summary_add(summary, &s.verdict, "x");
	}
	sample_write_after_close(&s);
	s.verdict.cause = CAUSE_late_segment;
	s.verdict.harm = HARM_NONE;
	for (int i = 0; i < 20; i++)
		summary_add(summary, &s.verdict, "x");
	sample_write_after_close(&s);
	summary_add(summary, &s.verdict, "x");
	s.verdict.cause = CAUSE_close_race;
	summary_add(summary, &s.verdict, "x");
	summary_add(summary, &s.verdict, "x");
	sorted = summary_sorted(summary);
	is_number((long long)summary->count, 4, "one group a cause and server");
	ok(sorted[0]->cause == CAUSE_close_race, "lost data first, the more frequent before the rarer");
	ok(sorted[1]->cause == CAUSE_write_after_close, "then the rarer");
	ok(sorted[2]->cause == CAUSE_port_closed, "then what costs a retry, however many");
	ok(sorted[3]->cause == CAUSE_late_segment, "harmless ones last");
	free(sorted);
	summary_free(summary);
}

/* The role is that of the side that fell silent, to which the last segment went. */
static void test_ending(void)
{
	struct summary *summary = summary_new();
	const struct group **sorted;
	struct sample s;

	sample_port_closed(&s, 1, 50000, 2);
	s.evidence.dst = sample_end(3, 443);
	s.evidence.is_ending = true;
	s.verdict.cause = CAUSE_no_answer;
	summary_add(summary, &s.verdict, "x");
	sorted = summary_sorted(summary);
	ok(sorted[0]->end.port == 443, "an ending belongs to the server, to which the client sent in vain");
	free(sorted);
	summary_free(summary);
}

static void test_text(void)
{
	struct analysis_totals totals = nothing;
	struct summary *summary = summary_new();
	struct sample s;
	struct buffer out;

	totals.endings[ENDING_RESET] = 7;
	totals.decoded.kinds[DECODED_CUT] = 4;
	sample_write_after_close(&s);
	summary_add(summary, &s.verdict, "dump.pcap");
	s.evidence.dst = sample_end(9, 40000);
	s.verdict.certainty = CERTAINTY_LIKELY;
	summary_add(summary, &s.verdict, "dump.pcap");
	s.verdict.harm = HARM_NONE;
	s.verdict.cause = CAUSE_late_segment;
	summary_add(summary, &s.verdict, "dump.pcap");
	out = render(summary, &totals);
	sample_has(&out, "10 frames, 9 TCP segments, 8 connections, 7 resets", "totals");
	sample_has(&out, "ended     7 reset\n", "only endings that there were");
	sample_has(&out, "write-after-close: the client wrote to a connection that the server had closed\n",
	           "the headline");
	sample_has(&out, "server 10.0.0.1:80, 2 clients; 2 resets, 1 certain, 1 likely\n", "where, how many, how sure");
	sample_has(&out, "lost      10 bytes\n", "what was lost");
	sample_has(&out, "do        stop writing once read() returns 0, and close\n", "what to do");
	sample_has(&out, "see       tcpwhy read --frame 7 dump.pcap\n", "an example to look at");
	sample_has(&out, "\n1 harmless: 1 late-segment\n", "harmless ones in a line");
	sample_has(&out, "left out  4 frames cut too short", "what was not looked at");
	ok(!strstr(buffer_text(&out), "twice"), "and nothing of what did not happen");
	buffer_clear(&out);
	summary_free(summary);
}

/* Like sample_port_closed(), after the neighbourhood has noticed the prober. */
static void sample_scan(struct sample *s, uint8_t server, uint16_t port)
{
	sample_port_closed(s, server, port, 66);
	evidence_number(&s->evidence, FACT_PROBED_PORTS, 500, 0, 0);
}

static void test_scan(void)
{
	struct summary *summary = summary_new();
	struct sample s;
	struct buffer out;

	for (uint16_t port = 1; port <= 1000; port++) {
		sample_scan(&s, port % 4, port);
		summary_add(summary, &s.verdict, "x");
	}
	is_number((long long)summary->count, 1, "a scan of 1000 ports is one finding");
	out = render(summary, &nothing);
	sample_has(&out, "prober 10.0.0.66, 4 hosts, 1000 ports; 1000 resets, likely\n", "with its extent");
	buffer_clear(&out);
	for (uint16_t port = 1; port <= 1000; port++) {
		sample_port_closed(&s, 7, port, (uint8_t)(port % 5));
		summary_add(summary, &s.verdict, "x");
	}
	is_number((long long)summary->count, 2, "1000 closed ports of one host are one finding");
	out = render(summary, &nothing);
	sample_has(&out, "host 10.0.0.7, 1000 ports, 5 clients; 1000 resets, likely\n", "with its extent");
	buffer_clear(&out);
	summary_free(summary);
}

static void test_prober(void)
{
	struct summary *summary = summary_new();
	struct sample s;

	sample_write_after_close(&s);
	s.evidence.sender_role = ROLE_CLIENT;
	s.verdict.cause = CAUSE_half_open_scan;
	for (uint16_t port = 1; port <= 50; port++) {
		s.evidence.dst = sample_end((uint8_t)port, port);
		summary_add(summary, &s.verdict, "x");
	}
	is_number((long long)summary->count, 1, "a half-open scan is grouped by whoever scans");
	is_number((long long)summary->groups[0].peers, 50, "hosts are counted");
	is_number((long long)summary->groups[0].ports, 50, "ports are counted");
	summary_free(summary);
}

static void test_bounds(void)
{
	struct summary *summary = summary_new();
	struct sample s;
	struct buffer out;

	sample_write_after_close(&s);
	for (uint32_t i = 0; i < GROUPS_MAX + 10; i++) {
		s.evidence.src = sample_end((uint8_t)(i >> 12), (uint16_t)(i & 4095));
		summary_add(summary, &s.verdict, "x");
	}
	is_number((long long)summary->count, GROUPS_MAX, "groups are bounded");
	is_number((long long)summary->left_out, 10, "the rest is counted apart");
	out = render(summary, &nothing);
	sample_has(&out, "and 4076 more groups: --all\n", "20 groups are shown");
	sample_has(&out, "10 more resets belong to groups that were not kept", "and what was left out is told");
	ok(out.len < 20000, "a summary stays short");
	buffer_clear(&out);
	summary_free(summary);
}

static void test_distinct_bound(void)
{
	struct summary *summary = summary_new();
	struct sample s;
	struct buffer out;

	sample_write_after_close(&s);
	for (uint32_t i = 0; i < DISTINCT_MAX + 100; i++) {
		memcpy(s.evidence.dst.address.bytes, &i, sizeof i);
		summary_add(summary, &s.verdict, "x");
	}
	ok(summary->distinct_full, "addresses that are told apart are bounded");
	out = render(summary, &nothing);
	sample_has(&out, " (at least);", "and the count says that it is a lower bound");
	buffer_clear(&out);
	summary_free(summary);
}

static void test_hostile(void)
{
	struct summary *summary = summary_new();
	struct sample s;
	struct buffer out;

	sample_hostile(&s);
	summary_add(summary, &s.verdict, "it's " SAMPLE_HOSTILE);
	out = render(summary, &nothing);
	ok(sample_is_harmless(buffer_text(&out)), "a hostile file name is made harmless");
	sample_has(&out, "'it'\\''s \\x1b", "and quoted for a shell");
	buffer_clear(&out);
	summary_free(summary);
	summary_free(NULL);
	ok(true, "freeing nothing is allowed");
}

int main(void)
{
	test_order();
	test_ending();
	test_text();
	test_scan();
	test_prober();
	test_bounds();
	test_distinct_bound();
	test_hostile();
	return done_testing();
}
