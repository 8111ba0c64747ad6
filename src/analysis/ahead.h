/*
 * Reading ahead: a second thread reads frames and prepares them while the caller's works on those before. For mapped
 * sources, whose bytes stay valid. Where no thread can be had, the same work is done in turn.
 */
#ifndef TCPWHY_ANALYSIS_AHEAD_H
#define TCPWHY_ANALYSIS_AHEAD_H

#include "source/source.h"

/* Frames that are handed over at a time: enough that handing over costs nothing, few enough to stay in the cache. */
#define AHEAD_FRAMES (4 * SOURCE_BATCH)

struct ahead_batch {
	struct frame frames[AHEAD_FRAMES];
	size_t count;
	struct source_position position;  /* after these frames */
	enum status status;               /* what comes after these frames; STATUS_OK: more */
	struct error error;
	void *prepared;                   /* `prepared_size` bytes for the two steps */
};

struct ahead_steps {
	/* In place of source_next(), or NULL. */
	enum status (*next)(void *context, struct source *source, struct frame frames[SOURCE_BATCH], size_t *ret_count,
	                    struct error *error);
	size_t prepared_size;
	void (*prepare)(void *context, struct ahead_batch *batch);  /* in the other thread, batch after batch */
	void (*take)(void *context, struct ahead_batch *batch);     /* in the caller's, in the same order */
	void *context;
};

/* Read the source to its end. STATUS_OK at the end, else the failure in *error; every batch before was taken. */
enum status ahead_run(struct source *source, const struct ahead_steps *steps, struct error *error);

#endif
