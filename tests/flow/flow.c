/* Law: the least that is kept of a connection tells one from the next on the same ports, and how each ended. */
#include "flow/flow.h"
#include "tap.h"

static struct flow flow;

/* The client is side 0, its port 40000; the server's 80. */
static struct segment segment(unsigned side, unsigned flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct segment s = { .frame = 1, .seq = seq, .ack = ack, .flags = (uint16_t)flags, .payload_len = len, .version = 4 };

	s.src.port = side ? 80 : 40000;
	s.dst.port = side ? 40000 : 80;
	return s;
}

static void take(unsigned side, unsigned flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct segment s = segment(side, flags, seq, ack, len);

	flow_update(&flow, &s, side);
}

static void begin(unsigned side, unsigned flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct segment s = segment(side, flags, seq, ack, len);

	flow = (struct flow){ 0 };
	flow_begin(&flow, &s, side);
	flow_update(&flow, &s, side);
}

static void shake(uint32_t client, uint32_t server)
{
	begin(0, TCP_SYN, client, 0, 0);
	take(1, TCP_SYN | TCP_ACK, server, client + 1, 0);
	take(0, TCP_ACK, client + 1, server + 1, 0);
}

static bool begins_anew(unsigned side, unsigned flags, uint32_t seq)
{
	struct segment s = segment(side, flags, seq, 0, 0);

	return flow_begins_anew(&flow, &s, side);
}

static void new_connections(void)
{
	shake(1000, 5000);
	ok(!begins_anew(0, TCP_SYN, 1000), "the same SYN again begins nothing");
	ok(begins_anew(0, TCP_SYN, 99000), "a SYN with another number does");
	ok(!begins_anew(1, TCP_SYN | TCP_ACK, 5000), "a SYN-ACK does not");
	ok(!begins_anew(0, TCP_SYN | TCP_RST, 99000), "a SYN with RST does not");
	begin(1, TCP_SYN | TCP_ACK, 5000, 1001, 0);
	ok(!begins_anew(0, TCP_SYN, 1000), "the SYN that a SYN-ACK overtook belongs to it");
	begin(0, TCP_SYN, 1000, 0, 0);
	ok(!begins_anew(1, TCP_SYN, 5000), "SYNs that cross are one connection");
}

static void initiators(void)
{
	begin(0, TCP_SYN, 1, 0, 0);
	ok(flow.initiator == 0 && flow.flags & FLOW_INITIATOR_KNOWN, "who sends a SYN begins");
	begin(1, TCP_SYN | TCP_ACK, 1, 2, 0);
	ok(flow.initiator == 0 && flow.flags & FLOW_INITIATOR_KNOWN, "who is sent a SYN-ACK began");
	begin(1, TCP_ACK, 1, 2, 0);
	ok(flow.initiator == 0 && !(flow.flags & FLOW_INITIATOR_KNOWN), "in the middle, the port is a guess");
}

static void sequence_numbers(void)
{
	uint32_t expected = 0;

	shake(0xffffff00, 0xfffffff0);
	take(0, TCP_ACK, 0xffffff01, 0xfffffff1, 0x200);
	is_number(flow.half[0].next, 0x101, "the next number wraps");
	take(1, TCP_ACK, 0xfffffff1, 0x101, 0);
	is_number(flow.half[1].acked, 0x101, "so does what is acknowledged");
	take(0, TCP_ACK, 0xffffff01, 0xfffffff1, 0x10);
	is_number(flow.half[0].next, 0x101, "an old segment takes nothing back");
	ok(flow_expects(&flow, 1, &expected) && expected == 0x101, "the peer expects the next");
	take(0, TCP_RST, 0x7777, 0, 0);
	is_number(flow.half[0].next, 0x101, "a RST's number says nothing about its sender");
}

static void endings(void)
{
	begin(0, TCP_SYN, 1, 0, 0);
	is_number(flow_ending(&flow), ENDING_UNANSWERED, "a SYN alone is unanswered");
	take(1, TCP_RST | TCP_ACK, 0, 2, 0);
	is_number(flow_ending(&flow), ENDING_REFUSED, "a RST refuses it");
	shake(1, 1);
	is_number(flow_ending(&flow), ENDING_OPEN, "a handshake is open");
	take(0, TCP_FIN | TCP_ACK, 2, 2, 0);
	is_number(flow_ending(&flow), ENDING_HALF_CLOSED, "a FIN half closes");
	take(1, TCP_FIN | TCP_ACK, 2, 3, 0);
	is_number(flow_ending(&flow), ENDING_CLOSED, "two FINs close");
	ok(flow_is_over(&flow), "and it is over");
	shake(1, 1);
	take(1, TCP_RST, 2, 0, 0);
	is_number(flow_ending(&flow), ENDING_RESET, "a RST after the handshake resets");
}

static void unanswered(void)
{
	shake(1, 1);
	for (int i = 0; i < 5; i++) {
		ok(!flow_unanswered(&flow), "after %d times the peer may still answer", i);
		take(0, TCP_PSH | TCP_ACK, 2, 2, 50);
	}
	ok(flow_unanswered(&flow), "data sent again four times are unanswered");
	take(1, TCP_ACK, 2, 52, 0);
	ok(!flow_unanswered(&flow), "an ACK answers them all");
}

int main(void)
{
	new_connections();
	initiators();
	sequence_numbers();
	endings();
	unanswered();
	return done_testing();
}
