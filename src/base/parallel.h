/* The same work at once for several things that do not know each other. */
#ifndef TCPWHY_BASE_PARALLEL_H
#define TCPWHY_BASE_PARALLEL_H

#include <stdbool.h>

#define PARALLEL_MAX 8
/* Parts that work of any size is worth splitting into: more cores than that are rarely idle. */
#define PARALLEL_PARTS 4

/*
 * Calls work(context, part) for part 0 to parts - 1, PARALLEL_MAX at most, each in a thread of its own where there is
 * one, and returns when all are done. Parts must share nothing that any of them writes to. `in_turn`: one after the
 * other, in their order.
 */
void parallel_run(void (*work)(void *context, unsigned part), void *context, unsigned parts, bool in_turn);

#endif
