#include "packet/segment.h"

#include "packet/checksum.h"
#include "packet/walk.h"

enum checksum segment_checksum(struct segment *segment)
{
	const uint8_t *tcp = segment->options - TCP_HEADER;
	uint32_t length = TCP_HEADER + segment->header_options_len + segment->payload_len;
	uint64_t pseudo;

	segment->checksum = CHECKSUM_UNKNOWN;
	if (segment->options_len != segment->header_options_len || segment->payload_captured != segment->payload_len)
		return segment->checksum;
	pseudo = sum_pseudo_header(&segment->src.address, &segment->dst.address, length, PROTOCOL_TCP);
	if (sum_fold(pseudo + sum_bytes(tcp, length)) == 0xffff)
		segment->checksum = CHECKSUM_GOOD;
	else if (sum_is_partial(load_be16(tcp + 16), pseudo, length))
		segment->checksum = CHECKSUM_OFFLOADED;
	else
		segment->checksum = CHECKSUM_BAD;
	return segment->checksum;
}
