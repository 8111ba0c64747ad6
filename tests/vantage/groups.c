/*
 * Law: a connection is found again in another capture where a box translates its ends or draws sequence numbers of its
 * own, or began later, or where another one in between has nothing of it; what a proxy ends are two connections.
 */
#include "vantage/fate.h"

#include "base/clock.h"
#include "tap.h"

static struct match match;
static const uint8_t place[LOOKOUTS_MAX];

static struct endpoint end_of(uint8_t host, uint16_t port)
{
	return (struct endpoint){ .address = { .version = 4, .bytes = { 10, 0, 0, host } }, .port = port };
}

/* What stands between the two captures. */
struct box {
	bool translates, proxies;
	uint32_t shift[2];       /* added to the numbers of the server and of the client */
};

static void note(unsigned view, struct segment s, uint32_t ticks)
{
	uint8_t options[12] = { 1, 1, 8, 10, 0, 0, 0, (uint8_t)ticks, 0, 0, 0, (uint8_t)ticks };
	struct lookout *l = &match.lookout[view];
	struct tuple tuple;
	unsigned side = tuple_of(&s.src, &s.dst, &tuple);

	s.options = options;
	s.options_len = s.header_options_len = sizeof options;
	s.frame = ++l->frames;
	if (!l->first_ns)
		l->first_ns = s.time_ns;
	l->last_ns = s.time_ns;
	lookout_add(l, lookout_leg(l, &tuple, tuple_hash(&tuple, 1), true), side, &s);
}

/* One packet past both captures and the box between them. */
static void pass(const struct box *box, bool from_client, uint16_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	static uint32_t ticks;
	static uint16_t ip_id;
	struct endpoint client = end_of(1, 40000), server = end_of(2, 80);
	struct segment s = {
		.src = from_client ? client : server, .dst = from_client ? server : client, .seq = seq, .ack = ack, .flags = flags,
		.payload_len = len, .hop_limit = 64, .version = 4, .ip_id = ++ip_id, .window = 100,
		.time_ns = NS_PER_S + ++ticks * NS_PER_MS,
	}, beyond = s;

	if (box->translates)
		*(from_client ? &beyond.src : &beyond.dst) = end_of(3, 50000);
	beyond.seq += box->shift[from_client];
	beyond.ack += flags & TCP_ACK ? box->shift[!from_client] : 0;
	beyond.ip_id = box->proxies ? (uint16_t)(ip_id + 1000) : ip_id;
	beyond.time_ns += from_client ? 100000 : -100000;
	beyond.hop_limit = from_client ? 63 : 65;
	note(0, s, ticks);
	note(1, beyond, box->proxies ? ticks + 77 : ticks);
}

static void talk(const struct box *box)
{
	match = (struct match){ .count = 2 };
	for (unsigned v = 0; v < 2; v++)
		lookout_init(&match.lookout[v], "x", false);
	pass(box, true, TCP_SYN, 1000, 0, 0);
	pass(box, false, TCP_SYN | TCP_ACK, 5000, 1001, 0);
	pass(box, true, TCP_ACK, 1001, 5001, 0);
	pass(box, true, TCP_ACK, 1001, 5001, 50);
	pass(box, false, TCP_ACK, 5001, 1051, 70);
	pass(box, false, TCP_RST, 5071, 0, 0);
}

static void test(const char *name, const struct box *box, unsigned groups, uint64_t shared)
{
	talk(box);
	ok(match_run(&match, place) && fate_find(&match), "%s is matched", name);
	is_number((long long)match.group_count, groups, "connections");
	is_number((long long)match.shared, (long long)shared, "packets that both have");
}

/*
 * Two of three captures have a connection, and one of these began after its handshake: who opened it is known from the
 * other one, whatever the ports suggest.
 */
static void test_late(unsigned whole, unsigned late)
{
	static const uint16_t flags[] = { TCP_SYN, TCP_SYN | TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK, TCP_RST | TCP_ACK };
	struct endpoint client = end_of(1, 70), server = end_of(2, 80);

	match = (struct match){ .count = 3 };
	for (unsigned v = 0; v < match.count; v++)
		lookout_init(&match.lookout[v], "x", false);
	for (uint32_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		struct segment s = {
			.src = i % 2 ? server : client, .dst = i % 2 ? client : server, .seq = i % 2 ? 500 + i : 100 + i,
			.ack = i % 2 ? 100 + i : 500 + i, .flags = flags[i], .hop_limit = 64, .version = 4,
			.ip_id = (uint16_t)(i + 1), .window = 100, .time_ns = NS_PER_S + i * NS_PER_MS,
		};

		note(whole, s, i + 1);
		if (i > 1)
			note(late, s, i + 1);
	}
	ok(match_run(&match, place), "a capture that began late, %u, is matched with %u", late, whole);
	is_number((long long)match.group_count, 1, "connections");
	is_number((long long)match.shared, 4, "packets that both have");
	ok(match.lookout[late].legs[0].client == 0 && match.lookout[whole].legs[0].client == 0, "who opened it is known");
	match_clear(&match);
}

int main(void)
{
	test("a plain way", &(struct box){ 0 }, 1, 6);
	ok(!match.groups[0].translated && !match.proxied, "nothing stands in between");
	match_clear(&match);
	test("a translator", &(struct box){ .translates = true }, 1, 6);
	ok(match.groups[0].translated, "and it is told");
	match_clear(&match);
	test("a box that draws its own numbers", &(struct box){ .shift = { 123456, 4000000000u } }, 1, 6);
	ok(!match.proxied && match.passages[0].fate == FATE_PASSED, "and nothing is called lost");
	match_clear(&match);
	test("a proxy", &(struct box){ .proxies = true, .shift = { 99, 77 } }, 2, 0);
	is_number((long long)match.proxied, 1, "and it is told");
	match_clear(&match);
	test_late(0, 2);
	test_late(2, 0);
	test_late(0, 1);
	return done_testing();
}
