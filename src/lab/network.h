/*
 * The lab's network: each host a network namespace without a name, joined by the wires (lab/wire.h).
 *
 *	client, neighbour -- [segment] -- router -- [segment] -- server, spare
 *
 *	IPv4  192.0.2.2, .3               .1 | 198.51.100.1     198.51.100.10, .11
 *	IPv6  2001:db8:1::2, ::3         ::1 | 2001:db8:2::1    2001:db8:2::10, ::11
 *
 * The kernel of the router forwards. The process that made the network is at home in a namespace that holds the lab's
 * ends of the wires; everything ends with that process.
 */
#ifndef TCPWHY_LAB_NETWORK_H
#define TCPWHY_LAB_NETWORK_H

#include "base/error.h"
#include "cause/step.h"
#include "lab/wire.h"

struct network {
	uint8_t version;            /* 4 or 6 */
	int home;                   /* namespace of the lab itself */
	int hosts[PARTIES];         /* namespaces; -1: no such host */
	struct wire *wire;
};

/*
 * Make the hosts whose bits (1 << party) are set. The current namespace becomes home. *network is to be given to
 * network_clear() in any case.
 */
enum status network_init(struct network *network, uint8_t version, unsigned parties, wire_taker taker, void *user,
                         struct error *error);
void network_clear(struct network *network);

/* Go to a host: what is opened there stays there. */
enum status network_enter(const struct network *network, enum party party, struct error *error);
/* Home again. Returns `status`, that of what was done there, or STATUS_IO where there is no way back. */
enum status network_leave(const struct network *network, enum status status, struct error *error);

/* Namespaces cannot be made, for one of these limits of user_namespaces(7) is reached. STATUS_LIMIT. */
enum status network_limit(const char *sysctls, struct error *error);

/* The address of a host; the router's is the one on the client's side. */
struct address network_address(uint8_t version, enum party party);
/* The port that the frames of a host come from; the router's is the one on the client's side. */
enum port_id network_port(enum party party);
/* Write a sysctl ("net.ipv4.tcp_retries2") of a host. */
enum status network_sysctl(const struct network *network, enum party party, const char *name, const char *value,
                           struct error *error);
/*
 * Add a rule to the base chain of an nft hook ("forward", "postrouting"); see VERB_RULE for what `rule` may hold.
 * One with dnat, snat or masquerade goes to a chain of type nat, as nft wants it.
 */
enum status network_rule(const struct network *network, enum party party, const char *hook, const char *rule,
                         struct error *error);
enum status network_no_rules(const struct network *network, enum party party, struct error *error);
/* The server's address is `party`'s from now on, and the router knows. */
enum status network_take_address(const struct network *network, enum party party, struct error *error);

#endif
