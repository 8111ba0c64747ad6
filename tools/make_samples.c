/*
 * make_samples DIR: writes the captures of samples/ with the packet builder. They are the same bytes each time; a test
 * compares.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "packet/builder.h"
#include "source/writer.h"

#define LINK_ETHERNET 1
#define BEGIN_NS (1776845725LL * NS_PER_S) /* 2026-04-22 08:15:25 UTC */
#define CLIENT_ISN 0x1d2c3b4au
#define SERVER_ISN 0x6f5e4d3cu
#define CLIENT_HOPS 63
#define SERVER_HOPS 64

/* One packet; numbers are relative to the initial ones. */
struct step {
	int64_t at_ns;
	char from;            /* 'c' or 's' */
	uint16_t flags;
	uint32_t seq, ack;
	uint32_t payload_len;
	bool options;         /* those of a living socket; a RST made from nothing has none */
	uint16_t window;
	uint16_t ip_id;
	const char *comment;
};

#define MS(n) ((n) * NS_PER_MS)

/* The server closes at once; the client acknowledges that and writes all the same, 3.2 s later. */
static const struct step write_after_close[] = {
	{ MS(0), 'c', TCP_SYN, 0, 0, 0, true, 64240, 0x4a10, NULL },
	{ MS(1), 's', TCP_SYN | TCP_ACK, 0, 1, 0, true, 65160, 0, NULL },
	{ MS(2), 'c', TCP_ACK, 1, 1, 0, true, 502, 0x4a11, "the client connects, and rests" },
	{ MS(1834), 's', TCP_FIN | TCP_ACK, 1, 1, 0, true, 509, 0x71c2, NULL },
	{ MS(1835), 'c', TCP_ACK, 1, 2, 0, true, 502, 0x4a12, NULL },
	{ MS(5010), 'c', TCP_PSH | TCP_ACK, 1, 2, 5, true, 502, 0x4a13, NULL },
	{ MS(5011), 's', TCP_RST, 2, 0, 0, false, 0, 0, NULL },
	{ 0 },
};

/* Nobody listens on that port. */
static const struct step port_closed[] = {
	{ MS(0), 'c', TCP_SYN, 0, 0, 0, true, 64240, 0x5b20, NULL },
	{ MS(1), 's', TCP_RST | TCP_ACK, 0, 1, 0, false, 0, 0, NULL },
	{ 0 },
};

struct sample {
	const char *name;
	uint16_t client_port, server_port;
	const struct step *steps;
};

static const struct sample samples[] = {
	{ "write-after-close.pcapng", 61493, 9999, write_after_close },
	{ "port-closed.pcapng", 61494, 9998, port_closed },
};

static struct endpoint make_end(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
	return (struct endpoint){ .address = { .bytes = { a, b, c, d }, .version = 4 }, .port = port };
}

static size_t add_options(const struct step *step, uint8_t bytes[40])
{
	struct options options = {
		.seen = OPTION_TIMESTAMP,
		.ts_value = (uint32_t)(step->at_ns / NS_PER_MS) + (step->from == 'c' ? 812345678u : 2987654321u),
		.mss = 1460,
		.window_scale = 7,
	};

	if (!step->options)
		return 0;
	if (step->flags & TCP_SYN)
		options.seen |= OPTION_MSS | OPTION_WINDOW_SCALE | OPTION_SACK_PERMITTED;
	return builder_options(&options, bytes);
}

static size_t build(const struct sample *sample, const struct step *step, uint8_t frame[BUILDER_FRAME_MAX])
{
	const struct endpoint client = make_end(192, 0, 2, 2, sample->client_port);
	const struct endpoint server = make_end(198, 51, 100, 10, sample->server_port);
	bool from_client = step->from == 'c';
	uint8_t options[40];
	struct segment segment = {
		.src = from_client ? client : server,
		.dst = from_client ? server : client,
		.seq = step->seq || step->flags & TCP_SYN ? (from_client ? CLIENT_ISN : SERVER_ISN) + step->seq : 0,
		.ack = step->flags & TCP_ACK ? (from_client ? SERVER_ISN : CLIENT_ISN) + step->ack : 0,
		.flags = step->flags,
		.window = step->window,
		.ip_id = step->ip_id,
		.dont_fragment = true,
		.hop_limit = from_client ? CLIENT_HOPS : SERVER_HOPS,
		.version = 4,
		.payload = (const uint8_t *)"hello",
		.payload_len = step->payload_len,
		.payload_captured = step->payload_len,
		.options = options,
	};

	segment.options_len = segment.header_options_len = (uint8_t)add_options(step, options);
	return builder_frame(&segment, frame, BUILDER_FRAME_MAX);
}

static void write_sample(const char *folder, const struct sample *sample)
{
	const struct step *steps = sample->steps;
	const struct source_interface interface = { .link_type = LINK_ETHERNET, .name = "eth0" };
	static uint8_t bytes[BUILDER_FRAME_MAX];
	struct writer *writer;
	struct error error;
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", folder, sample->name);
	if (writer_open(path, &writer, &error) != STATUS_OK)
		errx(1, "%s", error.text);
	for (uint64_t i = 0; steps[i].from; i++) {
		const char *comments[] = { steps[i].comment, NULL };
		size_t len = build(sample, &steps[i], bytes);
		struct frame frame = {
			.number = i + 1, .time_ns = BEGIN_NS + steps[i].at_ns, .data = bytes, .captured = (uint32_t)len,
			.length = (uint32_t)len, .link_type = LINK_ETHERNET, .has_time = true,
		};

		if (!len || writer_frame(writer, &frame, &interface, comments, &error) != STATUS_OK)
			errx(1, "%s: %s", path, len ? error.text : "a packet does not fit");
	}
	if (writer_close(writer, &error) != STATUS_OK)
		errx(1, "%s", error.text);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: make_samples DIR");
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
		write_sample(argv[1], &samples[i]);
	return 0;
}
