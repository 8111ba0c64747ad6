/* Which ports are asked: "22", "80,443", "1-1024", "ssh", "-" for all. */
#ifndef TCPWHY_PROBE_PORTS_H
#define TCPWHY_PROBE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PORTS_MAX 65536

struct port_set {
	uint64_t bits[PORTS_MAX / 64];
};

/*
 * Add what `text` names: numbers from 1 to 65535, ranges (an end left out is the first or the last port), names of TCP
 * services as services(5) has them, separated by commas. STATUS_USAGE with the piece that is wrong; *set may then hold
 * the pieces before it.
 */
enum status ports_parse(const char *text, struct port_set *set, struct error *error);
bool ports_have(const struct port_set *set, uint16_t port);
size_t ports_count(const struct port_set *set);
void ports_add(struct port_set *set, uint16_t port);
/* The service's name from services(5) in `name`; "" where it has none. Returns `name`. */
#define PORT_NAME_MAX 32
char *port_name(char name[PORT_NAME_MAX], uint16_t port);

#endif
