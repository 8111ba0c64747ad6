/* A host that was scanned, as those see it who find out who answered: who.c and ask_again.c. */
#ifndef TCPWHY_PROBE_ASK_AGAIN_H
#define TCPWHY_PROBE_ASK_AGAIN_H

#include "probe/who.h"

#define EXTRA_TRIES 6
#define HOPS_NONE 255

/* What is known of a host by its open ports, and what came of asking. */
struct portrait {
	size_t first;              /* its asks: scan->port_count from here */
	bool has_open, from_linux, labelled;
	size_t open;               /* ports */
	uint8_t hops;              /* of most of its open ports */
	bool class_comes_back;     /* a RST had the DSCP of its SYN */
	bool route_comes_back;     /* a port that TCP answers did so to a SYN with the option, with it */
	bool every_port, controls_closed;
	uint8_t tcp_hops;          /* of a RST that a TCP made; HOPS_NONE */
};

static inline const struct path *path_of(const struct scan *scan, const struct portrait *portrait)
{
	return &scan->targets[portrait->first / scan->port_count].path;
}

/* Routers passed, from the usual first values 64, 128 and 255. */
static inline uint8_t hops_of(uint8_t hop_limit)
{
	return (uint8_t)((hop_limit <= 64 ? 64 : hop_limit <= 128 ? 128 : 255) - hop_limit);
}

/*
 * Ask the refused ports of the host again, as much as is needed to tell a TCP from a packet filter: with a DSCP, an IP
 * option, and SYNs that die on the way. Adds clues, and to the portrait whether the path carries them.
 */
void ask_again(struct scan *scan, struct portrait *portrait, struct finding *findings);

#endif
