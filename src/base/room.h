/* Arrays that grow as they fill, up to a ceiling. */
#ifndef TCPWHY_BASE_ROOM_H
#define TCPWHY_BASE_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define ROOM_FIRST 256

/*
 * Makes room for `more` entries of `size` bytes beyond the first `count` of *array, which may move: *room is for how
 * many there is room. False when out of memory, or where there would be more than `max`; nothing has changed then.
 */
static inline bool room_for(void **array, size_t count, size_t more, size_t *room, size_t size, size_t max)
{
	size_t wanted = *room ? *room : ROOM_FIRST;
	void *grown;

	if (more > max || count > max - more)
		return false;
	if (count + more <= *room)
		return true;
	while (wanted < count + more)
		wanted *= 2;
	wanted = wanted < max ? wanted : max;
	grown = realloc(*array, wanted * size);
	if (!grown)
		return false;
	*array = grown;
	*room = wanted;
	return true;
}

#endif
