/*
 * Stacks of user space that came with what processes did: kept as they were copied, each with the memory map of its
 * process, which is read at once, for the process may end. They are unwound when somebody asks.
 */
#ifndef TCPWHY_LIVE_STACKS_H
#define TCPWHY_LIVE_STACKS_H

#include "live/event.h"
#include "reset/testimony.h"

struct stacks;

/* The last so many are kept, and of so many processes; a memory map is cut behind so many bytes. */
#define STACKS_KEPT 1024
#define MEMORIES_KEPT 64
#define MAPS_MAX (512u << 10)

/* NULL when out of memory. */
struct stacks *stacks_new(void);
void stacks_take(struct stacks *stacks, const struct live_stack *stack);
/* The frames of a stack, by its number; ret_stack->gap says what is missing, also where there is none. */
void stacks_frames(struct stacks *stacks, uint32_t number, struct call_stack *ret_stack);
/* NULL is allowed. */
void stacks_free(struct stacks *stacks);

#endif
