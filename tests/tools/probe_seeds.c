/*
 * Writes seeds for fuzz/probe.c into a folder: answers of all kinds to a probe, made by the packet builder.
 *
 *	build/probe_seeds fuzz/corpus/probe
 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/builder.h"

#define SEED_MAX 4096
#define ETHERNET 14
#define MENDED_DONE 3             /* flags of fuzz/probe.c: a true answer, and its checksum is not looked at */

struct seed {
	uint8_t bytes[SEED_MAX];
	size_t len;
};

static struct endpoint end(uint8_t version, uint8_t last, uint16_t port)
{
	struct endpoint end = { .address = { .version = version }, .port = port };

	end.address.bytes[0] = 192;
	end.address.bytes[version == 4 ? 3 : 15] = last;
	return end;
}

static void add(struct seed *seed, uint8_t flags, uint8_t ports, const uint8_t *frame, size_t len)
{
	uint8_t *at = seed->bytes + seed->len;

	len -= ETHERNET;
	at[0] = flags;
	at[1] = ports;
	store_be16(at + 2, (uint16_t)len);
	memcpy(at + 4, frame + ETHERNET, len);
	seed->len += 4 + len;
}

/* An answer from port `ports` >> 4 + 1 to source port `ports` & 15. */
static struct segment answer(uint8_t version, uint8_t ports, uint16_t flags)
{
	static const uint8_t options[] = { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7 };

	return (struct segment){
		.src = end(version, 2, (uint16_t)((ports >> 4) + 1)), .dst = end(version, 1, (uint16_t)(40960 + (ports & 15))),
		.flags = flags, .window = 64240, .hop_limit = 64, .dont_fragment = true, .flow_label = version == 6 ? 77 : 0,
		.options = options, .options_len = flags & TCP_SYN ? sizeof options : 0,
	};
}

static void add_segment(struct seed *seed, uint8_t version, uint8_t ports, uint16_t flags, uint8_t head)
{
	struct segment segment = answer(version, ports, flags);
	uint8_t frame[256];

	add(seed, head, ports, frame, builder_frame(&segment, frame, sizeof frame));
}

static void add_error(struct seed *seed, uint8_t version, uint8_t ports, uint8_t type, uint8_t code)
{
	struct segment back = answer(version, ports, TCP_SYN), syn = back;
	struct icmp_error error = { .reporter = end(version, 9, 0).address, .type = type, .code = code };
	uint8_t frame[256];

	syn.src = back.dst;
	syn.dst = back.src;
	add(seed, MENDED_DONE, ports, frame, builder_icmp_error(&error, &syn, frame, sizeof frame));
}

static int write_seed(const char *folder, const char *name, uint8_t version, struct seed *seed)
{
	char path[4096];
	FILE *file;
	int failed;

	seed->bytes[0] = version == 6;
	snprintf(path, sizeof path, "%s/%s-ipv%u", folder, name, version);
	file = fopen(path, "wb");
	failed = !file || fwrite(seed->bytes, seed->len, 1, file) != 1;
	if (file)
		failed |= fclose(file) != 0;
	if (failed)
		fprintf(stderr, "%s: cannot be written\n", path);
	return failed;
}

static int write_all(const char *folder, uint8_t version)
{
	struct seed segments = { .len = 1 }, errors = { .len = 1 }, both = { .len = 1 }, forged = { .len = 1 };
	uint8_t unreachable = version == 4 ? 3 : 1, exceeded = version == 4 ? 11 : 3;

	add_segment(&segments, version, 0x00, TCP_SYN | TCP_ACK, MENDED_DONE);
	add_segment(&segments, version, 0x10, TCP_RST | TCP_ACK, MENDED_DONE);
	add_segment(&segments, version, 0x28, TCP_RST | TCP_ACK, MENDED_DONE);
	add_segment(&segments, version, 0x3b, TCP_SYN | TCP_ACK, MENDED_DONE);
	add_error(&errors, version, 0x00, unreachable, 1);
	add_error(&errors, version, 0x1b, exceeded, 0);
	add_error(&errors, version, 0x20, version == 4 ? 3 : 2, version == 4 ? 4 : 0);
	add_error(&both, version, 0x00, unreachable, 0);
	add_segment(&both, version, 0x00, TCP_RST | TCP_ACK, MENDED_DONE);
	add_segment(&both, version, 0x00, TCP_SYN | TCP_ACK, MENDED_DONE);
	add_segment(&both, version, 0x08, TCP_SYN | TCP_ACK, MENDED_DONE);
	add_segment(&forged, version, 0x00, TCP_RST | TCP_ACK, 0);
	add_segment(&forged, version, 0x10, TCP_SYN | TCP_ACK, 0);
	return write_seed(folder, "segments", version, &segments) | write_seed(folder, "errors", version, &errors) |
	       write_seed(folder, "both", version, &both) | write_seed(folder, "forged", version, &forged);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: probe_seeds FOLDER\n", stderr);
		return 2;
	}
	return write_all(argv[1], 4) | write_all(argv[1], 6);
}
