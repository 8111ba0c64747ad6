/*
 * Reading ahead: a second thread reads frames and prepares them while the caller's works on those before. For mapped
 * sources, whose bytes stay valid. Where no thread can be had, the same work is done in turn.
 *
 * What goes from one thread to the other is what was prepared, and no frames: it passes from the cache of one core to
 * that of another, and every line of it costs.
 */
#ifndef TCPWHY_ANALYSIS_AHEAD_H
#define TCPWHY_ANALYSIS_AHEAD_H

#include "source/source.h"

/* Frames that are handed over at a time: enough that handing over costs nothing, few enough to stay in the cache. */
#define AHEAD_FRAMES (4 * SOURCE_BATCH)

struct ahead_batch {
	size_t frames;                    /* so many were read; at most AHEAD_FRAMES */
	int64_t first_time_ns, last_time_ns; /* of those that have a time; 0 where none has */
	struct source_position position;  /* after these frames */
	enum status status;               /* what comes after these frames; STATUS_OK: more */
	struct error error;
	void *prepared;                   /* `prepared_size` bytes for the steps */
};

#define AHEAD_RING_MAX 64

struct ahead_steps {
	unsigned ring;  /* batches on their way, to even out the pace; even, at most AHEAD_RING_MAX */
	/* In place of source_next(), or NULL. */
	enum status (*next)(void *context, struct source *source, struct frame frames[SOURCE_BATCH], size_t *ret_count,
	                    struct error *error);
	size_t prepared_size;
	/* A batch begins: forget what `prepared` held. In the other thread, as prepare(). */
	void (*begin)(void *context, void *prepared);
	/* Add some frames, in order; several times a batch. */
	void (*prepare)(void *context, void *prepared, const struct frame *frames, size_t count);
	void (*take)(void *context, struct ahead_batch *batch);     /* in the caller's, in the same order */
	void *context;
};

/* Read the source to its end. STATUS_OK at the end, else the failure in *error; every batch before was taken. */
enum status ahead_run(struct source *source, const struct ahead_steps *steps, struct error *error);

#endif
