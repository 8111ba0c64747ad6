/* What a SYN of this host looks like, and packets that look like that. */
#ifndef TCPWHY_PROBE_GUISE_H
#define TCPWHY_PROBE_GUISE_H

#include "packet/segment.h"
#include "probe/path.h"

/* An Ethernet header, an IP header with options, a TCP header with options. */
#define GUISE_FRAME_MAX 160
#define GUISE_ETHERNET 14

/* Of every host of this network namespace, from its sysctls. */
struct guise {
	uint64_t key[2];           /* of the cookies; nobody else knows it */
	bool timestamps, sack, window_scaling;
	uint8_t window_scale;
	uint8_t hop_limit[2];      /* IPv4, IPv6 */
	uint32_t timestamp_offset;
};

/* How a SYN differs from an ordinary one, to find out who answers it. */
struct disguise {
	uint8_t traffic_class;     /* 0: none */
	uint8_t hop_limit;         /* 0: that of this host */
	bool record_route;         /* IPv4: with the option of RFC 791 that asks routers for their addresses */
};

void guise_init(struct guise *guise);
/* The sequence number of the SYN from `source_port` to `port`: whoever acknowledges it has seen it. */
uint32_t guise_cookie(const struct guise *guise, const struct path *path, uint16_t source_port, uint16_t port);
/* The IPv6 flow label of that SYN; never 0. */
uint32_t guise_flow_label(const struct guise *guise, const struct path *path, uint16_t source_port, uint16_t port);
/* Build such a SYN, an Ethernet frame; returns its length. `disguise` may be NULL. */
size_t guise_syn(const struct guise *guise, const struct path *path, uint16_t source_port, uint16_t port,
                const struct disguise *disguise, uint8_t ret_frame[GUISE_FRAME_MAX]);
/* Build the RST that ends what `syn_ack` began. */
size_t guise_reset(const struct guise *guise, const struct path *path, const struct segment *syn_ack,
                   uint8_t ret_frame[GUISE_FRAME_MAX]);

/*
 * The hop limit of the RST is lower than that of the SYN by so much, more than routes differ: no host sends such a
 * pair, so whoever reads a capture can tell a probe from a client that gave up. Where the RST is the kernel's, for an
 * address of this host, the SYN has the lower one.
 */
#define GUISE_MARK_HOPS 4

#endif
