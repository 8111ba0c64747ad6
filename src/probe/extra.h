/* SYNs beside those of a scan: in disguise, to find out who answers, and to ports that nobody asked for. */
#ifndef TCPWHY_PROBE_EXTRA_H
#define TCPWHY_PROBE_EXTRA_H

#include "probe/engine.h"

struct extra {
	size_t target;             /* index into scan->targets */
	uint16_t port;
	struct disguise disguise;
	/* What came of it: */
	enum port_state state;     /* PORT_FILTERED for silence, PORT_UNKNOWN where it was stopped */
	struct sighting seen;
	int64_t asked_ns;
	uint8_t tries;
};

/*
 * Ask `count` extras, all from the source port of `slot`, each until it is answered, `tries` times at most. They are
 * sorted by target and port, of which each pair may stand there once.
 */
void extra_ask(struct scan *scan, struct extra *extras, size_t count, unsigned slot, unsigned tries);

#endif
