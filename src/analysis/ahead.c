#include "analysis/ahead.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/text.h"

struct ahead {
	struct source *source;
	const struct ahead_steps *steps;
	struct ahead_batch *ring[AHEAD_RING_MAX];
	/* A thread that has to wait sleeps until half of the ring is there for it: waking up costs more than a batch. */
	unsigned wake_at;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t prepared, taken;   /* batches, ever; guarded by the lock */
	bool finished;              /* nothing more is prepared; likewise */
};

static enum status next(struct ahead *a, struct frame *frames, size_t *ret_count, struct error *error)
{
	if (a->steps->next)
		return a->steps->next(a->steps->context, a->source, frames, ret_count, error);
	return source_next(a->source, frames, ret_count, error);
}

static void note_times(struct ahead_batch *batch, const struct frame *frames, size_t count)
{
	const struct frame *first = &frames[0], *last = &frames[count - 1];

	if (first->has_time && !batch->first_time_ns)
		batch->first_time_ns = first->time_ns;
	if (last->has_time)
		batch->last_time_ns = last->time_ns;
}

static void fill(struct ahead *a, struct ahead_batch *batch)
{
	const struct ahead_steps *steps = a->steps;
	struct frame frames[SOURCE_BATCH];
	size_t got;

	batch->frames = 0;
	batch->first_time_ns = batch->last_time_ns = 0;
	steps->begin(steps->context, batch->prepared);
	do {
		batch->status = next(a, frames, &got, &batch->error);
		if (batch->status != STATUS_OK || !got)
			continue;
		note_times(batch, frames, got);
		steps->prepare(steps->context, batch->prepared, frames, got);
		batch->frames += got;
	} while ((batch->status == STATUS_OK || batch->status == STATUS_IDLE) &&
	         batch->frames + SOURCE_BATCH <= AHEAD_FRAMES);
	if (batch->status == STATUS_IDLE)
		batch->status = STATUS_OK;
	source_position(a->source, &batch->position);
}

static void *read_ahead(void *context)
{
	struct ahead *a = context;
	bool more = true;

	for (uint64_t n = 0; more; n++) {
		struct ahead_batch *batch = a->ring[n % a->steps->ring];

		pthread_mutex_lock(&a->lock);
		if (n - a->taken >= a->steps->ring)
			while (n - a->taken > a->steps->ring - a->wake_at)
				pthread_cond_wait(&a->changed, &a->lock);
		pthread_mutex_unlock(&a->lock);
		fill(a, batch);
		more = batch->status == STATUS_OK;
		pthread_mutex_lock(&a->lock);
		a->prepared++;
		a->finished = !more;
		if (a->prepared - a->taken >= a->wake_at || !more)
			pthread_cond_signal(&a->changed);
		pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

/* The status that ended the reading, and its text. */
static enum status take_all(struct ahead *a, bool threaded, struct error *error)
{
	struct ahead_batch *batch;
	uint64_t n = 0;

	do {
		batch = a->ring[n % a->steps->ring];
		if (threaded) {
			pthread_mutex_lock(&a->lock);
			if (a->prepared <= n)
				while (a->prepared - n < a->wake_at && !a->finished)
					pthread_cond_wait(&a->changed, &a->lock);
			pthread_mutex_unlock(&a->lock);
		} else {
			fill(a, batch);
		}
		a->steps->take(a->steps->context, batch);
		n++;
		/* The last batch is read below, and the other thread waits for no more room. */
		if (batch->status != STATUS_OK)
			break;
		pthread_mutex_lock(&a->lock);
		a->taken = n;
		if (a->prepared - n <= a->steps->ring - a->wake_at)
			pthread_cond_signal(&a->changed);
		pthread_mutex_unlock(&a->lock);
	} while (true);
	if (batch->status != STATUS_END && error)
		*error = batch->error;
	return batch->status == STATUS_END ? STATUS_OK : batch->status;
}

static void free_ring(struct ahead *a)
{
	for (unsigned i = 0; i < a->steps->ring; i++) {
		if (a->ring[i])
			free(a->ring[i]->prepared);
		free(a->ring[i]);
	}
}

static bool make_ring(struct ahead *a)
{
	for (unsigned i = 0; i < a->steps->ring; i++) {
		a->ring[i] = calloc(1, sizeof *a->ring[i]);
		if (!a->ring[i])
			return false;
		a->ring[i]->prepared = calloc(1, a->steps->prepared_size);
		if (!a->ring[i]->prepared)
			return false;
	}
	return true;
}

enum status ahead_run(struct source *source, const struct ahead_steps *steps, struct error *error)
{
	struct ahead a = { .source = source, .steps = steps, .lock = PTHREAD_MUTEX_INITIALIZER,
	                   .changed = PTHREAD_COND_INITIALIZER, .wake_at = steps->ring / 2 };
	enum status status;
	pthread_t reader;
	bool threaded;

	if (!make_ring(&a)) {
		free_ring(&a);
		return error_set(error, STATUS_MEMORY, _("out of memory"));
	}
	threaded = pthread_create(&reader, NULL, read_ahead, &a) == 0;
	if (threaded)
		pthread_setname_np(reader, "tcpwhy-ahead");
	status = take_all(&a, threaded, error);
	if (threaded)
		pthread_join(reader, NULL);
	free_ring(&a);
	return status;
}
