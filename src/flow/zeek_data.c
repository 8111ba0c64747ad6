/*
 * Data that was acknowledged and never seen: the gaps of Zeek's history. Zeek keeps the data (TCP_Reassembler); here it
 * is enough to know which stretches came.
 */
#include "flow/zeek_parts.h"

#include "base/sequence.h"

/* Zeek's settings of these names, in bytes: past them it gives up reassembling the side. */
#define MAX_INITIAL_WINDOW 16384u
#define MAX_ABOVE_HOLE_WITHOUT_ANY_ACKS 16384u
#define EXCESSIVE_DATA_WITHOUT_FURTHER_ACKS (10u << 20)

/* Relative numbers are kept in 40 bits. */
#define RELATIVE_MAX ((UINT64_C(1) << 40) - 1)

static uint64_t delivered(const struct zeek_side *s)
{
	return zeek_full(s->delivered, s->delivered_high);
}

static void set_delivered(struct zeek_side *s, uint64_t to)
{
	if (to > RELATIVE_MAX)
		to = RELATIVE_MAX;
	s->delivered = (uint32_t)to;
	s->delivered_high = (uint8_t)(to >> 32);
}

void zeek_set_fin(struct zeek_side *s, uint64_t end)
{
	if (end > RELATIVE_MAX)
		end = RELATIVE_MAX;
	s->fin_seen = 1;
	s->fin_end = (uint32_t)end;
	s->fin_end_high = (uint8_t)(end >> 32);
}

static void drop_first(struct zeek_side *s)
{
	for (unsigned i = 1; i < s->ahead_count; i++)
		s->ahead[i - 1] = s->ahead[i];
	s->ahead_count--;
}

/* Deliver up to `end`, and what follows without a hole. */
static void deliver(struct zeek_side *s, uint64_t end)
{
	if (end > delivered(s))
		set_delivered(s, end);
	while (s->ahead_count && seq_diff(s->ahead[0].start, s->delivered) <= 0) {
		int32_t more = seq_diff(s->ahead[0].end, s->delivered);

		drop_first(s);
		if (more > 0)
			set_delivered(s, delivered(s) + (uint32_t)more);
	}
}

/* Join what overlaps or touches, from `i` on; with one stretch too many also the last two. */
static unsigned join(uint32_t (*range)[2], unsigned count)
{
	unsigned last = 0;

	for (unsigned i = 1; i < count; i++) {
		bool full = last + 1 == ZEEK_AHEAD_MAX;

		if (!full && seq_after(range[i][0], range[last][1])) {
			last++;
			range[last][0] = range[i][0];
			range[last][1] = range[i][1];
		} else if (seq_after(range[i][1], range[last][1])) {
			range[last][1] = range[i][1];
		}
	}
	return last + 1;
}

/* Remember a stretch beyond a hole, in order of its start. */
static void keep(struct zeek_side *s, uint32_t start, uint32_t end)
{
	uint32_t range[ZEEK_AHEAD_MAX + 1][2];
	unsigned count = 0, i = 0;

	while (i < s->ahead_count && seq_before(s->ahead[i].start, start)) {
		range[count][0] = s->ahead[i].start;
		range[count++][1] = s->ahead[i++].end;
	}
	range[count][0] = start;
	range[count++][1] = end;
	while (i < s->ahead_count) {
		range[count][0] = s->ahead[i].start;
		range[count++][1] = s->ahead[i++].end;
	}
	s->ahead_count = (uint8_t)join(range, count) & 3;
	for (i = 0; i < s->ahead_count; i++) {
		s->ahead[i].start = range[i][0];
		s->ahead[i].end = range[i][1];
	}
}

/* What Zeek holds in memory: delivered and not acknowledged yet, or beyond a hole. */
static uint64_t held(const struct zeek *z, const struct zeek_side *s)
{
	uint64_t acked = zeek_full(s->acked, s->ack_wraps) - s->start, bytes = 0;

	if (acked < delivered(s) && !(zeek_no_data_acked(s) && zeek_size(z, s) > MAX_INITIAL_WINDOW))
		bytes = delivered(s) - acked;
	for (unsigned i = 0; i < s->ahead_count; i++)
		bytes += s->ahead[i].end - s->ahead[i].start;
	return bytes;
}

static bool gives_up(const struct zeek *z, const struct zeek_side *s)
{
	unsigned count = s->ahead_count;
	uint32_t above = count ? s->ahead[count - 1].end - s->delivered : 0;

	return (above > MAX_ABOVE_HOLE_WITHOUT_ANY_ACKS && zeek_no_data_acked(s)) ||
	       held(z, s) > EXCESSIVE_DATA_WITHOUT_FURTHER_ACKS;
}

void zeek_data(struct zeek *z, struct zeek_side *s, uint64_t seq, uint32_t len)
{
	uint64_t end = seq + len;

	if (s->skipping)
		return;
	if (s->keepalive && seq < 2)
		seq = 2;
	if (end <= seq || end <= delivered(s))
		return;
	if (seq <= delivered(s))
		deliver(s, end);
	else if (end - delivered(s) <= INT32_MAX)
		keep(s, (uint32_t)seq, (uint32_t)end);
	if (gives_up(z, s)) {
		s->ahead_count = 0;
		s->skipping = 1;
	}
}

static bool is_clean(const struct zeek_side *s)
{
	return s->state == ZEEK_ESTABLISHED || (s->state == ZEEK_CLOSED && s->previous == ZEEK_ESTABLISHED);
}

static void count_gap(struct zeek *z, struct zeek_side *s)
{
	if (is_clean(s) && is_clean(zeek_peer(z, s)))
		zeek_count(z, s, gaps, 'G');
}

static void count_gaps(struct zeek *z, struct zeek_side *s, uint64_t ack)
{
	while (s->ahead_count && delivered(s) + (s->ahead[0].start - s->delivered) < ack) {
		count_gap(z, s);
		deliver(s, delivered(s) + (s->ahead[0].start - s->delivered));
	}
	if (delivered(s) < ack)
		count_gap(z, s);
}

void zeek_acked(struct zeek *z, struct zeek_side *s, uint64_t ack)
{
	uint64_t fin_end = zeek_full(s->fin_end, s->fin_end_high);

	if (s->fin_seen && ack >= fin_end)
		ack = fin_end - 1;
	if (ack <= delivered(s) || (s->keepalive && ack <= 2))
		return;
	if (ack <= 2 && z->partial) {
		/* Without a SYN the first number was made up; a keepalive may be one ahead of it. */
		s->keepalive = 1;
		return;
	}
	if (!s->skipping)
		count_gaps(z, s, ack);
	deliver(s, ack);
}
