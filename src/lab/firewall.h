/* nftables and conntrack of the current network namespace. */
#ifndef TCPWHY_LAB_FIREWALL_H
#define TCPWHY_LAB_FIREWALL_H

#include "base/error.h"

/*
 * Run commands in nft's language, several lines at once. STATUS_IO with nft's first complaint; where the kernel has no
 * nf_tables, it says so, and how to get it.
 */
enum status firewall_run(const char *commands, struct error *error);
/* Empty conntrack's table: every tracked connection and NAT mapping is forgotten. STATUS_IO as above. */
enum status conntrack_flush(struct error *error);

#endif
