/*
 * The wires: the two Ethernet segments as a program between packet sockets. Each host's interface is one end of a
 * veth pair, a port of the wire the other; a frame that a host sends is delivered to the port that owns its destination
 * MAC. In between it can be lost, delayed or held back. Every frame is shown to the taker, once where it leaves a host
 * (time: the kernel's, on arrival at the port) and once where it reaches one (time: just before it is handed over): a
 * port is a capture point. Delivery is synchronous: when wire_serve() returns, the receiving kernel has dealt with it.
 */
#ifndef TCPWHY_LAB_WIRE_H
#define TCPWHY_LAB_WIRE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "packet/segment.h"

enum port_id {
	PORT_CLIENT, PORT_NEIGHBOUR, PORT_ROUTER_LEFT,  /* the client's segment */
	PORT_ROUTER_RIGHT, PORT_SERVER, PORT_SPARE,     /* the server's */
	PORTS,
};

#define WIRE_FRAME_MAX 2048

/* A frame that passes a port. */
struct passing {
	enum port_id port;
	bool out;              /* the host sent it; else it is about to get it */
	bool lost;             /* it goes no further */
	int64_t time_ns;       /* CLOCK_REALTIME */
	const uint8_t *bytes;
	uint32_t len;
};

typedef void (*wire_taker)(void *user, const struct passing *passing);

struct wire;

/* NULL when out of memory. */
struct wire *wire_new(wire_taker taker, void *user);
/* Make `name` of the current namespace, whose other end has `mac`, the port of a host. */
enum status wire_add_port(struct wire *wire, enum port_id id, const char *name, const uint8_t mac[6],
                          struct error *error);
/* Show what passes `name` (a loopback) of the current namespace as frames of this port that the host got. */
enum status wire_listen(struct wire *wire, enum port_id id, const char *name, struct error *error);

#define WIRE_POLL_MAX (2 * PORTS)

/* Fill `fds` with what to poll for; how many. */
unsigned wire_poll(const struct wire *wire, struct pollfd fds[WIRE_POLL_MAX]);
/* Take and deliver everything that is there. */
void wire_serve(struct wire *wire);
/* CLOCK_MONOTONIC time at which a delayed frame is due; INT64_MAX for none. */
int64_t wire_next_due(const struct wire *wire);

/* A host that is off neither sends nor gets anything; what it sent meanwhile is thrown away when it is turned on. */
void wire_power(struct wire *wire, enum port_id id, bool on);
/*
 * Lose the next `count` (0: all from now on) TCP segments from this port that have all of `flags` (enum lab_flag).
 * STATUS_LIMIT where too many such orders are still open.
 */
enum status wire_lose(struct wire *wire, enum port_id id, uint16_t flags, uint32_t count, struct error *error);
void wire_hold(struct wire *wire, enum port_id id, bool held);
void wire_delay(struct wire *wire, enum port_id id, int64_t ns);
/* Hand a frame to a host as if it came from its segment; it is shown to the taker. */
void wire_inject(struct wire *wire, enum port_id to, uint8_t *frame, uint32_t len);
/* Let a host send a frame that its kernel did not make, to the router of its segment. */
void wire_send_from(struct wire *wire, enum port_id from, uint8_t *frame, uint32_t len);
/*
 * Whether what is handed to the host at port `in` brings something of the same length out of port `out` within
 * `wait_ms`: forwarded, or an answer. Nobody gets or is shown it, nor anything else that comes out meanwhile.
 */
bool wire_passes(struct wire *wire, enum port_id in, enum port_id out, uint8_t *frame, uint32_t len, int wait_ms);
/* The router's port on the segment that this port is on. */
enum port_id wire_router(enum port_id id);
/* The MAC of the host on this port. */
const uint8_t *wire_mac(const struct wire *wire, enum port_id id);
/* TCP segment of an Ethernet frame; false where it is none. */
bool wire_segment(const uint8_t *frame, uint32_t len, struct segment *ret_segment);
/* Its flags as the lab counts them: enum lab_flag. */
uint16_t wire_flags(const struct segment *segment);
void wire_free(struct wire *wire);

#endif
