/*
 * A ladder shows each segment between the two ends: when, which way, relative numbers, what became of it; the verdict
 * stands beside its RST. It keeps the first and the last segments of a long connection and says what it left out.
 */
#include "sample.h"

static const struct report_style plain = { .width = 100 };

static struct conversation conversation(void)
{
	struct conversation c = { .number = 1, .version = 4 };

	c.side[0].end = sample_end(1, 80);
	c.side[1].end = sample_end(2, 50000);
	c.side[0].base = 1000;
	c.side[1].base = 4294967290u;
	c.side[0].first.frame = 2;
	c.side[1].first.frame = 1;
	c.flow.initiator = 1;
	c.flow.flags = FLOW_INITIATOR_KNOWN;
	return c;
}

static struct note note_of(uint64_t frame, unsigned side, uint16_t flags, uint32_t seq, uint32_t ack)
{
	return (struct note){
		.frame = frame, .time_ns = SAMPLE_NOW + (int64_t)frame * NS_PER_MS, .side = (uint8_t)side,
		.flags = flags, .seq = seq, .ack = ack, .window = 500,
	};
}

/* The connection of sample_write_after_close(). */
static struct ladder *fill(void)
{
	struct ladder *ladder = ladder_new(100);
	struct conversation c = conversation();
	struct note notes[] = {
		note_of(1, 1, TCP_SYN, 4294967290u, 0),
		note_of(2, 0, TCP_SYN | TCP_ACK, 1000, 4294967291u),
		note_of(3, 1, TCP_ACK, 4294967291u, 1001),
		note_of(4, 0, TCP_FIN | TCP_ACK, 1001, 4294967291u),
		note_of(5, 1, TCP_ACK, 4294967291u, 1002),
		note_of(6, 1, TCP_PSH | TCP_ACK, 4294967291u, 1002),
		note_of(7, 0, TCP_RST, 1002, 0),
	};
	struct sample s;

	notes[5].payload_len = 5;
	notes[5].marks = NOTE_RETRANSMISSION | NOTE_KEEPALIVE | NOTE_DUPLICATE;
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
		ladder_add(ladder, &c, &notes[i]);
	sample_write_after_close(&s);
	ladder_add_verdict(ladder, &s.verdict);
	return ladder;
}

static void test_steps(void)
{
	struct ladder *ladder = fill();
	struct buffer out = BUFFER_INIT(1 << 20);

	report_ladder(&out, ladder, &plain);
	sample_has(&out, "10.0.0.2:50000       10.0.0.1:80\n", "both ends, the client on the left");
	sample_has(&out, "1    0.000000  │──────────── SYN ────────────▶│  seq 0 win 500; client SYN-SENT\n",
	           "a segment, from left to right");
	sample_has(&out, "0.001000  │◀────────── SYN ACK ──────────│  seq 0 ack 1", "and back, with relative numbers");
	sample_has(&out, "seq 1 ack 1 win 500; server ESTABLISHED\n", "states where they change, past the wrap of seq");
	sample_has(&out, "client CLOSE-WAIT", "a FIN changes the state of the one who gets it");
	sample_has(&out, " PSH ACK 5 B ", "bytes");
	sample_has(&out, "duplicate frame,", "marks");
	sample_has(&out, "write-after-close (certain): the client", "the verdict stands beside the RST");
	buffer_clear(&out);
	ladder_free(ladder);
}

static void test_width(void)
{
	const struct report_style ascii = { .width = 80, .ascii = true };
	struct ladder *ladder = fill();
	struct buffer out = BUFFER_INIT(1 << 20);
	size_t most = 0, columns = 0;
	bool is_ascii = true;

	report_ladder(&out, ladder, &ascii);
	for (const char *c = buffer_text(&out); *c; c++) {
		is_ascii &= (unsigned char)*c < 0x80;
		columns = *c == '\n' ? 0 : columns + 1;
		most = columns > most ? columns : most;
	}
	ok(is_ascii, "ASCII is ASCII");
	ok(most <= 80, "80 columns are enough (%zu)", most);
	sample_has(&out, "|------------ SYN ------------>|", "an arrow in ASCII");
	buffer_clear(&out);
	ladder_free(ladder);
}

static void test_long_addresses(void)
{
	struct ladder *ladder = ladder_new(4);
	struct conversation c = conversation();
	struct note note = note_of(1, 1, 0, 1, 2);
	struct buffer out = BUFFER_INIT(1 << 20);

	for (int i = 0; i < 2; i++) {
		memset(c.side[i].end.address.bytes, 0xab, sizeof c.side[i].end.address.bytes);
		c.side[i].end.address.version = 6;
	}
	ladder_add(ladder, &c, &note);
	report_ladder(&out, ladder, &plain);
	sample_has(&out, "]:50000\n", "long addresses have lines of their own");
	sample_has(&out, " no flags ", "a segment without flags");
	buffer_clear(&out);
	ladder_free(ladder);
}

static void test_bound(void)
{
	struct ladder *ladder = ladder_new(10);
	struct conversation c = conversation(), other = conversation();
	struct note note = note_of(1000, 1, TCP_ACK, 1, 2);
	struct buffer out = BUFFER_INIT(1 << 20);
	struct sample s;

	for (uint64_t frame = 1; frame <= 100; frame++) {
		struct note one = note_of(frame, frame & 1, TCP_ACK, 1, 2);

		ladder_add(ladder, &c, &one);
	}
	other.number = 2;
	ladder_add(ladder, &other, &note);
	sample_write_after_close(&s);
	ladder_add_verdict(ladder, &s.verdict); /* frame 7 is not kept */
	report_ladder(&out, ladder, &plain);
	sample_has(&out, "      5    0.004000", "the first ones are kept");
	sample_has(&out, "(90 segments left out)\n", "the middle is counted");
	sample_has(&out, "     96    0.095000", "the last ones are kept");
	ok(!strstr(buffer_text(&out), "\n   1000 "), "another conversation is passed over");
	ok(!strstr(buffer_text(&out), "write-after-close"), "a verdict without its RST is not shown");
	buffer_clear(&out);
	ladder_free(ladder);
}

static void test_empty(void)
{
	struct ladder *ladder = ladder_new(0);
	struct buffer out = BUFFER_INIT(1 << 20);

	report_ladder(&out, ladder, &plain);
	ok(!out.len, "nothing in, nothing out");
	ladder_free(ladder);
	ladder_free(NULL);
}

int main(void)
{
	test_steps();
	test_width();
	test_long_addresses();
	test_bound();
	test_empty();
	return done_testing();
}
