/* From what the user typed to the hosts and ports that `probe` asks. */
#ifndef TCPWHY_CLI_PROBE_HOSTS_H
#define TCPWHY_CLI_PROBE_HOSTS_H

#include "probe/scan.h"

/* Hosts that a command line may name. */
#define PROBE_HOSTS_MAX 4096

struct probe_hosts {
	struct target *list;       /* with their paths; `name` points into the command line */
	size_t count;
	struct port_set ports;
	bool failed;               /* one of them cannot be asked, which was said */
};

/*
 * The first operand is a host, and each that follows one more unless it is a list of ports; a host may be a name, an
 * address, or "fe80::1%eth0". `version` is 4, 6, or 0 for whichever comes first. What is wrong is said. False where
 * the command line makes no sense. Cleared by probe_hosts_clear() in any case.
 */
bool probe_hosts_init(struct probe_hosts *hosts, char **operands, uint8_t version);
/* Take those that one scan can ask at once, at most, into *ret_targets (for free()); returns how many, 0 at the end. */
size_t probe_hosts_take(struct probe_hosts *hosts, struct target **ret_targets);
void probe_hosts_clear(struct probe_hosts *hosts);

#endif
