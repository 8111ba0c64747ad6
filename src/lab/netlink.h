/*
 * Talking to the kernel of the current network namespace: interfaces, addresses, routes, neighbours (rtnetlink), and
 * one exchange of messages for others. Failures are STATUS_IO with a
 * text that names the thing, the kernel's reason, and for a name or an address that is taken where to look.
 */
#ifndef TCPWHY_LAB_NETLINK_H
#define TCPWHY_LAB_NETLINK_H

#include <libmnl/libmnl.h>

#include "base/error.h"
#include "packet/address.h"

/*
 * Send `request` (NLM_F_REQUEST is added, and NLM_F_ACK where it is no dump) on netlink `bus` and run `take` over the
 * answers; NULL where there is nothing to take. The kernel's errno, 0 for success.
 */
int netlink_exchange(int bus, struct nlmsghdr *request, mnl_cb_t take, void *user);

/* A pair of Ethernet interfaces: `name` here, `peer` in the namespace `peer_ns`. */
struct veth {
	const char *name, *peer;
	const uint8_t *mac, *peer_mac;
	int peer_ns;
};
enum status netlink_add_veth(const struct veth *veth, struct error *error);
/* Up, with no offload of any kind, so that frames look as on a wire. */
enum status netlink_up(const char *name, struct error *error);
/*
 * Wait until the interface, which is up as its peer is, has its carrier, and the protocols know: IPv6 routes nothing
 * before (addrconf_notify()).
 */
enum status netlink_await_carrier(const char *name, struct error *error);
enum status netlink_add_address(const char *name, const struct address *address, unsigned prefix, struct error *error);
enum status netlink_add_default_route(const struct address *via, struct error *error);
/* A permanent neighbour, in place of an older one: nobody asks for addresses in the lab. */
enum status netlink_set_neighbour(const char *name, const struct address *address, const uint8_t mac[6],
                                  struct error *error);

#endif
