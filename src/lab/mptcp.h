/* The path manager of Multipath TCP in the current network namespace: generic netlink "mptcp_pm". */
#ifndef TCPWHY_LAB_MPTCP_H
#define TCPWHY_LAB_MPTCP_H

#include "base/error.h"
#include "packet/address.h"

/* Let this host open one more subflow for each connection, where its peer offers an address. */
enum status mptcp_allow_subflows(struct error *error);
/* Offer the peer of each connection one more subflow, at this address and port. */
enum status mptcp_announce(const struct address *address, uint16_t port, struct error *error);

#endif
