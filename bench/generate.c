/*
 * Writes a capture of many TCP connections for the benchmark: the same options give the same bytes.
 *
 * Connections live side by side: each turn picks one of those that are open, at random, which plays its next packet. A
 * connection is an opening, a body of requests and answers, and one of the tails below. Sequence and acknowledgement
 * numbers, timestamps, IP identifications, hop limits and checksums are Linux's, captured beside the server.
 */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"

#define PAYLOAD_MAX 1448u
#define START_US 1700000000000000ull
#define FEW_OPEN 16u            /* with fewer connections, time goes as between two hosts and not as on a busy link */

/*
 * Packets of a tail, upper case from the client, lower case from the server: A an ACK, D data, C data that crosses what
 * the peer just sent and so does not acknowledge it, F a FIN, R the RST of a socket that is thrown away, X the RST in
 * answer to a segment that no socket wants, Q the same in answer to a SYN, W a turn of silence.
 */
struct tail {
	const char *script;
	uint8_t packets, resets;
	uint8_t weight;
	bool refused;           /* the opening is a SYN only */
};

static const struct tail closes[] = {
	{ .script = "FafA", .packets = 4, .weight = 5 },
	{ .script = "fAFa", .packets = 4, .weight = 3 },
	{ .script = "FfA", .packets = 3, .weight = 5 },
	{ .script = "fFa", .packets = 3, .weight = 3 },
};

static const struct tail resets[] = {
	{ .script = "q", .packets = 1, .resets = 1, .weight = 20, .refused = true },       /* nobody listens */
	{ .script = "FaR", .packets = 3, .resets = 1, .weight = 8 },                       /* reset after the FIN */
	{ .script = "fAr", .packets = 3, .resets = 1, .weight = 6 },
	{ .script = "fAWDx", .packets = 4, .resets = 1, .weight = 14 },                    /* write after close */
	{ .script = "FaWdX", .packets = 4, .resets = 1, .weight = 10 },
	{ .script = "r", .packets = 1, .resets = 1, .weight = 12 },                        /* abort */
	{ .script = "R", .packets = 1, .resets = 1, .weight = 10 },
	{ .script = "AfCx", .packets = 4, .resets = 1, .weight = 8 },                      /* close race */
	{ .script = "WWDx", .packets = 2, .resets = 1, .weight = 6 },                      /* half-open */
	{ .script = "ArCxCxCx", .packets = 8, .resets = 4, .weight = 4 },                  /* abort and its echoes */
};

static const struct tail stays_open = { .script = "" };

struct connection {
	const struct tail *tail;
	uint32_t key;                /* addresses, ports and clocks follow from it */
	uint32_t next[2];            /* sequence number that the side sends next */
	uint32_t acked[2];           /* what the side acknowledged */
	uint32_t clock[2];           /* timestamp that the side sent last */
	uint16_t ip_id[2];
	uint16_t body;               /* packets still to come between opening and tail */
	uint8_t opening;             /* packets of the opening that were played */
	uint8_t at;                  /* place in the script of the tail */
	uint8_t turn;                /* place in the rhythm of the body */
};

struct plan {
	uint64_t packets, connections, resets, flood;
	uint64_t open;
	unsigned shortest, longest;  /* packets of a connection */
	uint32_t snap;
	uint64_t seed;
	bool ipv6, no_close;
};

struct generator {
	struct plan plan;            /* what is left to do of packets (still unallotted), connections, resets and flood */
	bool budget;                 /* plan.packets counts */
	uint64_t random;
	uint64_t connections_begun;
	uint64_t mean_resets_1024;   /* RSTs of a tail of `resets`, times 1024 */
	struct connection *open;
	size_t open_count;
	struct frames frames;
};

/* ---- numbers ---- */

static uint64_t draw_long(struct generator *g)
{
	g->random += 0x9e3779b97f4a7c15;
	return mix(g->random);
}

static uint32_t draw_word(struct generator *g)
{
	return (uint32_t)draw_long(g);
}

static uint32_t draw(struct generator *g, uint32_t below)
{
	return (uint32_t)((draw_long(g) >> 32) * below >> 32);
}

/* ---- one connection ---- */

static bool has_timestamps(const struct connection *c)
{
	return c->key >> 29 != 0;
}

/* Milliseconds since that host was started. */
static uint32_t clock_of(const struct generator *g, const struct connection *c, unsigned side)
{
	return (uint32_t)(g->frames.now_us / 1000) + (uint32_t)mix(side == SERVER ? frames_server(c->key) : c->key);
}

