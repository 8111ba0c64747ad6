#include "source/options.h"

#include "source/reader.h"

bool option_next(struct option_list *list, struct option *ret_option)
{
	enum { HEADER_BYTES = 4 };
	size_t left = (size_t)(list->end - list->at), len;

	if (left < HEADER_BYTES)
		return false;
	*ret_option = (struct option){
		.code = load_u16(list->at, list->swapped),
		.len = load_u16(list->at + 2, list->swapped),
		.value = list->at + HEADER_BYTES,
	};
	if (ret_option->code == OPTION_END || ret_option->len > left - HEADER_BYTES)
		return false;
	len = HEADER_BYTES + padded(ret_option->len);
	list->at += len < left ? len : left;
	return true;
}
