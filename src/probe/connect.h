/* Asking ports by connect(): needs no privileges, and says less. Private to src/probe. */
#ifndef TCPWHY_PROBE_CONNECT_H
#define TCPWHY_PROBE_CONNECT_H

#include "probe/scan.h"

/* Ask `count` ports from the ask `first` on; a connection that comes about is closed at once. */
void connect_run(struct scan *scan, size_t first, size_t count);
/* Whether connect() to the port of an ask gets any answer within `timeout_ns`. */
bool connect_is_answered(struct scan *scan, size_t index, int64_t timeout_ns);

#endif
