/* The way to a host, as the kernel would take it: source address, interface, next hop (rtnetlink). */
#ifndef TCPWHY_PROBE_PATH_H
#define TCPWHY_PROBE_PATH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "packet/address.h"

struct path {
	struct address target, source;
	struct address next_hop;      /* the target itself where it is on the link */
	unsigned scope;               /* interface of a link-local IPv6 address, else 0 */
	unsigned interface;           /* its index */
	char interface_name[IF_NAMESIZE];
	unsigned mtu;
	uint16_t mss;                 /* that this host offers there */
	bool local;                   /* an address of this host */
	bool on_link;                 /* no router in between */
	bool broadcast;               /* of a link of this host: no host */
	bool ethernet;                /* frames need the next hop's address, and can be made here */
	bool resolved;                /* next_hop_mac is known */
	bool silent_neighbour;        /* the next hop does not answer when the kernel asks for it */
	bool awaited_neighbour;       /* nor has it yet, and the kernel goes on asking */
	uint8_t mac[6], next_hop_mac[6];
};

/*
 * Look the way to `target` up; `scope` is the interface of a link-local IPv6 address, else 0. STATUS_IO with the
 * kernel's reason: no route, forbidden by a route, interface down.
 */
enum status path_find(const struct address *target, unsigned scope, struct path *ret_path, struct error *error);
/* Ask the kernel for the next hop's MAC address; whether it is known now. */
bool path_resolve(struct path *path);
/* Whether the interface is up and has a carrier, and how often it has lost that so far (may be NULL). */
bool path_is_up(const struct path *path, uint32_t *ret_downs);

/* Addresses as sockets take and give them; the length of the first. */
socklen_t path_socket_address(const struct address *address, uint16_t port, unsigned scope,
                              struct sockaddr_storage *ret_socket_address);
struct address path_address(const struct sockaddr_storage *socket_address);

#endif
