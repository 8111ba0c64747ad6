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
#include "live/stacks.h"

#define OWNERS_MAX 64
#define STEP_MS 20 /* how late a complete record may be */
#define COMPLETE_AGAIN_NS NS_PER_S

/*
 * What is known where one looks from: the whole host, or one of its network namespaces, which knows nothing of the ends
 * of connections that are elsewhere.
 */
struct view {
	struct session *session;
	struct joiner *joiner;
	uint32_t netns;           /* 0: all */
};

struct session {
	struct tracer *tracer;
	struct view views[1 + VIEWS_MAX]; /* the first is what is told, the others are for session_sink.within */
	size_t view_count;
	struct session_sink sink;
	struct facts_context context;
	struct stacks *stacks;    /* NULL: they are not asked for */
	struct call_stack frames[2][2]; /* of what is being told: of each end, and of who killed it */
	uint64_t missed;          /* events that were not handed over, or not remembered */
	int64_t missed_ns;        /* when the last of them was noticed, monotonic */
};

uint64_t session_missed(const struct session *session)
{
	uint64_t counts[LIVE_COUNTS];

	tracer_counts(session->tracer, counts);
	return counts[LIVE_COUNT_LOST] + counts[LIVE_COUNT_SAMPLED_OUT] + counts[LIVE_COUNT_MAP_FULL];
}

bool session_has_all(struct session *session)
{
	uint64_t missed = session_missed(session);

	if (missed != session->missed)
		session->missed_ns = clock_monotonic();
	session->missed = missed;
	return !missed || clock_monotonic() - session->missed_ns > COMPLETE_AGAIN_NS;
}

static bool is_followed(const struct session *session, const struct live_end *end)
{
	return end->process.followed || (end->process.pid && tracer_follows(session->tracer, end->process.pid));
}

/* Of who did something, or got something. */
static void add_stack(struct session *session, struct actor *actor, const struct live_process *process,
                      struct call_stack frames[2])
{
	if (!session->stacks || !actor->known || (!process->stack && (actor->act == ACT_UNKNOWN || actor->act == ACT_LISTEN)))
		return;
	stacks_frames(session->stacks, process->stack, &frames[0]);
	actor->stack = &frames[0];
	if (!actor->killer)
		return;
	stacks_frames(session->stacks, process->killer_stack, &frames[1]);
	actor->killer_stack = &frames[1];
}

static void tell(const struct view *view, const struct live_record *record, const struct evidence *evidence)
{
	const struct session *session = view->session;

	if (view == session->views)
		session->sink.evidence(session->sink.user, evidence, is_followed(session, &record->sender) ||
		                                                     is_followed(session, &record->receiver));
	else
		session->sink.within(session->sink.user, view->netns, evidence);
}

static void on_record(void *user, const struct live_record *joined)
{
	const struct view *view = user;
	struct session *session = view->session;
	struct live_record copy = *joined, *record = &copy;
	struct testimony testimony;
	struct evidence evidence;

	if (!record->sent && record->receiver.tuple.version)
		tracer_dropped(session->tracer, &record->receiver.tuple, &record->dropped);
	session->context.complete = session_has_all(session);
	session->context.netns = view->netns;
	/* A refusal whose RST was one too many to be handed over, or an error that nobody takes for an end by the peer. */
	if (!record->sent && !record->received && !record->ignored &&
	    ((!session->context.complete && record->receiver.error == ECONNREFUSED) || !facts_is_ending(record)))
		return;
	session->context.realtime_offset_ns = clock_offset(clock_monotonic);
	facts_fill(&evidence, &testimony, record, &session->context);
	places_fill(&testimony.sender.actor);
	places_fill(&testimony.receiver.actor);
	add_stack(session, &testimony.sender.actor, &record->sender.process, session->frames[0]);
	add_stack(session, &testimony.receiver.actor, &record->receiver.process, session->frames[1]);
	tell(view, record, &evidence);
}

static void on_late(void *user, const struct live_record *record, const struct live_event *event)
{
	const struct view *view = user;
	struct session *session = view->session;
	struct actor actor = { .known = true, .pid = event->process.pid, .fd = -1, .exit_code = -1 };
	struct live_record copy = *record;
	struct witness witness = { .here = true, .actor = actor };
	struct testimony testimony;
	struct evidence evidence;

	if (view != session->views)
		return;
	snprintf(witness.actor.command, sizeof witness.actor.command, "%.*s", (int)sizeof event->process.command,
	         event->process.command);
	if (event->kind == LIVE_SIGPIPE) {
		witness.pipe = live_pipe(event);
		witness.actor.fd = (int)event->fd;
	} else {
		witness.call = event->state == LIVE_CALL_SEND ? CALL_SEND : CALL_RECEIVE;
		witness.error = -event->result;
	}
	facts_fill(&evidence, &testimony, &copy, &session->context);
	witness.at_sender = joiner_is_sender(record, &event->tuple);
	add_stack(session, &witness.actor, &event->process, session->frames[0]);
	session->sink.late(session->sink.user, &evidence, &witness,
	                   session->context.realtime_offset_ns + (int64_t)event->time_ns, event->process.followed);
}

