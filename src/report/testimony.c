#include "report/testimony.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "diagnose/explain.h"
#include "report/layout.h"
#include "report/stack.h"

#define ROW_MAX 2048

const char *act_id(enum act act)
{
	static const char *const ids[] = {
		"unknown", "close", "exit", "disconnect", "destroy", "shutdown", "unlisten", "listen", "half-close",
	};

	return ids[act];
}

void testimony_name(struct buffer *out, const struct actor *actor)
{
	layout_name(out, actor->command);
	buffer_printf(out, _(" (pid %" PRIu32 ")"), actor->pid);
}

static void add_exit(struct buffer *out, const struct actor *actor)
{
	const char *name = actor->signal ? sigabbrev_np(actor->signal) : NULL;

	if (!actor->signal) {
		buffer_printf(out, _("ended with exit status %d"), actor->exit_code);
		return;
	}
	buffer_puts(out, _("was killed by "));
	if (name)
		buffer_printf(out, "SIG%s", name);
	else
		buffer_printf(out, _("signal %d"), actor->signal);
	if (!actor->killer)
		return;
	buffer_puts(out, _(", sent by "));
	layout_name(out, actor->killer_command);
	buffer_printf(out, _(" (pid %" PRIu32 ")"), actor->killer);
}

static const char *act_text(enum act act)
{
	switch (act) {
	case ACT_CLOSE: return _("closed it");
	case ACT_DISCONNECT: return _("dissolved it with connect(AF_UNSPEC)");
	case ACT_DESTROY: return _("destroyed the socket from outside");
	case ACT_SHUTDOWN: return _("had shut it down and holds it still");
	case ACT_UNLISTEN: return _("closed the listener");
	case ACT_LISTEN: return _("listens on that port");
	case ACT_HALF_CLOSE: return _("ended its side with shutdown()");
	case ACT_EXIT:
	case ACT_UNKNOWN: break;
	}
	return "";
}

void testimony_act(struct buffer *out, const struct actor *actor)
{
	char ago[CLOCK_TEXT_MAX];

	if (actor->act == ACT_EXIT)
		add_exit(out, actor);
	else
		buffer_puts(out, act_text(actor->act));
	if (out->len && actor->ago_ns && actor->act != ACT_LISTEN && actor->act != ACT_UNKNOWN)
		buffer_printf(out, _(", %s before"), clock_duration(ago, actor->ago_ns));
}

void testimony_outcome(struct buffer *out, const struct witness *witness)
{
	const char *name = witness->error > 0 ? strerrorname_np(witness->error) : NULL;

	if (name && witness->call == CALL_NONE)
		buffer_printf(out, _("gets %s"), name);
	else if (name)
		buffer_printf(out, witness->call == CALL_SEND ? _("got %s from write() or send()")
		                                              : _("got %s from read() or recv()"), name);
	if (witness->pipe == PIPE_NONE)
		return;
	if (out->len)
		buffer_puts(out, ", ");
	buffer_puts(out, witness->pipe == PIPE_DELIVERED ? _("got SIGPIPE") :
	                 witness->pipe == PIPE_BLOCKED ? _("blocks SIGPIPE") : _("ignores SIGPIPE"));
}

/* A clause, behind the separator where there is something before it. */
static void join(struct buffer *out, const char *separator, const char *clause)
{
	if (!*clause)
		return;
	if (out->len)
		buffer_puts(out, separator);
	buffer_puts(out, clause);
}

static void add_place(struct buffer *out, const struct actor *actor)
{
	if (actor->executable[0]) {
		buffer_puts(out, ", ");
		layout_name(out, actor->executable);
	}
	if (actor->cgroup[0] && strcmp(actor->cgroup, "/") != 0) {
		buffer_puts(out, _(", cgroup "));
		layout_name(out, actor->cgroup);
	}
}

static void add_time(struct buffer *out, const char *text, int64_t ns)
{
	char duration[CLOCK_TEXT_MAX];

	if (ns < 0)
		return;
	join(out, "; ", text);
	buffer_puts(out, clock_duration(duration, ns));
}

static void add_numbers(struct buffer *out, const struct witness *witness)
{
	struct {
		const char *text;
		uint64_t bytes;
	} const numbers[] = {
		{ N_("unread: "), witness->unread },
		{ N_("not acknowledged: "), witness->unsent },
		{ N_("received in all: "), witness->received },
		{ N_("delivered in all: "), witness->acked },
	};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		if (!numbers[i].bytes)
			continue;
		join(out, "; ", _(numbers[i].text));
		explain_bytes(out, numbers[i].bytes);
	}
	add_time(out, _("SO_LINGER: "), witness->linger_ns);
	add_time(out, _("age: "), witness->age_ns);
	add_time(out, _("idle: "), witness->idle_ns);
	if (witness->retransmits)
		buffer_printf(out, _("; retransmitted: %" PRIu32), witness->retransmits);
	if (witness->orphan)
		join(out, "; ", _("no program held it any more"));
}

