/*
 * The hash table's array: open addressing with linear probing, in the order of the tags. Because of the order an array
 * grows into one of twice its size a few slots at a time, from the front, while the part behind is given back to the
 * system: nothing stops for a rehash, and there is no moment of double memory. Private to src/flow.
 */
#ifndef TCPWHY_FLOW_SLOTS_H
#define TCPWHY_FLOW_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The array does not wrap: past its end is a tail for those whose home is close to it. With three in four slots taken,
 * the probability that so many do not find a place before the end is below 1e-30 (a queue with a load of 3/4).
 */
#define SLOTS_TAIL 128

struct slot {
	uint32_t tag;   /* of the hash; its high bits say where the slot would like to be */
	uint32_t ref;   /* the caller's, never 0; 0 where the slot is empty */
};

struct slots {
	struct slot *array;   /* 1 << (32 - shift) of them and the tail */
	struct slot *next;    /* the larger array while growing, else NULL */
	size_t moved;         /* slots at the front that live in `next` already */
	unsigned shift;       /* home = tag >> shift; one less in `next` */
	size_t count;
	size_t released;      /* bytes of the array's front that were given back */
};

/* False when out of memory. */
bool slots_init(struct slots *slots);
void slots_clear(struct slots *slots);
/* False when out of memory. Pointers to slots are invalid afterwards. */
bool slots_add(struct slots *slots, uint32_t tag, uint32_t ref);
void slots_remove(struct slots *slots, struct slot *slot);
/* Some slot that is taken, near the home of `tag`; NULL where none is. */
struct slot *slots_any(const struct slots *slots, uint32_t tag);

/* Where a search for `tag` begins; it goes on to the first empty slot. */
static inline struct slot *slots_home(const struct slots *slots, uint32_t tag)
{
	size_t home = tag >> slots->shift;

	return home >= slots->moved ? slots->array + home : slots->next + (tag >> (slots->shift - 1));
}

#endif