/* Send `flags` and `payload` from `from`, with the numbers that the connection stands at. */
static void send_segment(struct generator *g, struct connection *c, unsigned from, uint8_t flags, uint16_t payload)
{
	struct packet p = { .key = c->key, .seq = c->next[from], .ack = c->acked[from],
	                    .from = (uint8_t)from, .flags = flags, .payload = payload, .ip_id = c->ip_id[from]++,
	                    .window = flags & RST ? 0 : flags & SYN ? 64240 : 502, .timestamps = has_timestamps(c) };

	if (p.timestamps) {
		p.echo = c->clock[!from];
		p.clock = c->clock[from] = clock_of(g, c, from);
	}
	frames_write(&g->frames, &p);
	c->next[from] += (uint32_t)payload + ((flags & (SYN | FIN)) != 0);
}

static void send_acking(struct generator *g, struct connection *c, unsigned from, uint8_t flags, uint16_t payload)
{
	c->acked[from] = c->next[!from];
	send_segment(g, c, from, flags, payload);
}

/* A RST by the kernel itself: no socket, no options, no IP identification (RFC 9293 section 3.10.7.1). */
static void send_answer_reset(struct generator *g, const struct connection *c, unsigned from, bool to_syn)
{
	struct packet p = { .key = c->key, .from = (uint8_t)from, .flags = to_syn ? RST | ACK : RST,
	                    .seq = to_syn ? 0 : c->acked[!from], .ack = to_syn ? c->next[!from] : 0 };

	frames_write(&g->frames, &p);
}

static uint16_t draw_payload(struct generator *g, unsigned from)
{
	if (from == CLIENT)
		return (uint16_t)(80 + draw(g, 600));
	return (uint16_t)(draw(g, 2) ? PAYLOAD_MAX - (g->plan.ipv6 ? 20 : 0) : 200 + draw(g, 1200));
}

static void play(struct generator *g, struct connection *c, char move)
{
	unsigned from = move >= 'a' ? SERVER : CLIENT;

	switch (move & ~0x20) {
	case 'A': send_acking(g, c, from, ACK, 0); break;
	case 'D': send_acking(g, c, from, PSH | ACK, draw_payload(g, from)); break;
	case 'C': send_segment(g, c, from, PSH | ACK, draw_payload(g, from)); break;
	case 'F': send_acking(g, c, from, FIN | ACK, 0); break;
	case 'R': send_acking(g, c, from, RST | ACK, 0); break;
	case 'X': send_answer_reset(g, c, from, false); break;
	case 'Q': send_answer_reset(g, c, from, true); break;
	case 'W': g->frames.now_us += g->open_count < FEW_OPEN ? 1500000 + draw(g, 1000000) : 0; break;
	}
}

static void play_opening(struct generator *g, struct connection *c)
{
	static const uint8_t flags[3] = { SYN, SYN | ACK, ACK };
	unsigned from = c->opening == 1 ? SERVER : CLIENT;

	if (c->opening)
		c->acked[from] = c->next[!from];
	send_segment(g, c, from, flags[c->opening++], 0);
}

/* Play the next packet. Returns whether there are more. */
static bool play_next(struct generator *g, struct connection *c)
{
	static const char rhythm[] = "DaddA";

	if (c->opening < (c->tail->refused ? 1 : 3)) {
		play_opening(g, c);
	} else if (c->body) {
		c->body--;
		play(g, c, rhythm[c->turn++ % (sizeof rhythm - 1)]);
	} else if (c->tail->script[c->at]) {
		play(g, c, c->tail->script[c->at++]);
	}
	return c->body || c->tail->script[c->at] || c->opening < 3 - 2 * c->tail->refused;
}

/* ---- which connections ---- */

static const struct tail *draw_tail(struct generator *g, const struct tail *tails, size_t count)
{
	uint32_t total = 0, point;

	for (size_t i = 0; i < count; i++)
		total += tails[i].weight;
	point = draw(g, total);
	while (point >= tails->weight)
		point -= tails++->weight;
	return tails;
}

/* A tail so that the RSTs spread over all connections and reach the number asked for. */
static const struct tail *choose_tail(struct generator *g)
{
	const struct tail *tail;
	uint64_t point = (uint64_t)draw_word(g) * g->plan.connections >> 32;

	if (g->plan.no_close)
		return &stays_open;
	if (point * g->mean_resets_1024 >= g->plan.resets * 1024)
		return draw_tail(g, closes, sizeof closes / sizeof closes[0]);
	do
		tail = draw_tail(g, resets, sizeof resets / sizeof resets[0]);
	while (tail->resets > g->plan.resets);
	g->plan.resets -= tail->resets;
	return tail;
}

