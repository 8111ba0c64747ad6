/* A tracer whose events become evidence: what the commands use. */
#ifndef TCPWHY_LIVE_SESSION_H
#define TCPWHY_LIVE_SESSION_H

#include "live/record.h"
#include "live/tracer.h"
#include "reset/evidence.h"

struct session;

struct session_sink {
	void *user;
	/* A reset, or an end that a user takes for one; `followed`: a process that is followed is at one of its ends. */
	void (*evidence)(void *user, const struct evidence *evidence, bool followed);
	/* What a program got later, at `time_ns`, for what was told before: its pipe, or its call and error. */
	void (*late)(void *user, const struct evidence *evidence, const struct witness *witness, int64_t time_ns,
	             bool followed);
	/*
	 * The same as a session with tracer_options.netns tells it, of each network namespace that something was seen in,
	 * the first VIEWS_MAX of them until session_finish(). NULL: not asked for.
	 */
	void (*within)(void *user, uint32_t netns, const struct evidence *evidence);
};

#define VIEWS_MAX 32

/* NULL on failure; the rights that it took are given up again. */
struct session *session_open(const struct tracer_options *options, const struct session_sink *sink,
                             struct error *error);
struct tracer *session_tracer(struct session *session);
/* Wait up to `timeout_ms` for events, and hand over what is complete. */
enum status session_step(struct session *session, int timeout_ms, struct error *error);
/* Hand over what is left. It may be stepped on: everything begins anew. */
void session_finish(struct session *session);
/* How many events of the host were not handed over, or not remembered, until now. */
uint64_t session_missed(const struct session *session);
/* Whether none was lately: those may be what a record lacks, and what was not seen proves nothing then. */
bool session_has_all(struct session *session);
/* NULL is allowed. */
void session_close(struct session *session);

#endif
