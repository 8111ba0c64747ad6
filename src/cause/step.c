#include "cause/step.h"

#include <string.h>

const struct scenario *scenario_find(const struct scenario *list, const char *face)
{
	for (; list && list->title; list++)
		if (!face || (list->face && strcmp(list->face, face) == 0))
			return list;
	return NULL;
}