static unsigned draw_between(struct generator *g, unsigned low, unsigned high)
{
	return low >= high ? low : low + draw(g, high - low + 1);
}

/* Packets of the next connection: the mean is what is left for each; where that is low, most are short, a few long. */
static unsigned choose_length(struct generator *g)
{
	unsigned low = g->plan.shortest, high = g->plan.longest, third = low + (high - low) / 3;
	uint64_t mean = g->plan.packets * 1024 / g->plan.connections;
	uint64_t mean_all = (low + high) * 512ull, mean_short = (low + third) * 512ull;

	if (!g->budget)
		return draw_between(g, low, high);
	if (mean >= mean_all)
		return draw_between(g, mean >= high * 1024ull ? high : (unsigned)(mean / 512) - high, high);
	if (mean <= mean_short)
		return draw_between(g, low, mean / 512 < 2 * low ? low : (unsigned)(mean / 512) - low);
	return draw_between(g, low, draw(g, 1024) * (mean_all - mean_short) < (mean - mean_short) * 1024 ? high : third);
}

static void begin_connection(struct generator *g, struct connection *c)
{
	const struct tail *tail = choose_tail(g);
	unsigned opening = tail->refused ? 1 : 3, length = tail->refused ? 2 : choose_length(g);

	if (length < opening + tail->packets)
		length = opening + tail->packets;
	*c = (struct connection){ .tail = tail, .key = (uint32_t)(++g->connections_begun * 0x9e3779b1u),
	                          .next = { draw_word(g), draw_word(g) },
	                          .body = (uint16_t)(length - opening - tail->packets) };
	c->ip_id[CLIENT] = (uint16_t)draw_word(g);
	c->ip_id[SERVER] = (uint16_t)draw_word(g);
	g->plan.packets -= length < g->plan.packets ? length : g->plan.packets;
	g->plan.connections--;
}

static void write_flood_packet(struct generator *g)
{
	struct packet p = { .key = draw_word(g), .seq = draw_word(g), .flags = SYN, .window = 65535, .timestamps = true,
	                    .flood = true };

	p.ip_id = (uint16_t)p.seq;
	p.clock = ~p.key;
	g->plan.flood--;
	g->frames.now_us++;
	frames_write(&g->frames, &p);
}

/* Connections, with the flood spread evenly over the turns. */
static void generate(struct generator *g)
{
	uint64_t turns = g->plan.packets + g->plan.connections + 1, each_1024 = g->plan.flood * 1024 / turns, due_1024 = 0;

	while (g->open_count < g->plan.open && g->plan.connections)
		begin_connection(g, &g->open[g->open_count++]);
	while (g->open_count) {
		size_t i = draw(g, (uint32_t)g->open_count);

		g->frames.now_us += 1 + draw(g, g->open_count < FEW_OPEN ? 2000 : 20);
		for (due_1024 += each_1024; due_1024 >= 1024 && g->plan.flood; due_1024 -= 1024)
			write_flood_packet(g);
		if (play_next(g, &g->open[i]))
			continue;
		if (g->plan.connections)
			begin_connection(g, &g->open[i]);
		else
			g->open[i] = g->open[--g->open_count];
	}
	while (g->plan.flood)
		write_flood_packet(g);
	frames_flush(&g->frames);
}

/* ---- command line ---- */

static const char usage[] =
	"usage: generate [OPTIONS] FILE        (\"-\" is standard output)\n"
	"  --packets N                    packets in all, without the flood (10000000)\n"
	"  --connections N                connections (6 % of the packets)\n"
	"  --packets-per-connection A:B   from A to B packets each (6:35); refused ones have 2\n"
	"  --open N                       connections open at a time (20000)\n"
	"  --resets N                     RSTs in all (one in 12 connections)\n"
	"  --no-close                     connections have no end, and all are open at once\n"
	"  --flood N                      N SYNs from random addresses among them; alone unless --connections is given\n"
	"  --ipv6                         instead of IPv4\n"
	"  --snap N                       captured bytes of a frame (96)\n"
	"  --seed N                       another capture of the same kind\n";

static uint64_t parse_number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	if (*end || end == text)
		errx(2, "%s: not a number", text);
	return value;
}

