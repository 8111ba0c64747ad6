/*
 * Law: a conversation remembers what each side sent and what became of it: retransmissions, gaps, probes, copies,
 * FINs that were not captured; and of the one before it on the same ports, what is needed to explain the next.
 */
#include "base/clock.h"
#include "flow/conversation.h"
#include "tap.h"

#define STEP (50 * NS_PER_MS)

static struct conversation c;
static uint64_t frames;
static int64_t now_ns;
static uint16_t ip_id;

static struct segment segment(unsigned side, unsigned flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct segment s = {
		.frame = ++frames, .time_ns = now_ns, .seq = seq, .ack = ack, .flags = (uint16_t)flags, .payload_len = len,
		.version = 4, .window = 500, .hop_limit = 64, .ip_id = ++ip_id,
	};

	now_ns += STEP;
	s.src.port = side ? 80 : 40000;
	s.dst.port = side ? 40000 : 80;
	s.src.address = (struct address){ { 10, 0, 0, (uint8_t)side }, 4 };
	s.dst.address = (struct address){ { 10, 0, 0, (uint8_t)!side }, 4 };
	return s;
}

static struct note take_segment(struct segment *s, unsigned side)
{
	const struct options none = { 0 };
	struct note note;

	if (!c.segments)
		conversation_begin(&c, s, side, false);
	conversation_take(&c, s, &none, side, &note);
	return note;
}

static struct note take(unsigned side, unsigned flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct segment s = segment(side, flags, seq, ack, len);

	return take_segment(&s, side);
}

static void begin(void)
{
	conversation_clear(&c);
	memset(&c, 0, sizeof c);
}

/* Client numbers start at 1000, the server's at 5000. */
static void shake(void)
{
	begin();
	take(0, TCP_SYN, 999, 0, 0);
	take(1, TCP_SYN | TCP_ACK, 4999, 1000, 0);
	take(0, TCP_ACK, 1000, 5000, 0);
}