static bool by_timer(void *user, const struct live_event *event)
{
	const struct view *view = user;

	return facts_is_timer(event, view->session->context.reasons);
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
	const struct view *view = user;
	struct session *session = view->session;
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

static bool add_view(struct session *session, uint32_t netns)
{
	struct view *view = &session->views[session->view_count];
	const struct joiner_sink sink = { view, on_record, on_late, by_timer, on_owners };

	*view = (struct view){ session, joiner_new(&sink), netns };
	session->view_count += view->joiner != NULL;
	return view->joiner;
}

/* An event, as far as it is of a network namespace: the other end may be in another, which is not looked into. */
static void look(const struct view *view, const struct live_event *event)
{
	struct live_event own;

	if (view->netns && event->tuple.netns != view->netns)
		return;
	if (!view->netns || (!event->has_peer && !event->ambiguous)) {
		joiner_event(view->joiner, event);
		return;
	}
	own = *event;
	if (event->peer_elsewhere) {
		own.has_peer = 0;
		own.peer = (struct live_past){ 0 };
	}
	/* Which of several namespaces an event is of, is no question here. */
	own.ambiguous = 0;
	joiner_event(view->joiner, &own);
}

static bool has_view(const struct session *session, uint32_t netns)
{
	for (size_t i = 1; i < session->view_count; i++)
		if (session->views[i].netns == netns)
			return true;
	return false;
}

static void on_event(void *user, const struct live_event *event)
{
	struct session *session = user;

	if (session->sink.within && session->view_count <= VIEWS_MAX && !has_view(session, event->tuple.netns))
		add_view(session, event->tuple.netns);
	for (size_t i = 0; i < session->view_count; i++)
		look(&session->views[i], event);
}

static void on_stack(void *user, const struct live_stack *stack)
{
	struct session *session = user;

	stacks_take(session->stacks, stack);
}

struct session *session_open(const struct tracer_options *options, const struct session_sink *sink,
                             struct error *error)
{
	struct session *session = calloc(1, sizeof *session);

	if (session && options->stacks)
		session->stacks = stacks_new();
	if (!session || (options->stacks && !session->stacks) || !add_view(session, options->netns)) {
		stacks_free(session ? session->stacks : NULL);
		free(session);
		error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
		return NULL;
	}
	session->sink = *sink;
	session->tracer = tracer_open(options, error);
	if (!session->tracer) {
		session_close(session);
		return NULL;
	}
	tracer_on_event(session->tracer, on_event, session);
	if (session->stacks)
		tracer_on_stack(session->tracer, on_stack, session);
	session->context = (struct facts_context){
		.reasons = tracer_reasons(session->tracer),
		.tick_ns = clock_tick(),
		.sees_no_socket = tracer_sees_no_socket(session->tracer),
		.sees_drops = tracer_sees_drops(session->tracer),
	};
	return session;
}

struct tracer *session_tracer(struct session *session)
{
	return session->tracer;
}

static bool is_waiting(const struct session *session)
{
	for (size_t i = 0; i < session->view_count; i++)
		if (!joiner_is_empty(session->views[i].joiner))
			return true;
	return false;
}

enum status session_step(struct session *session, int timeout_ms, struct error *error)
{
	bool soon = timeout_ms > STEP_MS && is_waiting(session);
	/* Before the wait: what belongs together may lie in the ring by now, however long this process was held up. */
	uint64_t now_ns = (uint64_t)clock_monotonic();
	enum status status = tracer_poll(session->tracer, soon ? STEP_MS : timeout_ms, error);

	for (size_t i = 0; i < session->view_count; i++)
		joiner_advance(session->views[i].joiner, now_ns);
	return status;
}

void session_finish(struct session *session)
{
	/* What has happened by now lies in the ring, and not always was there time to take it. */
	tracer_poll(session->tracer, 0, NULL);
	for (size_t i = 0; i < session->view_count; i++)
		joiner_finish(session->views[i].joiner);
	while (session->view_count > 1)
		joiner_free(session->views[--session->view_count].joiner);
}

void session_close(struct session *session)
{
	if (!session)
		return;
	tracer_close(session->tracer);
	while (session->view_count > 0)
		joiner_free(session->views[--session->view_count].joiner);
	stacks_free(session->stacks);
	free(session);
}
