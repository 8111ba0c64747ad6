/* One captured frame, as the file holds it. */
#ifndef TCPWHY_SOURCE_FRAME_H
#define TCPWHY_SOURCE_FRAME_H

#include <stdint.h>

struct frame {
	uint64_t number;      /* 1 is the first of the file, as in Wireshark; a filter does not renumber */
	int64_t time_ns;      /* since the epoch; see has_time */
	const uint8_t *data;  /* `captured` bytes, owned by the source */
	uint32_t captured;    /* bytes in the file */
	uint32_t length;      /* bytes on the wire, >= captured */
	uint32_t interface;   /* index into the interfaces of the source, 0 for pcap */
	uint16_t link_type;   /* LINKTYPE_ value */
	uint8_t has_time;     /* 0 where the file holds none (pcapng simple packet block) */
	uint8_t inbound;      /* pcapng epb_flags direction: 0 unknown, 1 in, 2 out */
	const char *comment;  /* pcapng comment, not NUL-terminated, hostile, or NULL; owned by the source */
	uint32_t comment_len;
};

#endif
