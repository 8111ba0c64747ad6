/*
 * Law: whatever arrives, memory has a ceiling; what was let go for it is counted, every RST still gets its verdict,
 * and a real conversation outlives a flood.
 */
#include "analysis/analysis.h"
#include "base/clock.h"
#include "packet/builder.h"
#include "tap.h"

#define START_NS (1700000000 * NS_PER_S)

struct feeder {
	struct analysis *analysis;
	uint64_t frames, verdicts, aborts;
	int64_t now_ns;
};

static void count_verdict(void *user, const struct verdict *v)
{
	struct feeder *f = user;

	f->verdicts++;
	f->aborts += v->cause == CAUSE_abort && v->certainty == CERTAINTY_CERTAIN;
}

static void begin(struct feeder *f, size_t max_connections)
{
	struct analysis_options options = { .max_connections = max_connections };
	struct analysis_sink sink = { .user = f, .verdict = count_verdict };

	*f = (struct feeder){ .now_ns = START_NS, .analysis = analysis_new(&options, &sink) };
}

/* The client is one of many, the server one. */
static void feed(struct feeder *f, uint32_t client, bool from_server, unsigned flags, uint32_t seq, uint32_t ack)
{
	static const uint8_t payload[100];
	uint8_t bytes[256];
	struct endpoint many = { { { 10, (uint8_t)(client >> 16), (uint8_t)(client >> 8), (uint8_t)client }, 4 }, 40000 };
	struct endpoint one = { { { 192, 0, 2, 1 }, 4 }, 80 };
	struct segment s = {
		.src = from_server ? one : many, .dst = from_server ? many : one, .version = 4, .hop_limit = 64,
		.flags = (uint16_t)flags, .seq = seq, .ack = ack, .window = 500, .payload = payload,
		.payload_len = flags & TCP_PSH ? sizeof payload : 0, .payload_captured = flags & TCP_PSH ? sizeof payload : 0,
	};
	uint32_t length = (uint32_t)builder_frame(&s, bytes, sizeof bytes);
	struct frame frame = {
		.number = ++f->frames, .time_ns = f->now_ns, .data = bytes, .captured = length, .length = length,
		.link_type = 1, .has_time = 1,
	};

	f->now_ns += NS_PER_US;
	analysis_frame(f->analysis, &frame);
}

static void shake(struct feeder *f, uint32_t client)
{
	feed(f, client, false, TCP_SYN, 1000, 0);
	feed(f, client, true, TCP_SYN | TCP_ACK, 5000, 1001);
	feed(f, client, false, TCP_ACK, 1001, 5001);
}

/* Once everything was told, the numbers of the summary add up. */
static struct analysis_totals finish(struct feeder *f)
{
	struct analysis_totals totals;
	uint64_t endings = 0;

	analysis_finish(f->analysis);
	totals = *analysis_totals(f->analysis);
	analysis_free(f->analysis);
	for (unsigned i = 0; i < ENDINGS; i++)
		endings += totals.endings[i];
	is_number((long long)endings, (long long)totals.connections, "every connection has one ending");
	return totals;
}

#define CEILING 100
#define OPEN 1000

static void connections_at_the_ceiling(void)
{
	struct feeder f;
	struct analysis_totals totals;

	begin(&f, CEILING);
	for (uint32_t i = 0; i < OPEN; i++)
		shake(&f, i);
	totals = finish(&f);
	is_number((long long)totals.connections, OPEN, "all connections are counted, though few fit");
	is_number((long long)totals.connections_let_go, OPEN - CEILING, "and those that were let go, too");
}

#define FLOOD 20000

static void flood_of_syns(void)
{
	struct feeder f;
	struct analysis_totals totals;

	begin(&f, CEILING);
	shake(&f, FLOOD + 1);
	feed(&f, FLOOD + 1, false, TCP_PSH | TCP_ACK, 1001, 5001);
	feed(&f, FLOOD + 1, true, TCP_PSH | TCP_ACK, 5001, 1101);
	for (uint32_t i = 0; i < FLOOD; i++)
		feed(&f, i, false, TCP_SYN, 1, 0);
	feed(&f, FLOOD + 1, true, TCP_RST | TCP_ACK, 5101, 1101);
	totals = finish(&f);
	is_number((long long)totals.connections, FLOOD + 1, "a flood is counted");
	is_number((long long)f.aborts, 1, "a conversation outlives the flood around it");
}

/* The ceiling of what waits to be sealed: PENDING_MAX in analysis/tracker.c. */
#define PENDING 16384

static void resets_at_the_ceiling(void)
{
	struct feeder f;
	struct analysis_totals totals;

	begin(&f, 0);
	for (uint32_t i = 0; i < FLOOD; i++) {
		feed(&f, i, false, TCP_SYN, 1, 0);
		feed(&f, i, true, TCP_RST | TCP_ACK, 0, 2);
	}
	totals = finish(&f);
	is_number((long long)f.verdicts, FLOOD, "every reset gets its verdict");
	is_number((long long)totals.resets_sealed_early, FLOOD - PENDING, "and those sealed early are counted");
}

#define STORM 5000

static void storm_in_one_connection(void)
{
	struct feeder f;
	struct analysis_totals totals;

	begin(&f, 0);
	shake(&f, 1);
	for (uint32_t i = 0; i < STORM; i++) {
		feed(&f, 1, false, TCP_PSH | TCP_ACK, 1001 + 100 * i, 5001);
		feed(&f, 1, true, TCP_RST, 5001, 0);
	}
	totals = finish(&f);
	is_number((long long)totals.resets, STORM, "a storm of resets in one connection is counted");
	is_number((long long)f.verdicts, STORM, "and each has its verdict");
}

int main(void)
{
	connections_at_the_ceiling();
	flood_of_syns();
	resets_at_the_ceiling();
	storm_in_one_connection();
	return done_testing();
}