static void runs(void)
{
	struct note note;

	shake();
	ok(c.handshake.frame, "the last ACK finishes the handshake");
	take(0, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	note = take(0, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	ok(note.marks & NOTE_RETRANSMISSION, "the same bytes again are a retransmission");
	take(0, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	is_number(c.side[0].retransmits.count, 2, "a run of two");
	is_number((long long)c.side[0].payload_bytes, 100, "bytes are counted once");
	note = take(1, TCP_ACK, 5000, 1100, 0);
	ok(note.marks & NOTE_ACKS_NEW && c.side[0].retransmits.count == 0, "an ACK ends the run");
}

static void gaps(void)
{
	struct note note;

	shake();
	note = take(0, TCP_ACK, 1200, 5000, 100);
	ok(note.marks & NOTE_GAP && c.side[0].gap, "a segment beyond the next leaves a gap");
	note = take(0, TCP_ACK, 1000, 5000, 200);
	ok(note.marks & NOTE_OUT_OF_ORDER && !(note.marks & NOTE_RETRANSMISSION),
	   "what fills it was overtaken, not sent again");
}

static void probes(void)
{
	struct note note;

	shake();
	take(0, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	take(1, TCP_ACK, 5000, 1100, 0);
	note = take(0, TCP_ACK, 1099, 5000, 0);
	ok(note.marks & NOTE_KEEPALIVE, "one before the next number is a probe");
	take(0, TCP_ACK, 1099, 5000, 1);
	is_number(c.side[0].probes.count, 2, "with a byte or without");
	is_number((long long)c.side[0].payload_bytes, 100, "that byte is no data");
	take(1, TCP_ACK, 5000, 1100, 0);
	is_number(c.side[0].probes.count, 0, "any answer ends the run of probes");
	ok(!(take(0, TCP_ACK, 1100, 5000, 0).marks & NOTE_KEEPALIVE), "an ACK with the next number is none");
}

static void copies(void)
{
	struct segment s;

	shake();
	s = segment(0, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	take_segment(&s, 0);
	s.time_ns += NS_PER_MS;
	s.hop_limit--;
	ok(take_segment(&s, 0).marks & NOTE_DUPLICATE, "a frame with the same IP ID is a copy");
	is_number(c.duplicates, 1, "and counted as one");
	is_number(c.side[0].retransmits.count, 0, "not as a retransmission");
	s.ip_id++;
	ok(!(take_segment(&s, 0).marks & NOTE_DUPLICATE), "one with another IP ID is none");
}

static void rsts_alike(void)
{
	struct segment s;

	shake();
	s = segment(1, TCP_RST, 5000, 0, 0);
	s.ip_id = 0;
	take_segment(&s, 1);
	ok(!(take_segment(&s, 1).marks & NOTE_DUPLICATE), "RSTs alike are two where the capture holds no other copies");
	is_number(c.side[1].rsts.count, 2, "both are counted");
}

static void fins(void)
{
	shake();
	take(1, TCP_FIN | TCP_ACK, 5000, 1000, 0);
	is_number(c.side[1].fin_seq, 5000, "a FIN takes a number");
	take(0, TCP_ACK, 1000, 5001, 0);
	ok(c.side[1].fin_acked.frame, "and is acknowledged");
	ok(!conversation_closed(&c), "one FIN closes half");
	take(0, TCP_FIN | TCP_ACK, 1000, 5001, 0);
	take(1, TCP_ACK, 5001, 1001, 0);
	ok(conversation_closed(&c), "two close");
}

static void implied_fins(void)
{
	shake();
	take(0, TCP_ACK, 1000, 5001, 0);
	ok(c.side[1].fin_implied && c.side[1].fin_seq == 5000, "one acknowledged beyond all that was sent is a FIN");
	take(0, TCP_ACK, 1000, 5200, 0);
	ok(!c.side[1].fin_implied, "unless more follows");
	shake();
	take(0, TCP_ACK, 1000, 5300, 0);
	ok(!c.side[1].fin_implied, "many acknowledged are data that were not captured");
}

static void windows(void)
{
	struct segment s;

	shake();
	for (uint16_t window = 500; window > 400; window = (uint16_t)(window - 20)) {
		s = segment(1, TCP_ACK, 5000, 1000, 0);
		s.window = window;
		take_segment(&s, 1);
	}
	is_number(c.side[1].window_falls, 4, "a window that falls");
	s.window = 600;
	take_segment(&s, 1);
	is_number(c.side[1].window_falls, 0, "and recovers");
	s.window = 0;
	ok(take_segment(&s, 1).marks & NOTE_ZERO_WINDOW && c.side[1].window_zero, "a window of 0");
}

static void ports_used_again(void)
{
	struct segment syn;

	shake();
	take(0, TCP_PSH | TCP_ACK, 1000, 5000, 100);
	syn = segment(0, TCP_SYN, 90000, 0, 0);
	conversation_begin(&c, &syn, 0, true);
	ok(c.predecessor && c.predecessor->side[0].payload_bytes == 100, "what came before is kept");
	is_number(c.segments, 0, "and the next begins afresh");
	syn = segment(0, TCP_SYN, 190000, 0, 0);
	conversation_begin(&c, &syn, 0, true);
	ok(c.predecessor && c.predecessor->side[0].payload_bytes == 0, "of two before, the last");
	conversation_clear(&c);
}

static void notes(void)
{
	shake();
	for (uint32_t i = 0; i < 3 * RECENT_NOTES; i++)
		take(0, TCP_ACK, 1000 + 10 * i, 5000, 10);
	ok(conversation_recent(&c, 0)->seq == 1000 + 10 * (3 * RECENT_NOTES - 1), "the newest note");
	ok(conversation_recent(&c, RECENT_NOTES - 1) && !conversation_recent(&c, RECENT_NOTES), "and no more than are kept");
}

int main(void)
{
	runs();
	gaps();
	probes();
	copies();
	rsts_alike();
	fins();
	implied_fins();
	windows();
	ports_used_again();
	notes();
	return done_testing();
}
