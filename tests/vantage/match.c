/*
 * Law: of segments that three captures on one way have, at least 99.9 % are matched right, however many are lost on the
 * way and however many a capture misses; and what a capture merely missed is never called lost, nor made on the way,
 * without a word that it may have been missed.
 */
#include "vantage/fate.h"

#include "base/clock.h"
#include "tap.h"

#define VIEWS 3
#define CONNECTIONS 60
#define ROUNDS 80
#define SEGMENT 1448
#define IDS_MAX 400000
#define TRIP_NS (2 * NS_PER_MS)

static struct match match;
static uint32_t truth[VIEWS][IDS_MAX];   /* which packet each frame is */
static uint8_t lost_after[IDS_MAX];      /* the link on which a packet was lost, from 1; 0: it arrived */
static uint64_t state;

struct weather {
	const char *name;
	unsigned loss, missed;               /* of ten thousand: on each link, by each capture */
	uint8_t version;
	bool timestamps, translated, drifting;
};

/* A connection between two hosts, as far as the test needs one. */
struct talk {
	struct endpoint end[2];              /* the client's, the server's */
	uint32_t next[2], expects[2];
	uint16_t ip_id[2];
	int64_t now_ns;
	int64_t free_ns[2][VIEWS];           /* from then on the place can be reached: nothing overtakes */
	uint32_t sacked[2];                  /* end of the block that an ACK reports beyond what it acknowledges; 0: none */
};

static uint32_t packets;

static uint64_t draw(uint64_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 33) % below;
}

static struct endpoint end_of(uint8_t version, unsigned host, uint16_t port)
{
	struct endpoint end = { .address.version = version, .port = port };

	end.address.bytes[0] = version == 4 ? 10 : 0xfd;
	end.address.bytes[version == 4 ? 3 : 15] = (uint8_t)host;
	return end;
}

static int64_t clock_of(const struct weather *w, unsigned view, int64_t ns)
{
	static const int64_t shift[VIEWS] = { 0, 86400 * NS_PER_S, -86400 * NS_PER_S };
	static const int64_t ppb[VIEWS] = { 0, 50000, -50000 };

	return w->drifting ? ns + shift[view] + (ns - 1700000000 * NS_PER_S) / 1000 * ppb[view] / 1000000 : ns;
}

static void note(const struct weather *w, unsigned view, struct segment segment, uint32_t id)
{
	struct lookout *l = &match.lookout[view];
	struct tuple tuple;
	unsigned side;
	uint32_t leg;

	if (w->translated && view == 2) {
		struct endpoint *client = segment.dst.port == 80 ? &segment.src : &segment.dst;

		*client = end_of(w->version, 99, (uint16_t)(client->port + 1000));
	}
	segment.time_ns = clock_of(w, view, segment.time_ns);
	segment.hop_limit = (uint8_t)(segment.hop_limit - (segment.dst.port == 80 ? view : VIEWS - 1 - view));
	segment.frame = ++l->frames;
	if (l->frames == 1)
		l->first_ns = segment.time_ns;
	l->last_ns = segment.time_ns;
	side = tuple_of(&segment.src, &segment.dst, &tuple);
	leg = lookout_leg(l, &tuple, tuple_hash(&tuple, 1), true);
	truth[view][l->frames] = id;
	lookout_add(l, leg, side, &segment);
}

static void put(uint8_t *bytes, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> 8 * (3 - i));
}

/* Timestamps, and what lies beyond a hole (RFC 2018). */
static unsigned write_options(const struct weather *w, const struct talk *t, bool from_client, uint32_t ticks,
                              uint8_t bytes[24])
{
	unsigned len = 0;

	if (w->timestamps) {
		memcpy(bytes, "\1\1\10\12", 4);
		put(bytes + 4, ticks);
		put(bytes + 8, ticks);
		len = 12;
	}
	if (t->sacked[!from_client]) {
		memcpy(bytes + len, "\1\1\5\12", 4);
		put(bytes + len + 4, t->expects[!from_client] + SEGMENT);
		put(bytes + len + 8, t->sacked[!from_client]);
		len += 12;
	}
	return len;
}

