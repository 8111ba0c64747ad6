#include "flow/tuple.h"

#include "base/bytes.h"

unsigned tuple_v6(const uint8_t *src, uint16_t src_port, const uint8_t *dst, uint16_t dst_port, struct tuple *tuple)
{
	int order = memcmp(src, dst, 16);
	unsigned swapped = order > 0 || (order == 0 && src_port > dst_port);

	*tuple = (struct tuple){ .size = TUPLE_SIZE_V6 };
	memcpy(tuple->bytes, swapped ? dst : src, 16);
	memcpy(tuple->bytes + 16, swapped ? src : dst, 16);
	store_be16(tuple->bytes + 32, swapped ? dst_port : src_port);
	store_be16(tuple->bytes + 34, swapped ? src_port : dst_port);
	return swapped;
}
