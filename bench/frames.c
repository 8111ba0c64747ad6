/* Frames: headers, checksums and pcap records. */
#include "frames.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD_MAX 4096u        /* a record header and the longest frame */
#define SERVERS 40u

static uint8_t *put16(uint8_t *p, uint16_t value)
{
	value = __builtin_bswap16(value);
	memcpy(p, &value, sizeof value);
	return p + sizeof value;
}

static uint8_t *put32(uint8_t *p, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy(p, &value, sizeof value);
	return p + sizeof value;
}

static uint64_t sum_words(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;
	uint16_t word;

	for (; len; p += 2, len -= 2) {
		memcpy(&word, p, sizeof word);
		sum += __builtin_bswap16(word);
	}
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* ---- output ---- */

void frames_flush(struct frames *f)
{
	size_t done = 0;

	while (done < f->used) {
		ssize_t wrote = write(f->fd, f->output + done, f->used - done);

		if (wrote < 0)
			err(EXIT_FAILURE, "write");
		done += (size_t)wrote;
	}
	f->used = 0;
}

static void fill_pattern(struct frames *f)
{
	for (size_t i = 0; i < PATTERN_BYTES; i++)
		f->pattern[i] = (uint8_t)(i % 64 == 63 ? '\n' : 'a' + mix(i) % 26);
	for (size_t i = 0; i < PATTERN_BYTES / 2; i++)
		f->pattern_sum[i + 1] = f->pattern_sum[i] + (uint32_t)sum_words(f->pattern + 2 * i, 2);
}

void frames_begin(struct frames *f)
{
	const struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, snap, link;
	} header = { 0xa1b2c3d4, 2, 4, 0, 0, f->snap, 1 };

	fill_pattern(f);
	memcpy(f->output, &header, sizeof header);
	f->used = sizeof header;
}

/* ---- one frame ---- */

uint8_t frames_server(uint32_t key)
{
	return (uint8_t)(key * 0x85ebca6bu >> 16) % SERVERS;
}

static uint16_t port_of(const struct packet *p, unsigned side)
{
	static const uint16_t ports[] = { 443, 80, 5432, 22, 8080, 6379, 443, 3306 };

	if (side == SERVER)
		return ports[frames_server(p->key) % (sizeof ports / sizeof ports[0])];
	return (uint16_t)(!p->flood ? 32768 + (p->key & 0x3fff) : 1024 + (p->key >> 5) % 64000);
}

/* A client of a connection has its own pair of address and port; those of the flood are from anywhere. */
static uint8_t *put_address(uint8_t *at, const struct packet *p, unsigned side, bool ipv6)
{
	uint32_t host = side == SERVER ? 0x0a640000u + frames_server(p->key) + 10 :
	                !p->flood ? 0x0a000000u + (p->key >> 14) : (uint32_t)mix(p->key) % 0xdf000000u + 0x01000000u;

	if (ipv6) {
		at = put32(at, 0x20010db8u);
		at = put32(at, side == SERVER ? 0 : p->key >> 24);
		at = put32(at, 0);
	}
	return put32(at, host);
}

/* 64 at the server; its clients are 8 to 23 hops away, and one in eight runs an operating system that begins at 128. */
static uint8_t hop_limit_of(const struct packet *p)
{
	if (p->from == SERVER)
		return 64;
	return (uint8_t)((!p->flood && p->key >> 29 == 0 ? 128 : 64) - 8 - (p->key >> 20) % 16);
}

static uint8_t *put_ipv4(uint8_t *at, const struct packet *p, size_t tcp_len)
{
	uint8_t *start = at;

	at = put16(at, 0x4500);
	at = put16(at, (uint16_t)(20 + tcp_len));
	at = put16(at, p->ip_id);
	at = put16(at, 0x4000);
	*at++ = hop_limit_of(p);
	*at++ = 6;
	at = put16(at, 0);
	at = put_address(at, p, p->from, false);
	at = put_address(at, p, !p->from, false);
	put16(start + 10, fold(sum_words(start, 20)));
	return at;
}

