/* What the readers of the two formats share. A reader turns the bytes of an input into frames. */
#ifndef TCPWHY_SOURCE_READER_H
#define TCPWHY_SOURCE_READER_H

#include "source/input.h"
#include "source/interfaces.h"
#include "source/source.h"

/*
 * How far ahead of the record at hand memory is asked for. Each step from header to header depends on data, and hides
 * the next ones from the processor.
 */
#define PREFETCH_BYTES 2048

struct reader;

/* As source_next(), without the filter. */
typedef enum status read_frames(struct reader *reader, struct frame *frames, size_t *ret_count, struct error *error);

/* As source_follow(). */
typedef enum status follow_frames(struct reader *reader, const struct source_trail *trail, size_t *ret_used,
                                  struct frame *frames, size_t *ret_count, struct error *error);

struct pcap {
	uint32_t captured_max;
	uint32_t ns_per_tick;   /* of the sub-second part: 1000 or 1 */
	uint32_t header_bytes;  /* of a record */
	uint16_t link_type;
	bool swapped;           /* the file's byte order is not this machine's */
};

struct pcapng {
	bool swapped;             /* of this section */
	bool may_wait;            /* no frame of this call is outstanding, so the input may move */
	uint32_t first_interface; /* index of this section's interface 0 among all */
	uint32_t next_interface;  /* index of the next to be described */
	uint32_t trailer;         /* block length that must follow a skipped block, 0 for none */
	struct source_statistics statistics;
	char *joined;             /* JOINED_COMMENTS_MAX bytes, NULL until a frame has several comments */
	size_t joined_len;
};

struct reader {
	struct input input;
	struct interfaces interfaces;
	uint64_t frames;          /* seen so far */
	read_frames *next;        /* set by the _begin() function */
	follow_frames *follow;    /* likewise; NULL where the format cannot do it */
	struct pcap pcap;         /* of the one format that the input is */
	struct pcapng pcapng;
};

/* Whether the input is of the format; SNIFF_BYTES are available. */
bool pcap_is_format(const struct input *input);
bool pcapng_is_format(const struct input *input);
/* Read the file header, and be ready for frame 1. Results as those of source_open(), and STATUS_IDLE. */
enum status pcap_begin(struct reader *reader, struct error *error);
enum status pcapng_begin(struct reader *reader, struct error *error);
/* Free what the reader holds beyond its input and interfaces. */
void pcapng_clear(struct reader *reader);

static inline uint16_t load_u16(const uint8_t *p, bool swapped)
{
	uint16_t value;

	__builtin_memcpy(&value, p, sizeof value);
	return swapped ? __builtin_bswap16(value) : value;
}

static inline uint32_t load_u32(const uint8_t *p, bool swapped)
{
	uint32_t value;

	__builtin_memcpy(&value, p, sizeof value);
	return swapped ? __builtin_bswap32(value) : value;
}

#endif
