#include "flow/slots.h"

#include <sys/mman.h>

#include "flow/pool.h"

#define BYTES_ROUND 65536       /* the largest page size in use */
#define BITS_FIRST 10           /* 8 KiB to begin with */
#define BITS_MAX 31
#define MOVES_PER_ADDITION 8    /* slots; 4/3 would do to finish before the next array is full */

static size_t array_slots(unsigned shift)
{
	return ((size_t)1 << (32 - shift)) + SLOTS_TAIL;
}

static size_t array_bytes(unsigned shift)
{
	size_t bytes = array_slots(shift) * sizeof(struct slot);

	return (bytes + BYTES_ROUND - 1) / BYTES_ROUND * BYTES_ROUND;
}

static struct slot *array_new(unsigned shift)
{
	size_t bytes = array_bytes(shift);
	struct slot *array = pages_map(bytes, PROT_READ | PROT_WRITE);

	if (array && bytes >= POOL_HUGE_FROM / 2)
		madvise(array, bytes, MADV_HUGEPAGE);
	return array;
}

bool slots_init(struct slots *slots)
{
	*slots = (struct slots){ .shift = 32 - BITS_FIRST };
	slots->array = array_new(slots->shift);
	return slots->array;
}

void slots_clear(struct slots *slots)
{
	if (slots->array)
		pages_unmap((uint8_t *)slots->array + slots->released, array_bytes(slots->shift) - slots->released);
	if (slots->next)
		pages_unmap(slots->next, array_bytes(slots->shift - 1));
	*slots = (struct slots){ 0 };
}

/* The last slot of the tail stays empty, for every search must end. */
static bool array_put(struct slot *array, unsigned shift, struct slot add)
{
	struct slot *slot = array + (add.tag >> shift), *last = array + array_slots(shift) - 1;

	while (slot->ref)
		slot++;
	if (slot == last)
		return false;
	*slot = add;
	return true;
}

static void finish_growing(struct slots *slots)
{
	struct slots grown = { .array = slots->next, .shift = slots->shift - 1, .count = slots->count };

	slots->next = NULL;
	slots_clear(slots);
	*slots = grown;
}

/*
 * Move some slots, and on to the end of a cluster: then no slot behind has its home before `moved`, and the home alone
 * tells which array a tag is in.
 */
static void move_some(struct slots *slots)
{
	size_t end = array_slots(slots->shift), least = slots->moved + MOVES_PER_ADDITION;
	const struct slot *slot;

	do {
		slot = &slots->array[slots->moved++];
		if (slot->ref)
			array_put(slots->next, slots->shift - 1, *slot);
	} while (slots->moved < end && (slots->moved < least || slot->ref));
	if (slots->moved * sizeof *slot >= slots->released + POOL_STEP) {
		pages_unmap((uint8_t *)slots->array + slots->released, POOL_STEP);
		slots->released += POOL_STEP;
	}
	if (slots->moved == end)
		finish_growing(slots);
}

/* Three in four may be taken; without memory for more, seven in eight. */
static bool make_room(struct slots *slots)
{
	size_t size = (size_t)1 << (32 - slots->shift);

	if (!slots->next && slots->count >= size / 4 * 3 && 32 - slots->shift < BITS_MAX)
		slots->next = array_new(slots->shift - 1);
	if (slots->next)
		move_some(slots);
	return slots->next || slots->count < size / 8 * 7;
}

bool slots_add(struct slots *slots, uint32_t tag, uint32_t ref)
{
	struct slot add = { .tag = tag, .ref = ref };
	bool put;

	if (!make_room(slots))
		return false;
	if (tag >> slots->shift >= slots->moved)
		put = array_put(slots->array, slots->shift, add);
	else
		put = array_put(slots->next, slots->shift - 1, add);
	slots->count += put;
	return put;
}

/* Those behind move up as far as their home, so that no search breaks off at the hole. */
void slots_remove(struct slots *slots, struct slot *slot)
{
	bool moved = slot->tag >> slots->shift < slots->moved;
	const struct slot *array = moved ? slots->next : slots->array;
	unsigned shift = slots->shift - moved;

	for (struct slot *behind = slot + 1; behind->ref; behind++) {
		if (array + (behind->tag >> shift) <= slot) {
			*slot = *behind;
			slot = behind;
		}
	}
	slot->ref = 0;
	slots->count--;
}

static struct slot *first_taken(struct slot *slot, const struct slot *end)
{
	while (slot < end && !slot->ref)
		slot++;
	return slot < end ? slot : NULL;
}

struct slot *slots_any(const struct slots *slots, uint32_t tag)
{
	const struct slot *array_end = slots->array + array_slots(slots->shift), *next_end = slots->next;
	struct slot *slot;

	/* Behind this nothing was moved to yet. */
	if (slots->next)
		next_end += slots->moved < array_slots(slots->shift) - SLOTS_TAIL ? 2 * slots->moved + SLOTS_TAIL
		                                                              : array_slots(slots->shift - 1);
	slot = first_taken(slots_home(slots, tag), tag >> slots->shift < slots->moved ? next_end : array_end);
	if (!slot)
		slot = first_taken(slots->next, next_end);
	return slot ? slot : first_taken(slots->array + slots->moved, array_end);
}
