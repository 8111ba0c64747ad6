/* The law: an array grows as it fills, keeps what it holds, and never gets room for more than its ceiling. */
#include "base/room.h"

#include <stdint.h>

#include "tap.h"

#define MAX 1000

int main(void)
{
	uint32_t *array = NULL, *before;
	size_t count = 0, room = 0;
	bool kept = true;

	for (; room_for((void **)&array, count, 1, &room, sizeof *array, MAX); count++)
		array[count] = (uint32_t)count;
	for (uint32_t i = 0; i < count; i++)
		kept &= array[i] == i;
	ok(kept && count == MAX && room == MAX, "it is filled up to its ceiling");
	before = array;
	ok(!room_for((void **)&array, count - 7, 8, &room, sizeof *array, MAX) && array == before && room == MAX,
	   "what goes beyond gets nothing");
	ok(room_for((void **)&array, count - 8, 8, &room, sizeof *array, MAX) && array == before, "what fits stays in place");
	ok(!room_for((void **)&array, 0, SIZE_MAX, &room, sizeof *array, MAX), "no sum overflows");
	free(array);
	array = NULL;
	room = 0;
	ok(room_for((void **)&array, 0, 700, &room, sizeof *array, MAX) && room >= 700 && room <= MAX, "many at once");
	free(array);
	return done_testing();
}
