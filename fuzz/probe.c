/*
 * Fuzzes how a probe takes answers: src/probe/hear.c and extra.c, behind channel_read() and the decoder.
 *
 * Input: a byte whose last bit chooses IPv6, then packets: a byte of flags (enum), one of ports (the asked one, and of
 * the 16 that are asked from, four bits each), two of length, and its bytes from the IP header on. Where the flags say
 * so, addresses, ports and number are made those of a true answer; without that, nothing may come of a packet.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "probe/engine.h"
#include "probe/extra.h"

#define ASKED 16
#define FIRST_PORT 40960
#define PACKETS_MAX 200
#define CAPTURED_MAX 176

enum flag {
	MENDED = 1,                   /* it answers a SYN */
	SUM_DONE = 2,                 /* its checksum is not looked at */
	CUT = 4,                      /* it was longer than what is there */
};

struct scene {
	struct target target;
	struct ask asks[ASKED];
	uint16_t ports[ASKED];
	uint16_t rank[ASKED + 1];     /* no other port is in the set */
	struct extra extras[ASKED / 2];
	struct scan scan;
};

/* What is known of each port. */
struct states {
	uint8_t asks[ASKED], extras[ASKED / 2];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set_addresses(struct path *path, uint8_t version)
{
	path->source.version = path->target.version = version;
	path->source.bytes[0] = path->target.bytes[0] = 192;
	path->source.bytes[version == 4 ? 3 : 15] = 1;
	path->target.bytes[version == 4 ? 3 : 15] = 2;
}

/* Nobody can know the key: it depends on all of the input. */
static void make_key(struct guise *guise, const uint8_t *data, size_t size)
{
	guise->key[0] = 0xcbf29ce484222325;
	for (size_t i = 0; i < size; i++)
		guise->key[0] = (guise->key[0] ^ data[i]) * 0x100000001b3;
	guise->key[1] = ~guise->key[0];
}

/* All ports were asked once; half of them by an extra, too. To an own address, so that no RST is sent. */
static void set_scene(struct scene *scene, uint8_t version, const uint8_t *data, size_t size)
{
	struct scan *scan = &scene->scan;

	set_addresses(&scene->target.path, version);
	scene->target.path.local = true;
	for (uint16_t i = 0; i < ASKED; i++) {
		scene->ports[i] = (uint16_t)(i + 1);
		scene->rank[i + 1] = i;
		ports_add(&scan->set, (uint16_t)(i + 1));
		scene->asks[i] = (struct ask){ .tries = 1, .first_ns = 1, .last_ns = 1, .in_flight = true };
	}
	for (uint16_t i = 0; i < ASKED / 2; i++)
		scene->extras[i] = (struct extra){ .port = (uint16_t)(i + 1), .tries = 1 };
	scan->targets = &scene->target;
	scan->target_count = 1;
	scan->ports = scene->ports;
	scan->port_count = scan->ask_count = scan->in_flight = ASKED;
	scan->rank = scene->rank;
	scan->asks = scene->asks;
	scan->extras = scene->extras;
	scan->extra_count = ASKED / 2;
	scan->first_port = FIRST_PORT;
	make_key(&scan->guise, data, size);
}

/* Make `tcp`, of which `len` bytes are there, the SYN that was sent, or what acknowledges it. */
static void mend_tcp(const struct scene *scene, uint8_t *tcp, size_t len, uint8_t ports, bool is_syn)
{
	uint16_t source_port = (uint16_t)(FIRST_PORT + (ports & 15)), port = (uint16_t)((ports >> 4) + 1);
	uint32_t number = guise_cookie(&scene->scan.guise, &scene->target.path, source_port, port);

	if (len < (is_syn ? 8u : 12u))
		return;
	store_be16(tcp, is_syn ? source_port : port);
	store_be16(tcp + 2, is_syn ? port : source_port);
	store_be32(tcp + (is_syn ? 4 : 8), is_syn ? number : number + 1);
}

/* The same of an IP packet; of an ICMP error, what it quotes. */
static void mend(const struct scene *scene, uint8_t *ip, size_t len, uint8_t ports, bool is_syn)
{
	const struct path *path = &scene->target.path;
	bool v4 = path->target.version == 4;
	size_t at = v4 ? 12 : 8, size = v4 ? 4 : 16, header = v4 && len ? (ip[0] & 15u) * 4 : 40;

	if (len < (v4 ? 20 : 40) || header > len)
		return;
	memcpy(ip + at, is_syn ? path->source.bytes : path->target.bytes, size);
	memcpy(ip + at + size, is_syn ? path->target.bytes : path->source.bytes, size);
	if (ip[v4 ? 9 : 6] == 6)
		mend_tcp(scene, ip + header, len - header, ports, is_syn);
	else if (len >= header + 8 && !is_syn)
		mend(scene, ip + header + 8, len - header - 8, ports, true);
}

static struct states states_of(const struct scene *scene)
{
	struct states states;

	for (int i = 0; i < ASKED; i++)
		states.asks[i] = scene->asks[i].state;
	for (int i = 0; i < ASKED / 2; i++)
		states.extras[i] = (uint8_t)scene->extras[i].state;
	return states;
}

/* What came of a packet: of the ask or extra that a mended one answers, and of no other. */
static void check_changes(const struct scene *scene, const struct states *before, int answered)
{
	struct states now = states_of(scene);
	size_t told = 0, in_flight = 0;

	for (int i = 0; i < ASKED; i++) {
		uint8_t was = before->asks[i], is = now.asks[i];

		told += is != PORT_UNKNOWN;
		in_flight += scene->asks[i].in_flight;
		if (was != is && (i != answered || was == PORT_OPEN || was == PORT_CLOSED || is == PORT_FILTERED))
			abort();
	}
	for (int i = 0; i < ASKED / 2; i++)
		if (before->extras[i] != now.extras[i] && (i != answered || before->extras[i] != PORT_UNKNOWN))
			abort();
	if (told != scene->scan.answered || in_flight != scene->scan.in_flight)
		abort();
}

static void one_packet(struct scene *scene, struct decoder *decoder, uint64_t number, const uint8_t *head,
                       const uint8_t *bytes, uint32_t len)
{
	/* For AddressSanitizer: not a byte more. */
	uint8_t *exact = malloc(len ? len : 1);
	struct ring_packet packet = {
		.bytes = exact, .captured = len, .length = len + (head[0] & CUT ? 1000 : 0), .interface = 2,
		.time_ns = (int64_t)number, .checksum_done = head[0] & SUM_DONE,
	};
	struct states before = states_of(scene);
	struct channel_answer answer;

	if (exact) {
		memcpy(exact, bytes, len);
		if (head[0] & MENDED)
			mend(scene, exact, len, head[1], false);
		engine_take(&scene->scan, channel_read(decoder, &packet, number, &answer), &answer);
		check_changes(scene, &before, head[0] & MENDED ? head[1] >> 4 : -1);
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoder *decoder = decoder_new();
	struct scene *scene = calloc(1, sizeof *scene);
	size_t at = 1;

	if (scene && decoder && size) {
		set_scene(scene, data[0] & 1 ? 6 : 4, data, size);
		for (uint64_t number = 1; at + 4 <= size && number <= PACKETS_MAX; number++) {
			const uint8_t *head = data + at;
			uint32_t len = load_be16(head + 2) & 0xff;

			at += 4;
			if (len > size - at)
				len = (uint32_t)(size - at);
			one_packet(scene, decoder, number, head, data + at, len < CAPTURED_MAX ? len : CAPTURED_MAX);
			at += len;
		}
	}
	decoder_free(decoder);
	free(scene);
	return 0;
}
