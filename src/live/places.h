/* What /proc tells of a process that a kernel event named. */
#ifndef TCPWHY_LIVE_PLACES_H
#define TCPWHY_LIVE_PLACES_H

#include "reset/testimony.h"

/* Fill executable, cgroup and container where they can be read: a process that has ended leaves them "". */
void places_fill(struct actor *actor);

#endif