/* One packet on its way; true where it arrives. */
static bool travel(const struct weather *w, struct talk *t, bool from_client, uint16_t flags, uint32_t seq,
                   uint32_t len)
{
	static const uint8_t payload[SEGMENT];
	uint8_t options[24];
	uint32_t ticks = (uint32_t)(t->now_ns / NS_PER_MS), id = packets++;
	struct segment s = {
		.src = t->end[!from_client], .dst = t->end[from_client], .seq = seq, .ack = t->expects[!from_client],
		.flags = flags, .payload_len = len, .payload_captured = len, .payload = payload, .window = 500, .hop_limit = 64,
		.version = w->version, .ip_id = w->version == 4 ? t->ip_id[!from_client]++ : 0, .time_ns = t->now_ns,
	};

	s.options = options;
	s.options_len = s.header_options_len = (uint8_t)write_options(w, t, from_client, ticks, options);
	for (unsigned i = 0; i < VIEWS; i++) {
		unsigned view = from_client ? i : VIEWS - 1 - i;

		if (s.time_ns <= t->free_ns[from_client][i])
			s.time_ns = t->free_ns[from_client][i] + 1000;
		t->free_ns[from_client][i] = s.time_ns;
		if (draw(10000) >= w->missed)
			note(w, view, s, id);
		if (i < VIEWS - 1 && draw(10000) < w->loss) {
			lost_after[id] = (uint8_t)(i + 1);
			return false;
		}
		s.time_ns += TRIP_NS / VIEWS + (int64_t)draw(50 * NS_PER_US);
	}
	lost_after[id] = 0;
	return true;
}

static void acknowledge(const struct weather *w, struct talk *t, bool client)
{
	t->now_ns += (int64_t)draw(200 * NS_PER_US) + 20 * NS_PER_US;
	travel(w, t, client, TCP_ACK, t->next[!client], 0);
}

/* A few segments at once, each sent until it arrives; every arrival is acknowledged, so ACKs repeat. */
static void say(const struct weather *w, struct talk *t, bool client, unsigned count)
{
	uint32_t seq[8];
	bool there[8] = { false };
	unsigned left = count, done = 0;

	for (unsigned i = 0; i < count; i++, t->next[!client] += SEGMENT)
		seq[i] = t->next[!client];
	while (left) {
		for (unsigned i = 0; i < count; i++) {
			if (there[i])
				continue;
			t->now_ns += (int64_t)draw(100 * NS_PER_US) + 12 * NS_PER_US;
			there[i] = travel(w, t, client, TCP_ACK | TCP_PSH, seq[i], SEGMENT);
			left -= there[i];
			for (; done < count && there[done]; done++)
				t->expects[client] += SEGMENT;
			t->sacked[client] = 0;
			for (unsigned at = done; at < count; at++)
				t->sacked[client] = there[at] ? seq[at] + SEGMENT : t->sacked[client];
			if (there[i])
				acknowledge(w, t, !client);
		}
		t->now_ns += left ? 210 * NS_PER_MS : TRIP_NS;
	}
}

static void talk(const struct weather *w, unsigned number)
{
	struct talk t = {
		.end = { end_of(w->version, 1 + number % 7, (uint16_t)(40000 + number)), end_of(w->version, 200, 80) },
		.next = { (uint32_t)draw(UINT32_MAX), (uint32_t)draw(UINT32_MAX) }, .ip_id = { 1, 1000 },
		.now_ns = 1700000000 * NS_PER_S + (int64_t)number * 1700 * NS_PER_MS,
	};

	while (!travel(w, &t, true, TCP_SYN, t.next[0], 0))
		t.now_ns += NS_PER_S;
	t.expects[1] = ++t.next[0];
	while (!travel(w, &t, false, TCP_SYN | TCP_ACK, t.next[1], 0))
		t.now_ns += NS_PER_S;
	t.expects[0] = ++t.next[1];
	acknowledge(w, &t, true);
	for (unsigned i = 0; i < ROUNDS; i++) {
		say(w, &t, true, 1);
		say(w, &t, false, 1 + (unsigned)draw(6));
		t.now_ns += (int64_t)draw(20 * NS_PER_MS);
	}
}

