/* A ring that the kernel fills with the packets that pass a filter (packet(7), PACKET_RX_RING, TPACKET_V2). */
#ifndef TCPWHY_PROBE_RING_H
#define TCPWHY_PROBE_RING_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct ring;

struct ring_packet {
	const uint8_t *bytes;     /* from the IP header on; valid until the next call */
	uint32_t captured, length;
	unsigned interface;
	int64_t time_ns;          /* clock_realtime() */
	bool checksum_done;       /* the card has verified it, or this host has not filled it in yet */
};

#define RING_FRAME_BYTES 256  /* of each packet, with the kernel's own header of 80 bytes */

/*
 * Packets of `protocol` (ETH_P_IP, ETH_P_IPV6) that come in by any interface and pass `filter`, whose offsets count
 * from the IP header. `bytes` of memory are a multiple of the page size; 0: RING_BYTES. STATUS_UNSUPPORTED without
 * CAP_NET_RAW, else STATUS_IO.
 */
#define RING_BYTES (4u << 20)
enum status ring_open(const struct sock_fprog *filter, uint16_t protocol, unsigned bytes, struct ring **ret_ring,
                      struct error *error);
/* False where none is waiting. */
bool ring_next(struct ring *ring, struct ring_packet *ret_packet);
/* For poll(). */
int ring_fd(const struct ring *ring);
/* Packets that had no room in the ring so far. */
uint64_t ring_drops(struct ring *ring);
/*
 * Packets of any kind, for anybody, that this machine has dropped since the ring was opened because a processor had too
 * many to look at (net.core.netdev_max_backlog).
 */
uint64_t ring_backlog_drops(const struct ring *ring);
/* NULL is allowed. */
void ring_close(struct ring *ring);

#endif
