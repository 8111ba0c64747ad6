/* The law: each part is worked on once, and all are done when it returns; in turn, they come in their order. */
#include <stdatomic.h>

#include "base/parallel.h"
#include "tap.h"

struct work {
	atomic_uint times[PARALLEL_MAX], done;
	unsigned order[PARALLEL_MAX];
};

static void work(void *context, unsigned part)
{
	struct work *w = context;

	atomic_fetch_add(&w->times[part], 1);
	w->order[atomic_fetch_add(&w->done, 1)] = part;
}

static void is_done(unsigned parts, bool in_turn)
{
	struct work w = { 0 };
	bool once = true, ordered = true;

	parallel_run(work, &w, parts, in_turn);
	for (unsigned i = 0; i < PARALLEL_MAX; i++)
		once &= w.times[i] == (i < parts);
	for (unsigned i = 0; i < parts; i++)
		ordered &= w.order[i] == i;
	ok(once && w.done == parts, "%u parts%s: each of them once", parts, in_turn ? " in turn" : "");
	if (in_turn)
		ok(ordered, "%u parts in turn: in their order", parts);
}

int main(void)
{
	for (unsigned parts = 0; parts <= PARALLEL_MAX; parts++) {
		is_done(parts, false);
		is_done(parts, true);
	}
	return done_testing();
}