struct score {
	uint64_t seen, wrong, apart;         /* marks; in the wrong passage; in another one than their packet's first */
	uint64_t claimed, false_claims;      /* lost or made; of them, what was only missed */
	uint64_t missed, doubted, known_lost;
};

static void score_passages(struct score *s)
{
	static uint32_t passage_of[IDS_MAX];

	memset(passage_of, 0xff, sizeof passage_of);
	for (uint32_t i = 0; i < match.passage_count; i++) {
		const struct passage *p = &match.passages[i];
		uint32_t id = NONE, own;

		for (unsigned v = 0; v < VIEWS; v++) {
			if (p->at[v] == NONE)
				continue;
			s->seen++;
			own = truth[v][match_mark(&match, p, v)->frame];
			id = id == NONE ? own : id;
			s->wrong += own != id;
		}
		s->apart += passage_of[id] != NONE;
		passage_of[id] = i;
		if (p->fate == FATE_LOST || p->fate == FATE_MADE) {
			s->claimed++;
			s->false_claims += p->fate == FATE_MADE || !lost_after[id];
		}
		s->doubted += p->fate == FATE_PERHAPS_LOST || p->fate == FATE_PERHAPS_MADE || p->fate == FATE_NOT_CAPTURED;
	}
}

static void test(const struct weather *w)
{
	static const uint8_t place[LOOKOUTS_MAX];
	struct score s = { 0 };

	state = 42;
	packets = 0;
	match = (struct match){ .count = VIEWS };
	for (unsigned v = 0; v < VIEWS; v++)
		lookout_init(&match.lookout[v], "x", false);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		talk(w, i);
	if (!ok(match_run(&match, place) && fate_find(&match), "%s: %u packets", w->name, packets))
		return;
	score_passages(&s);
	ok((s.wrong + s.apart) * 1000 <= s.seen, "%s: %.4f %% of %llu are matched right", w->name,
	   100 - 100.0 * (double)(s.wrong + s.apart) / (double)s.seen, (unsigned long long)s.seen);
	ok(!s.false_claims, "%s: of %llu that are called lost none was merely missed", w->name,
	   (unsigned long long)s.claimed);
	if (s.false_claims)
		printf("#   %llu were\n", (unsigned long long)s.false_claims);
	ok(w->missed ? s.doubted > 0 : !s.doubted, "%s: %llu may have been missed, and it is said", w->name,
	   (unsigned long long)s.doubted);
	ok(match.rank[0] == 0 && match.rank[1] == 1 && match.rank[2] == 2, "%s: who stands where is told", w->name);
	ok(match.group_count == CONNECTIONS, "%s: connections are found together", w->name);
	match_clear(&match);
}

int main(void)
{
	static const struct weather weathers[] = {
		{ "fair", 0, 0, 4, true, false, false },
		{ "1 % lost", 100, 0, 4, true, false, true },
		{ "10 % lost", 1000, 0, 4, true, false, true },
		{ "10 % lost, IPv6", 1000, 0, 6, true, false, true },
		{ "10 % lost, no timestamps", 1000, 0, 4, false, false, true },
		{ "1 % lost, IPv6 and no timestamps", 100, 0, 6, false, false, true },
		{ "1 % missed by captures", 0, 100, 4, true, false, true },
		{ "10 % missed by captures", 0, 1000, 6, true, false, true },
		{ "1 % lost, 1 % missed", 100, 100, 4, true, false, true },
		{ "10 % lost, 10 % missed", 1000, 1000, 6, true, false, true },
		{ "10 % lost, translated", 1000, 0, 4, true, true, true },
		{ "1 % lost, 1 % missed, translated, IPv6", 100, 100, 6, true, true, true },
	};

	for (unsigned i = 0; i < sizeof weathers / sizeof *weathers; i++)
		test(&weathers[i]);
	return done_testing();
}
