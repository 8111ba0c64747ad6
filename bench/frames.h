/* Writes TCP packets of made-up connections as a pcap file of Ethernet frames, for the generator of the benchmark. */
#ifndef TCPWHY_BENCH_FRAMES_H
#define TCPWHY_BENCH_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTPUT_BYTES (1u << 20)
#define PATTERN_BYTES 4096u     /* payload is a piece of a fixed text */

enum { CLIENT, SERVER };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct packet {
	uint32_t key;               /* addresses, ports, hop limits and flow labels follow from it */
	uint32_t seq, ack;
	uint32_t clock, echo;       /* TCP timestamps */
	uint16_t ip_id, window;
	uint16_t payload;           /* bytes, at most PATTERN_BYTES / 2 */
	uint8_t from;               /* CLIENT or SERVER */
	uint8_t flags;
	bool timestamps;
	bool flood;                 /* the client is anywhere, not in the network of the connections */
};

struct frames {
	int fd;
	bool ipv6;
	uint32_t snap;              /* captured bytes of a frame */
	uint64_t now_us;            /* time of the next packet, since the epoch */
	uint64_t written, resets;   /* packets, and those with RST */
	size_t used;
	uint8_t output[OUTPUT_BYTES];
	uint8_t pattern[PATTERN_BYTES];
	uint32_t pattern_sum[PATTERN_BYTES / 2 + 1];
};

/* Begin the file; fd, ipv6, snap and now_us are set, the rest is zero. All functions exit where writing fails. */
void frames_begin(struct frames *frames);
void frames_write(struct frames *frames, const struct packet *packet);
void frames_flush(struct frames *frames);
/* The number of the server that the connection with this key goes to. */
uint8_t frames_server(uint32_t key);

/* splitmix64, http://prng.di.unimi.it/splitmix64.c */
static inline uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

#endif
