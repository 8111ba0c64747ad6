/* Both directions of a connection have one key; two connections never share one; the seed decides the hash. */
#include "tap.h"

#include "flow/tuple.h"

static struct endpoint v4(uint8_t last, uint16_t port)
{
	return (struct endpoint){ { { 10, 0, 0, last }, 4 }, port };
}

static struct endpoint v6(uint8_t last, uint16_t port)
{
	struct endpoint end = { { { 0x20, 0x01, 0x0d, 0xb8 }, 6 }, port };

	end.address.bytes[15] = last;
	return end;
}

static bool same(const struct tuple *a, const struct tuple *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static void check_pair(struct endpoint low, struct endpoint high, const char *name)
{
	struct tuple there, back;
	unsigned direction = tuple_of(&low, &high, &there);

	ok(direction == 0 && tuple_of(&high, &low, &back) == 1, "%s: the lower end is direction 0", name);
	ok(same(&there, &back), "%s: one key for both directions", name);
	ok(tuple_hash(&there, 7) == tuple_hash(&back, 7), "%s: one hash for both directions", name);
	ok(tuple_hash(&there, 7) != tuple_hash(&there, 8), "%s: the seed matters", name);
}

static void check_bytes(void)
{
	static const uint8_t want[] = { 10, 0, 0, 1, 10, 0, 0, 2, 0x01, 0xbb, 0xc0, 0x00 };
	struct endpoint a = v4(2, 0xc000), b = v4(1, 443);
	struct tuple tuple;

	memset(&tuple, 0xff, sizeof tuple);
	is_number(tuple_of(&a, &b, &tuple), 1, "from the higher end");
	is_number(tuple.size, TUPLE_SIZE_V4, "size of an IPv4 key");
	ok(memcmp(tuple.bytes, want, sizeof want) == 0, "lower address, higher address, their ports");
	ok(tuple.bytes[12] == 0 && tuple.bytes[35] == 0, "the rest is 0");
}

/* Swapping only the ports is another connection. */
static void check_crossed(struct endpoint (*end)(uint8_t, uint16_t), const char *name)
{
	struct endpoint a = end(1, 80), b = end(2, 90), c = end(1, 90), d = end(2, 80);
	struct tuple one, other;

	tuple_of(&a, &b, &one);
	tuple_of(&c, &d, &other);
	ok(!same(&one, &other), "%s: ports stay with their addresses", name);
}

static void check_self(void)
{
	struct endpoint a = v4(1, 80);
	struct tuple tuple;

	is_number(tuple_of(&a, &a, &tuple), 0, "a connection with itself has direction 0");
}

/* The high half of the hash places the entry: neighbours must not share it, in any bit. */
static void check_spread(void)
{
	unsigned ones[64] = { 0 }, worst = 0;

	for (unsigned i = 0; i < 4096; i++) {
		struct endpoint a = v4((uint8_t)i, (uint16_t)(1024 + i)), b = v4(200, 443);
		struct tuple tuple;

		tuple_of(&a, &b, &tuple);
		for (unsigned bit = 0; bit < 64; bit++)
			ones[bit] += tuple_hash(&tuple, 1) >> bit & 1;
	}
	for (unsigned bit = 0; bit < 64; bit++) {
		unsigned off = ones[bit] > 2048 ? ones[bit] - 2048 : 2048 - ones[bit];

		worst = off > worst ? off : worst;
	}
	ok(worst < 200, "every bit of the hash is set for about half of the keys (off by %u of 4096)", worst);
}

int main(void)
{
	check_bytes();
	check_pair(v4(1, 80), v4(2, 70), "IPv4");
	check_pair(v4(1, 70), v4(1, 80), "IPv4, one address");
	check_pair(v6(1, 80), v6(2, 70), "IPv6");
	check_pair(v6(1, 70), v6(1, 80), "IPv6, one address");
	check_crossed(v4, "IPv4");
	check_crossed(v6, "IPv6");
	check_self();
	check_spread();
	return done_testing();
}
