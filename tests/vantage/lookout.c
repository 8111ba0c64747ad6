/*
 * The law: of a connection the first segments and the last are kept, in their order, however many there were; once
 * gathered, those of each connection lie side by side, and each frame is found where it is.
 */
#include "base/clock.h"
#include "tap.h"
#include "vantage/lookout.h"

#define LEGS 3
#define SEGMENTS (LEG_MARKS_MAX + 1000)

static struct lookout lookout;

static void see(unsigned which, uint64_t frame, uint16_t flags)
{
	struct segment s = {
		.src = { .address = { .version = 4, .bytes = { 10, 0, 0, 1 } }, .port = (uint16_t)(40000 + which) },
		.dst = { .address = { .version = 4, .bytes = { 10, 0, 0, 2 } }, .port = 80 },
		.flags = flags, .seq = (uint32_t)frame, .version = 4, .ip_id = (uint16_t)frame, .frame = frame,
		.time_ns = (int64_t)frame * NS_PER_MS,
	};
	struct tuple tuple;
	unsigned side = tuple_of(&s.src, &s.dst, &tuple);

	lookout_add(&lookout, lookout_leg(&lookout, &tuple, tuple_hash(&tuple, 1), true), side, &s);
}

static void is_in_order(const struct leg *leg, uint32_t count)
{
	uint32_t met = 0, at = leg->first;
	bool ordered = true, beside = true;

	for (uint32_t last = NONE; at != NONE; last = at, at = lookout.marks[at].next, met++) {
		ordered &= last == NONE || lookout.marks[last].frame < lookout.marks[at].frame;
		beside &= last == NONE || at == last + 1;
	}
	ok(met == count && leg->count == count, "%u of its segments are kept", met);
	ok(ordered && beside, "they lie side by side, in their order");
	ok(lookout.marks[leg->last].next == NONE, "and end where they end");
}

int main(void)
{
	uint64_t frame = 0;
	bool sorted = true;

	lookout_init(&lookout, "x", false);
	/* One connection is long, the others are short and lie between its segments. */
	for (unsigned i = 0; i < SEGMENTS; i++) {
		see(0, ++frame, i ? TCP_ACK : TCP_SYN);
		if (i % 500 == 7)
			see(1 + i / 500 % (LEGS - 1), ++frame, i < 1500 ? TCP_SYN : TCP_ACK);
	}
	ok(lookout_gather(&lookout) && lookout_look_through(&lookout), "gathered");
	is_in_order(&lookout.legs[0], LEG_MARKS_MAX);
	ok(lookout.marks[lookout.legs[0].first].frame == 1, "the first one is kept");
	ok(lookout.legs[0].left_out == SEGMENTS - LEG_MARKS_MAX, "what was let go is counted");
	for (unsigned i = 1; i < LEGS; i++)
		is_in_order(&lookout.legs[i], lookout.legs[i].count);
	for (size_t i = 1; i < lookout.mark_count; i++)
		sorted &= lookout.marks[lookout.by_frame[i - 1]].frame < lookout.marks[lookout.by_frame[i]].frame;
	ok(sorted, "by_frame has them in the order of their frames");
	ok(lookout.hello_count == 4, "the SYNs are listed: %zu", lookout.hello_count);
	lookout_clear(&lookout);
	return done_testing();
}