static void add_witness(struct buffer *out, const struct report_style *style, const char *label,
                        const struct witness *witness)
{
	struct buffer text = BUFFER_INIT(ROW_MAX), clause = BUFFER_INIT(ROW_MAX);

	if (witness->actor.known) {
		testimony_name(&text, &witness->actor);
		add_place(&text, &witness->actor);
		testimony_act(&clause, &witness->actor);
		join(&text, ": ", buffer_text(&clause));
	} else if (witness->here) {
		buffer_puts(&text, witness->counted ? _("on this host; no process that holds it was found") : _("on this host"));
		if (witness->none)
			buffer_puts(&text, _(", without a socket"));
	}
	buffer_reset(&clause);
	testimony_outcome(&clause, witness);
	join(&text, "; ", buffer_text(&clause));
	if (witness->state)
		buffer_printf(&text, "%s%s", text.len ? "; " : "", witness->state);
	if (witness->counted)
		add_numbers(&text, witness);
	layout_row(out, style, label, buffer_text(&text));
	stack_rows(out, style, _("called in"), witness->actor.stack);
	stack_rows(out, style, _("killed in"), witness->actor.killer_stack);
	buffer_clear(&text);
	buffer_clear(&clause);
}

void testimony_rows(struct buffer *out, const struct evidence *evidence, const struct report_style *style)
{
	const struct testimony *testimony = evidence->testimony;
	struct buffer text = BUFFER_INIT(ROW_MAX);
	bool client = evidence->sender_role == ROLE_CLIENT, server = evidence->sender_role == ROLE_SERVER;

	if (testimony->reason[0]) {
		layout_name(&text, testimony->reason);
		if (testimony->meaning[0])
			buffer_printf(&text, ": %s", testimony->meaning);
	}
	layout_row(out, style, _("kernel says"), buffer_text(&text));
	buffer_clear(&text);
	add_witness(out, style, client ? _("client") : server ? _("server") : _("sender"), &testimony->sender);
	add_witness(out, style, client ? _("server") : server ? _("client") : _("receiver"), &testimony->receiver);
}

static json_t *actor_json(const struct actor *actor)
{
	json_t *object;

	if (!actor->known)
		return json_null();
	object = json_object();
	json_put_number(object, "pid", actor->pid);
	json_put(object, "command", json_text(actor->command));
	json_put(object, "executable", json_text(actor->executable[0] ? actor->executable : NULL));
	json_put(object, "cgroup", json_text(actor->cgroup[0] ? actor->cgroup : NULL));
	json_put(object, "container", json_text(actor->container[0] ? actor->container : NULL));
	json_put(object, "fd", actor->fd >= 0 ? json_integer(actor->fd) : json_null());
	json_put(object, "act", json_string(act_id(actor->act)));
	json_put_number(object, "ago_ns", (uint64_t)actor->ago_ns);
	json_put(object, "signal", actor->signal ? json_integer(actor->signal) : json_null());
	json_put(object, "exit_status", actor->exit_code >= 0 ? json_integer(actor->exit_code) : json_null());
	json_put(object, "killer_pid", actor->killer ? json_integer(actor->killer) : json_null());
	json_put(object, "killer_command", json_text(actor->killer ? actor->killer_command : NULL));
	stack_put(object, actor);
	return object;
}

static json_t *known_ns(int64_t ns)
{
	return ns >= 0 ? json_integer(ns) : json_null();
}

static json_t *witness_json(const struct witness *witness)
{
	static const char *const pipes[] = { "none", "delivered", "ignored", "blocked" };
	static const char *const calls[] = { NULL, "send", "receive" };
	const char *error = witness->error > 0 ? strerrorname_np(witness->error) : NULL;
	json_t *object = json_object();

	json_put(object, "here", json_boolean(witness->here));
	json_put(object, "process", actor_json(&witness->actor));
	json_put(object, "netns", witness->netns ? json_integer(witness->netns) : json_null());
	json_put(object, "errno", json_text(error));
	json_put(object, "call", json_text(calls[witness->call]));
	json_put(object, "sigpipe", json_string(pipes[witness->pipe]));
	json_put(object, "state", json_text(witness->state));
	if (!witness->counted)
		return object;
	json_put_number(object, "unread_bytes", witness->unread);
	json_put_number(object, "unsent_bytes", witness->unsent);
	json_put_number(object, "received_bytes", witness->received);
	json_put_number(object, "acked_bytes", witness->acked);
	json_put_number(object, "retransmits", witness->retransmits);
	json_put(object, "age_ns", known_ns(witness->age_ns));
	json_put(object, "idle_ns", known_ns(witness->idle_ns));
	json_put(object, "linger_ns", known_ns(witness->linger_ns));
	json_put(object, "orphan", json_boolean(witness->orphan));
	return object;
}

void testimony_put(json_t *line, const struct testimony *testimony)
{
	json_t *kernel = json_object(), *ends = json_object();

	json_put(kernel, "reason", json_text(testimony->reason[0] ? testimony->reason : NULL));
	json_put(kernel, "meaning", json_text(testimony->meaning[0] ? testimony->meaning : NULL));
	json_put(line, "kernel", kernel);
	json_put(ends, "sender", witness_json(&testimony->sender));
	json_put(ends, "receiver", witness_json(&testimony->receiver));
	json_put(line, "ends", ends);
}

void report_json_later(struct buffer *out, const struct evidence *evidence, const struct witness *witness,
                       int64_t time_ns)
{
	json_t *line = json_line_new("later");

	json_put(line, "time", json_time(time_ns));
	json_put(line, "reset_time", json_time(evidence->time_ns));
	json_put(line, "src", json_end(&evidence->src));
	json_put(line, "dst", json_end(&evidence->dst));
	json_put(line, "end", witness_json(witness));
	json_line_end(out, line);
}
