/* Stacks that were copied from processes, unwound by what their files tell (libdw): no frame pointers are needed. */
#ifndef TCPWHY_LIVE_UNWIND_H
#define TCPWHY_LIVE_UNWIND_H

#include <stddef.h>

#include "live/event.h"
#include "live/foreign.h"
#include "reset/testimony.h"

struct unwinder;

/*
 * For the memory that `maps` tells of, the text of /proc/PID/maps, which is copied; `foreign` are files of it that are
 * not what their paths name here, and outlives the unwinder. NULL when out of memory.
 */
struct unwinder *unwinder_new(uint32_t pid, const char *maps, const struct foreign *foreign);
/* The innermost frame first, FRAMES_MAX at most; ret_stack->gap says whether something is missing. */
void unwinder_walk(struct unwinder *unwinder, const struct live_stack *stack, struct call_stack *ret_stack);
/* NULL is allowed. */
void unwinder_free(struct unwinder *unwinder);

#endif
