/* Evidence and verdicts made by hand, for the tests of the renderers. */
#ifndef TCPWHY_TESTS_REPORT_SAMPLE_H
#define TCPWHY_TESTS_REPORT_SAMPLE_H

#include <string.h>

#include "base/clock.h"
#include "report/report.h"
#include "tap.h"

#define SAMPLE_NOW (1776845730LL * NS_PER_S) /* 2026-04-22T08:15:30Z */

/* Steers a terminal, breaks a line, is no UTF-8, reorders a line. */
#define SAMPLE_HOSTILE "\033[31mred\n\r\xff\xc3(\xe2\x80\xae\xc2\x9b"

struct sample {
	struct evidence evidence;
	struct verdict verdict;
};

__attribute__((unused))
static struct endpoint sample_end(uint8_t last, uint16_t port)
{
	return (struct endpoint){ .address = { .bytes = { 10, 0, 0, last }, .version = 4 }, .port = port };
}

/* The server 10.0.0.1:80 had closed, the client 10.0.0.2:50000 wrote 5 bytes; frame 7, 5.010 s after the start. */
__attribute__((unused))
static void sample_write_after_close(struct sample *s)
{
	struct evidence *e = &s->evidence;
	static const uint8_t because[] = {
		FACT_SENDER_FIN, FACT_SENDER_FIN_ACKED, FACT_ANSWERS_DATA, FACT_SHAPE_PASSIVE,
	};

	*s = (struct sample){ .evidence = {
		.frame = 7, .time_ns = SAMPLE_NOW, .src = sample_end(1, 80), .dst = sample_end(2, 50000),
		.sender_role = ROLE_SERVER, .receiver_state = TCP_STATE_CLOSE_WAIT, .accepted = ACCEPTANCE_YES,
		.sealed = SEALED_EOF, .connection = 1, .first_frame = 1, .lost_known = true, .lost_bytes = 5,
		.conn_state = "RSTO", .history = "ShADFadr",
	} };
	evidence_number(e, FACT_AGE, 5010000000, 0, 0);
	evidence_yes(e, FACT_SENDER_FIN, 4, SAMPLE_NOW - 3176 * NS_PER_MS);
	evidence_yes(e, FACT_SENDER_FIN_ACKED, 5, SAMPLE_NOW - 3175 * NS_PER_MS);
	evidence_number(e, FACT_ANSWERS_DATA, 5, 6, SAMPLE_NOW - NS_PER_MS);
	evidence_yes(e, FACT_SHAPE_PASSIVE, 0, 0);
	evidence_yes(e, FACT_RECEIVER_SILENT, 0, 0);
	s->verdict = (struct verdict){
		.evidence = e, .cause = CAUSE_write_after_close, .certainty = CERTAINTY_CERTAIN, .sender = ROLE_SERVER,
		.harm = HARM_DATA_LOST, .because_count = sizeof because,
	};
	memcpy(s->verdict.because, because, sizeof because);
}

/* A port where nobody listens, or a firewall; `server` and `port` were tried by `client`. */
__attribute__((unused))
static void sample_port_closed(struct sample *s, uint8_t server, uint16_t port, uint8_t client)
{
	*s = (struct sample){ .evidence = {
		.frame = 100 + port, .time_ns = SAMPLE_NOW, .src = sample_end(server, port),
		.dst = sample_end(client, 50000), .sender_role = ROLE_SERVER, .receiver_state = TCP_STATE_SYN_SENT,
		.sealed = SEALED_EOF, .connection = 2, .first_frame = 99 + port, .lost_known = true,
		.conn_state = "REJ", .history = "Sr",
	} };
	evidence_yes(&s->evidence, FACT_ANSWERS_SYN, 99 + port, SAMPLE_NOW - 40 * NS_PER_US);
	s->verdict = (struct verdict){
		.evidence = &s->evidence, .cause = CAUSE_port_closed, .certainty = CERTAINTY_LIKELY,
		.sender = ROLE_SERVER, .harm = HARM_RETRY, .candidate_count = 1,
		.candidates = { CAUSE_firewall_reject }, .because_count = 1, .because = { FACT_ANSWERS_SYN },
	};
}

/* Nobody knows who is who, and the RST carries a text that is to do harm. */
__attribute__((unused))
static void sample_hostile(struct sample *s)
{
	*s = (struct sample){ .evidence = {
		.frame = 3, .time_ns = SAMPLE_NOW, .src = sample_end(1, 5555), .dst = sample_end(2, 6666),
		.sealed = SEALED_PACKETS, .connection = 3, .first_frame = 3, .part = PART_ECHO, .echo_of = 2,
		.text = SAMPLE_HOSTILE, .conn_state = "\033x\xff", .history = "\n\xff",
	} };
	evidence_yes(&s->evidence, FACT_TEXT_REASON, 0, 0);
	evidence_number(&s->evidence, FACT_KERNEL_CODE, 70000, 0, 0);
	evidence_yes(&s->evidence, FACT_START_MISSING, 0, 0);
	s->verdict = (struct verdict){
		.evidence = &s->evidence, .cause = CAUSE_unknown, .certainty = CERTAINTY_UNKNOWN,
		.harm = HARM_RETRY, .because_count = 2, .because = { FACT_TEXT_REASON, FACT_KERNEL_CODE },
	};
}

/* No byte that steers a terminal or is no text: colours are off, so no escape at all; newlines are ours. */
__attribute__((unused))
static bool sample_is_harmless(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if ((*c < ' ' && *c != '\n') || *c == 0x7f || *c == 0xff)
			return false;
	return !strstr(text, "\xe2\x80\xae") && !strstr(text, "\xc2\x9b") && !strstr(text, "red\n");
}

__attribute__((unused))
static bool sample_has(const struct buffer *buffer, const char *part, const char *name)
{
	bool found = ok(strstr(buffer_text(buffer), part) != NULL, "%s", name);

	if (!found)
		printf("#   no '%s' in:\n%s\n", part, buffer_text(buffer));
	return found;
}

#endif
