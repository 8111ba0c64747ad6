/* What the parts of the Zeek state share. Private to src/flow. */
#ifndef TCPWHY_FLOW_ZEEK_PARTS_H
#define TCPWHY_FLOW_ZEEK_PARTS_H

#include "flow/zeek.h"

/* The history's counters stop here, past the seventh letter of a kind. */
#define ZEEK_COUNT_MAX ((1u << 20) - 1)

/* A number that stands in a letter's stead: the first event, the 10th, the 100th... */
bool zeek_is_step(uint32_t count);
/* Count an event that the history tells in a logarithmic fashion. */
#define zeek_count(zeek, side, field, letter) \
	((side)->field < ZEEK_COUNT_MAX && zeek_is_step(++(side)->field) ? zeek_letter(zeek, side, letter) : (void)0)
/* Append `letter`, a capital, as the side's. */
void zeek_letter(struct zeek *zeek, const struct zeek_side *side, char letter);

static inline struct zeek_side *zeek_peer(struct zeek *zeek, const struct zeek_side *side)
{
	return side == &zeek->side[0] ? &zeek->side[1] : &zeek->side[0];
}

static inline bool zeek_is_originator(const struct zeek *zeek, const struct zeek_side *side)
{
	return side == &zeek->side[zeek->originator];
}

/* The absolute number on a line that does not wrap. */
static inline uint64_t zeek_full(uint32_t seq, unsigned wraps)
{
	return (uint64_t)wraps << 32 | seq;
}

/* None of the side's data was acknowledged; its SYN may have been. */
bool zeek_no_data_acked(const struct zeek_side *side);
/* Bytes that the side sent, as its sequence numbers tell. */
uint64_t zeek_size(const struct zeek *zeek, const struct zeek_side *side);

/* Note the end of the side's data. `end` is relative, and past 2^40 where it makes no sense. */
void zeek_set_fin(struct zeek_side *side, uint64_t end);
/* The side's data: what came, and what the peer acknowledged without its having been seen. Numbers are relative. */
void zeek_data(struct zeek *zeek, struct zeek_side *side, uint64_t seq, uint32_t len);
void zeek_acked(struct zeek *zeek, struct zeek_side *side, uint64_t ack);

#endif
