#include "live/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "live/facts.h"
#include "live/places.h"

#define OWNERS_MAX 64
#define STEP_MS 20 /* how late a complete record may be */
#define COMPLETE_AGAIN_NS NS_PER_S

struct session {
	struct tracer *tracer;
	struct joiner *joiner;
	struct session_sink sink;
	struct facts_context context;
	bool only_netns;
	uint64_t missed;          /* events that were not handed over */
	int64_t missed_ns;        /* when the last of them was noticed, monotonic */
};

/* The coarse clocks go on by one jiffy at a time. */
static int64_t tick(void)
{
	struct timespec resolution;

	return clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) == 0 ? resolution.tv_nsec : 4 * NS_PER_MS;
}

/* Events that were not handed over may be those that a record lacks. */
static bool is_complete(struct session *session)
{
	uint64_t counts[LIVE_COUNTS], missed;

	if (session->only_netns)
		return false;
	tracer_counts(session->tracer, counts);
	missed = counts[LIVE_COUNT_LOST] + counts[LIVE_COUNT_SAMPLED_OUT];
	if (missed != session->missed)
		session->missed_ns = clock_monotonic();
	session->missed = missed;
	return !missed || clock_monotonic() - session->missed_ns > COMPLETE_AGAIN_NS;
}

static bool is_followed(const struct session *session, const struct live_end *end)
{
	return end->process.followed || (end->process.pid && tracer_follows(session->tracer, end->process.pid));
}

static void on_record(void *user, const struct live_record *joined)
{
	struct session *session = user;
	struct live_record copy = *joined, *record = &copy;
	struct testimony testimony;
	struct evidence evidence;

	if (!record->sent && record->receiver.tuple.version)
		record->has_drop = tracer_drop(session->tracer, &record->receiver.tuple, &record->drop);
	session->context.complete = is_complete(session);
	/* A refusal whose RST was one too many to be handed over, or an error that nobody takes for an end by the peer. */
	if (!record->sent && !record->received && !record->ignored &&
	    ((!session->context.complete && record->receiver.error == ECONNREFUSED) || !facts_is_ending(record)))
		return;
	session->context.realtime_offset_ns = clock_realtime() - clock_boot();
	facts_fill(&evidence, &testimony, record, &session->context);
	places_fill(&testimony.sender.actor);
	places_fill(&testimony.receiver.actor);
	session->sink.evidence(session->sink.user, &evidence, is_followed(session, &record->sender) ||
	                                                      is_followed(session, &record->receiver));
}

static void on_late(void *user, const struct live_record *record, const struct live_event *event)
{
	struct session *session = user;
	struct actor actor = { .known = true, .pid = event->process.pid, .fd = -1, .exit_code = -1 };
	struct witness witness = { .here = true, .actor = actor };
	struct testimony testimony;
	struct evidence evidence;

	snprintf(witness.actor.command, sizeof witness.actor.command, "%.*s", (int)sizeof event->process.command,
	         event->process.command);
	if (event->kind == LIVE_SIGPIPE) {
		witness.pipe = event->result ? PIPE_IGNORED : PIPE_DELIVERED;
		witness.actor.fd = (int)event->fd;
	} else {
		witness.call = event->state == LIVE_CALL_SEND ? CALL_SEND : CALL_RECEIVE;
		witness.error = -event->result;
	}
	facts_fill(&evidence, &testimony, record, &session->context);
	witness.at_sender = joiner_is_sender(record, &event->tuple);
	session->sink.late(session->sink.user, &evidence, &witness,
	                   session->context.realtime_offset_ns + (int64_t)event->time_ns, event->process.followed);
}

static bool by_timer(void *user, const struct live_event *event)
{
	struct session *session = user;

	return facts_is_timer(event, session->context.reasons);
}

static void take_owner(struct session *session, struct live_end *end, const struct tracer_owner *owner)
{
	end->process = (struct live_process){ .pid = owner->pid, .followed = tracer_follows(session->tracer, owner->pid) };
	memcpy(end->process.command, owner->command, sizeof end->process.command);
	end->act = ACT_UNKNOWN;
	end->fd = (int)owner->fd + 1;
}

static void on_owners(void *user, struct live_end **ends, size_t count)
{
	struct session *session = user;
	struct tracer_owner owners[OWNERS_MAX];
	struct tracer_held sockets[OWNERS_MAX] = { 0 };
	size_t found;

	for (size_t i = 0; i < count; i++)
		sockets[i] = (struct tracer_held){ ends[i]->socket.address, ends[i]->socket.inode };
	found = tracer_owners(session->tracer, sockets, count, owners);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < found; k++)
			if (owners[k].socket == ends[i]->socket.address)
				take_owner(session, ends[i], &owners[k]);
}

static void on_event(void *user, const struct live_event *event)
{
	struct session *session = user;

	joiner_event(session->joiner, event);
}

struct session *session_open(const struct tracer_options *options, const struct session_sink *sink,
                             struct error *error)
{
	struct session *session = calloc(1, sizeof *session);
	struct joiner_sink joined = { session, on_record, on_late, by_timer, on_owners };

	if (session)
		session->joiner = joiner_new(&joined);
	if (!session || !session->joiner) {
		free(session);
		error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
		return NULL;
	}
	session->sink = *sink;
	session->only_netns = options->netns;
	session->tracer = tracer_open(options, error);
	if (!session->tracer) {
		session_close(session);
		return NULL;
	}
	tracer_on_event(session->tracer, on_event, session);
	session->context = (struct facts_context){
		.reasons = tracer_reasons(session->tracer),
		.tick_ns = tick(),
		.sees_no_socket = tracer_sees_no_socket(session->tracer),
		.sees_drops = tracer_sees_drops(session->tracer),
	};
	return session;
}

struct tracer *session_tracer(struct session *session)
{
	return session->tracer;
}

enum status session_step(struct session *session, int timeout_ms, struct error *error)
{
	bool waiting = !joiner_is_empty(session->joiner);
	/* Before the wait: what belongs together may lie in the ring by now, however long this process was held up. */
	uint64_t now_ns = (uint64_t)clock_boot();
	enum status status = tracer_poll(session->tracer, waiting && timeout_ms > STEP_MS ? STEP_MS : timeout_ms, error);

	joiner_advance(session->joiner, now_ns);
	return status;
}

void session_finish(struct session *session)
{
	joiner_finish(session->joiner);
}

void session_close(struct session *session)
{
	if (!session)
		return;
	tracer_close(session->tracer);
	joiner_free(session->joiner);
	free(session);
}