static uint8_t *put_ipv6(uint8_t *at, const struct packet *p, size_t tcp_len)
{
	at = put32(at, 0x60000000u | (mix(p->key + p->from) & 0xfffff));
	at = put16(at, (uint16_t)tcp_len);
	*at++ = 6;
	*at++ = hop_limit_of(p);
	at = put_address(at, p, p->from, true);
	return put_address(at, p, !p->from, true);
}

static size_t options_len(const struct packet *p)
{
	if (p->flags & SYN)
		return p->timestamps ? 20 : 12;
	return p->timestamps ? 12 : 0;
}

static uint8_t *put_options(uint8_t *at, const struct packet *p, bool ipv6)
{
	if (p->flags & SYN) {
		at = put32(at, 0x02040000u + (ipv6 ? 1440 : 1460));
		if (!p->timestamps)
			return put32(put32(at, 0x01030308), 0x01010402);
		at = put32(put32(put32(at, 0x0402080a), p->clock), p->echo);
		return put32(at, 0x01030307);
	}
	if (!p->timestamps)
		return at;
	return put32(put32(put32(at, 0x0101080a), p->clock), p->echo);
}

/* The TCP header and its checksum over a payload that need not be there yet. `ip_end` is where the addresses end. */
static uint8_t *put_tcp(struct frames *f, uint8_t *ip_end, const struct packet *p, size_t piece)
{
	size_t header = 20 + options_len(p), addresses = f->ipv6 ? 32 : 8;
	uint8_t *at = ip_end;
	uint64_t sum;

	at = put16(at, port_of(p, p->from));
	at = put16(at, port_of(p, !p->from));
	at = put32(put32(at, p->seq), p->ack);
	at = put16(at, (uint16_t)(header << 10 | p->flags));
	at = put32(put16(at, p->window), 0);
	at = put_options(at, p, f->ipv6);
	sum = sum_words(ip_end - addresses, addresses + header) + 6 + header + p->payload;
	sum += f->pattern_sum[(piece + p->payload) / 2] - f->pattern_sum[piece / 2];
	if (p->payload & 1)
		sum += (uint64_t)f->pattern[piece + p->payload - 1] << 8;
	put16(ip_end + 16, fold(sum));
	return at;
}

void frames_write(struct frames *f, const struct packet *p)
{
	uint8_t *record = f->output + f->used, *at = record + 16;
	size_t tcp_len = 20 + options_len(p) + p->payload, piece = p->seq * 2 % (PATTERN_BYTES / 2), room;
	uint32_t length = (uint32_t)(14 + (f->ipv6 ? 40 : 20) + tcp_len);
	uint32_t captured = length < f->snap ? length : f->snap;

	memcpy(at, "\x02\0\0\0\1\0\x02\0\0\0\2\0\x08\0", 14);
	at[p->from == SERVER ? 11 : 5] = (uint8_t)(frames_server(p->key) + 1);
	at[p->from == SERVER ? 10 : 4] = 1;
	at[p->from == SERVER ? 4 : 10] = 2;
	if (f->ipv6)
		put16(at + 12, 0x86dd);
	at = f->ipv6 ? put_ipv6(at + 14, p, tcp_len) : put_ipv4(at + 14, p, tcp_len);
	at = put_tcp(f, at, p, piece);
	room = captured + 16 > (size_t)(at - record) ? captured + 16 - (size_t)(at - record) : 0;
	memcpy(at, f->pattern + piece, room < p->payload ? room : p->payload);
	memcpy(record, &(uint32_t[4]){ (uint32_t)(f->now_us / 1000000), (uint32_t)(f->now_us % 1000000),
	                               captured, length }, 16);
	f->used += 16 + captured;
	f->written++;
	f->resets += (p->flags & RST) != 0;
	if (f->used + RECORD_MAX > OUTPUT_BYTES)
		frames_flush(f);
}
