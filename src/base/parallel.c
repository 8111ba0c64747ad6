#include "base/parallel.h"

#include <pthread.h>

struct part {
	void (*work)(void *context, unsigned part);
	void *context;
	unsigned number;
	pthread_t thread;
	bool threaded;
};

static void *run(void *context)
{
	const struct part *part = context;

	part->work(part->context, part->number);
	return NULL;
}

void parallel_run(void (*work)(void *context, unsigned part), void *context, unsigned parts, bool in_turn)
{
	struct part all[PARALLEL_MAX];

	for (unsigned i = 0; i < parts && i < PARALLEL_MAX; i++) {
		all[i] = (struct part){ .work = work, .context = context, .number = i };
		/* The last one is for this thread itself; so is what no thread can be had for. */
		all[i].threaded = !in_turn && i + 1 < parts && pthread_create(&all[i].thread, NULL, run, &all[i]) == 0;
		if (!all[i].threaded)
			run(&all[i]);
	}
	for (unsigned i = 0; i < parts && i < PARALLEL_MAX; i++)
		if (all[i].threaded)
			pthread_join(all[i].thread, NULL);
}
