/*
 * Sends packets past this host's TCP and hears the answers: a block of source ports that no socket of this host has, a
 * ring that the kernel fills with what comes for them, and two ways out.
 *
 * The source ports are reserved by sockets that are bound to them. Towards other hosts these listen, behind a filter
 * that lets nothing in: so this host's TCP keeps silent about SYN-ACKs, and the only RST is ours. Towards an address
 * of this host they are only bound, and the RST is the kernel's.
 *
 * Packets leave as IP packets of this host (routes, rules and IPsec apply), or, where many go to one next hop, as
 * Ethernet frames, which leave no trace in this host's connection tracking.
 */
#ifndef TCPWHY_PROBE_CHANNEL_H
#define TCPWHY_PROBE_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "packet/decoder.h"
#include "probe/outbox.h"
#include "probe/path.h"
#include "probe/ring.h"

#define CHANNEL_PORTS 16          /* a block whose first port is a multiple of it */

struct channel;

struct channel_options {
	uint8_t version;          /* 4 or 6 */
	bool local;               /* towards addresses of this host */
	unsigned ring_bytes;      /* how much may wait to be read; 0: 4 MiB */
};

/*
 * STATUS_OK and *ret_channel, for channel_close(). STATUS_UNSUPPORTED where CAP_NET_RAW is missing; STATUS_IO where the
 * system refuses something else.
 */
enum status channel_open(const struct channel_options *options, struct channel **ret_channel, struct error *error);
/* NULL is allowed. */
void channel_close(struct channel *channel);
uint16_t channel_first_port(const struct channel *channel);

enum heard {
	HEARD_NOTHING,
	HEARD_SEGMENT,
	HEARD_ICMP,
};
struct channel_answer {
	struct segment segment;       /* valid until the next call */
	struct icmp_error icmp;
	unsigned interface;           /* that it came in by */
	int64_t time_ns;              /* clock_realtime(), by the kernel */
	bool damaged;                 /* a segment whose checksum is wrong */
};
/* What a packet from the ring is, the `number`th from 1. */
enum heard channel_read(struct decoder *decoder, const struct ring_packet *packet, uint64_t number,
                        struct channel_answer *ret_answer);
/* The next packet for the channel's ports that has come, or HEARD_NOTHING. It may be anybody's: look at its numbers. */
enum heard channel_hear(struct channel *channel, struct channel_answer *ret_answer);
/* Wait until something has come, `until_ns` of clock_monotonic(), or a signal. */
void channel_wait(struct channel *channel, int64_t until_ns);
/* How many packets for it had no room in the ring so far; and how many of anybody's the machine dropped on the way. */
uint64_t channel_drops(struct channel *channel);
uint64_t channel_backlog_drops(const struct channel *channel);

/*
 * Take a frame (GUISE_ETHERNET bytes, then IP) to be sent on `path`: as a frame where path->resolved, else what is in
 * it. It leaves when OUTBOX_BATCH are waiting, or by channel_flush(), which returns when all have. STATUS_IO where the
 * interface has gone; what the system refuses otherwise is told to the refusal of outbox.h.
 */
enum status channel_send(struct channel *channel, const struct path *path, const uint8_t *frame, size_t len,
                         uint32_t tag, struct error *error);
enum status channel_flush(struct channel *channel, struct error *error);
void channel_on_refusal(struct channel *channel, outbox_refusal refusal, void *user);

#endif