static void parse_range(struct plan *plan, const char *text)
{
	char end;

	if (sscanf(text, "%u:%u%c", &plan->shortest, &plan->longest, &end) != 2 || plan->shortest > plan->longest ||
	    plan->longest > 60000)
		errx(2, "%s: not a range such as 6:35", text);
}

static void parse_option(struct plan *plan, int option, const char *value)
{
	switch (option) {
	case 'p': plan->packets = parse_number(value); break;
	case 'c': plan->connections = parse_number(value); break;
	case 'l': parse_range(plan, value); break;
	case 'o': plan->open = parse_number(value); break;
	case 'r': plan->resets = parse_number(value); break;
	case 'f': plan->flood = parse_number(value); break;
	case 's': plan->snap = (uint32_t)parse_number(value); break;
	case 'S': plan->seed = parse_number(value); break;
	case 'n': plan->no_close = true; break;
	case '6': plan->ipv6 = true; break;
	case 'h': fputs(usage, stdout); exit(EXIT_SUCCESS);
	default: fputs(usage, stderr); exit(2);
	}
}

static const struct option long_options[] = {
	{ "packets", required_argument, NULL, 'p' },
	{ "connections", required_argument, NULL, 'c' },
	{ "packets-per-connection", required_argument, NULL, 'l' },
	{ "open", required_argument, NULL, 'o' },
	{ "resets", required_argument, NULL, 'r' },
	{ "flood", required_argument, NULL, 'f' },
	{ "snap", required_argument, NULL, 's' },
	{ "seed", required_argument, NULL, 'S' },
	{ "no-close", no_argument, NULL, 'n' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

#define NOT_GIVEN UINT64_MAX

/* What was not asked for follows from what was. Returns whether the number of packets is a budget. */
static bool complete(struct plan *plan)
{
	bool budget = plan->packets != NOT_GIVEN || plan->connections == NOT_GIVEN;

	if (plan->flood && plan->connections == NOT_GIVEN && plan->packets == NOT_GIVEN)
		plan->connections = plan->packets = 0;
	if (plan->packets == NOT_GIVEN)
		plan->packets = budget ? 10000000 : plan->connections * (plan->shortest + plan->longest) / 2;
	if (plan->connections == NOT_GIVEN)
		plan->connections = plan->packets * 6 / 100;
	if (plan->resets == NOT_GIVEN)
		plan->resets = plan->no_close ? 0 : plan->connections / 12;
	if (plan->no_close || plan->open > plan->connections)
		plan->open = plan->connections;
	if (plan->connections > UINT32_MAX)
		errx(2, "more than 2^32 connections");
	return budget;
}

/* Open the output and everything else that the plan asks for. */
static void prepare(struct generator *g, const char *path)
{
	uint64_t weights = 0;

	g->budget = complete(&g->plan);
	g->random = g->plan.seed;
	for (size_t i = 0; i < sizeof resets / sizeof resets[0]; i++) {
		weights += resets[i].weight;
		g->mean_resets_1024 += 1024u * resets[i].weight * resets[i].resets;
	}
	g->mean_resets_1024 /= weights;
	g->open = calloc(g->plan.open + 1, sizeof *g->open);
	if (!g->open)
		err(EXIT_FAILURE, "calloc");
	g->frames.now_us = START_US;
	g->frames.snap = g->plan.snap;
	g->frames.ipv6 = g->plan.ipv6;
	g->frames.fd = strcmp(path, "-") ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : STDOUT_FILENO;
	if (g->frames.fd < 0)
		err(EXIT_FAILURE, "%s", path);
	frames_begin(&g->frames);
}

int main(int argc, char **argv)
{
	struct generator *g = calloc(1, sizeof *g);
	int option;

	if (!g)
		err(EXIT_FAILURE, "calloc");
	g->plan = (struct plan){ .packets = NOT_GIVEN, .connections = NOT_GIVEN, .resets = NOT_GIVEN, .open = 20000,
	                         .shortest = 6, .longest = 35, .snap = 96 };
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		parse_option(&g->plan, option, optarg);
	if (optind != argc - 1)
		parse_option(&g->plan, '?', NULL);
	prepare(g, argv[optind]);
	generate(g);
	if (close(g->frames.fd) < 0)
		err(EXIT_FAILURE, "%s", argv[optind]);
	fprintf(stderr, "packets %llu connections %llu resets %llu\n", (unsigned long long)g->frames.written,
	        (unsigned long long)g->connections_begun, (unsigned long long)g->frames.resets);
	free(g->open);
	free(g);
	return EXIT_SUCCESS;
}
