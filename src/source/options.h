/* Walking the options of a pcapng block (draft-ietf-opsawg-pcapng section 3.5). */
#ifndef TCPWHY_SOURCE_OPTIONS_H
#define TCPWHY_SOURCE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_code {
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_IF_NAME = 2,       /* of an interface */
	OPTION_ISB_START = 2,     /* of its statistics: when the capture began, and ended */
	OPTION_ISB_END = 3,
	OPTION_ISB_IF_DROP = 5,   /* frames lost for want of room */
	OPTION_ISB_OS_DROP = 7,
	OPTION_PACKET_FLAGS = 2,  /* of a packet */
	OPTION_SHB_USER_APPLICATION = 4,
	OPTION_IF_TSRESOL = 9,
	OPTION_IF_TSOFFSET = 14,
};

/* A lone value may be as long as its length field can say. */
#define OPTION_VALUE_MAX 65535u

/* Everything in a block is padded to whole words. */
static inline size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

struct option {
	uint16_t code, len;
	const uint8_t *value;
};

struct option_list {
	const uint8_t *at, *end;
	bool swapped;
};

/* The next option, or false at the end. What breaks the rules ends the list too: options only annotate. */
bool option_next(struct option_list *list, struct option *ret_option);

#endif
