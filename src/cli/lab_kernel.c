/* What the kernel says of a play, beside what its packets say: `tcpwhy lab --kernel`. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cmd_lab.h"
#include "cli/lab_kernel.h"
#include "cli/live_output.h"
#include "cli/message.h"
#include "report/json_text.h"
#include "report/layout.h"

#define STEP_MS 20
#define CALM_NS (5 * NS_PER_S) /* for how long at most it is waited for */

/* Which host of the play has this network namespace; PARTIES for none. */
static unsigned host_of(const struct record *record, uint32_t netns)
{
	unsigned party = 0;

	while (party < PARTIES && record->netns[party] != netns)
		party++;
	return party;
}

/* Others on this host have resets, too. */
static bool concerns(const struct record *record, const struct testimony *testimony)
{
	return (testimony->sender.netns || testimony->receiver.netns) &&
	       (!testimony->sender.netns || host_of(record, testimony->sender.netns) < PARTIES) &&
	       (!testimony->receiver.netns || host_of(record, testimony->receiver.netns) < PARTIES);
}

static void keep(struct lab_kernel *kernel, uint32_t netns, const struct evidence *evidence)
{
	struct told_reset *reset = &kernel->resets[kernel->count];

	if (atomic_load(&kernel->record->has_hosts) && !concerns(kernel->record, evidence->testimony))
		return;
	if (kernel->count == TESTIMONIES_MAX) {
		kernel->not_kept++;
		return;
	}
	reset->netns = netns;
	reset->evidence = *evidence;
	reset->testimony = *evidence->testimony;
	reset->evidence.testimony = &reset->testimony;
	diagnose(&reset->evidence, &reset->verdict);
	kernel->count++;
}

static void on_evidence(void *user, const struct evidence *evidence, bool followed)
{
	(void)followed;
	keep(user, 0, evidence);
}

static void on_within(void *user, uint32_t netns, const struct evidence *evidence)
{
	keep(user, netns, evidence);
}

static void on_late(void *user, const struct evidence *evidence, const struct witness *witness, int64_t time_ns,
                    bool followed)
{
	(void)user, (void)evidence, (void)witness, (void)time_ns, (void)followed;
}

struct lab_kernel *lab_kernel_new(void)
{
	struct lab_kernel *kernel = calloc(1, sizeof *kernel);
	struct tracer_options options = { .counts_states = true };
	struct session_sink sink = { kernel, on_evidence, on_late, on_within };
	struct error error = { STATUS_OK, "" };

	if (kernel && (kernel->resets = calloc(TESTIMONIES_MAX, sizeof *kernel->resets)))
		kernel->session = session_open(&options, &sink, &error);
	else
		error_set(&error, STATUS_MEMORY, "%s", _("out of memory"));
	if (kernel && kernel->session)
		return kernel;
	complain("--kernel: %s", error.text);
	lab_kernel_free(kernel);
	return NULL;
}

/* Holders of sockets are looked for while they live, so somebody has to listen all the time. */
static void *listen_in(void *user)
{
	struct lab_kernel *kernel = user;
	int64_t until = INT64_MAX;

	while (clock_monotonic() < until) {
		session_step(kernel->session, STEP_MS, NULL);
		if (until == INT64_MAX && atomic_load(&kernel->played))
			until = clock_monotonic() + (int64_t)JOIN_NS + STEP_MS * NS_PER_MS;
	}
	session_finish(kernel->session);
	return NULL;
}

/* What was missed before the play is not counted for it, and would spoil it all the same. */
static void await_calm(struct session *session)
{
	int64_t until = clock_monotonic() + CALM_NS;

	while (!session_has_all(session) && clock_monotonic() < until)
		session_step(session, STEP_MS, NULL);
}

static void start_listening(void *listener)
{
	struct lab_kernel *kernel = listener;

	kernel->listens = pthread_create(&kernel->thread, NULL, listen_in, kernel) == 0;
}

void lab_kernel_begin(struct lab_kernel *kernel, struct record *record)
{
	kernel->record = record;
	await_calm(kernel->session);
	kernel->count = 0;
	kernel->not_kept = 0;
	kernel->missed = session_missed(kernel->session);
	kernel->listens = false;
	atomic_store(&kernel->played, false);
	record->begun = start_listening;
	record->listener = kernel;
}

/* The numbers of network namespaces that are gone are given to new ones. */
static bool is_while_played(const struct record *record, int64_t time_ns)
{
	return record->count && time_ns >= record->events[0].time_ns && time_ns <= record->ended_ns;
}

/* The lab itself tries whether its paths carry packets. */
static bool is_trial(const struct evidence *e)
{
	return e->src.port == LAB_TRIAL_PORT || e->dst.port == LAB_TRIAL_PORT;
}

void lab_kernel_end(struct lab_kernel *kernel)
{
	const struct record *record = kernel->record;
	size_t kept = 0;

	atomic_store(&kernel->played, true);
	/* Without a thread all of it is heard now, but that holders of sockets may be gone. */
	if (kernel->listens)
		pthread_join(kernel->thread, NULL);
	else
		listen_in(kernel);
	kernel->missed = session_missed(kernel->session) - kernel->missed;
	for (size_t i = 0; i < kernel->count; i++) {
		struct told_reset *reset = &kernel->resets[i];

		if (!is_while_played(record, reset->evidence.time_ns) || !concerns(record, &reset->testimony) ||
		    is_trial(&reset->evidence))
			continue;
		reset->at = reset->netns ? host_of(record, reset->netns) : WHOLE;
		kernel->resets[kept] = *reset;
		reset = &kernel->resets[kept++];
		reset->evidence.testimony = &reset->testimony;
		reset->verdict.evidence = &reset->evidence;
	}
	kernel->count = kept;
}

uint64_t lab_kernel_missed(const struct lab_kernel *kernel)
{
	return kernel->missed;
}

/* What is seen at one party, or WHOLE, under a heading; whether there was anything. */
static bool show_at(struct buffer *out, const struct lab_kernel *kernel, unsigned at, const char *heading,
                    const struct report_style *style)
{
	bool any = false;

	for (size_t i = 0; i < kernel->count; i++) {
		if (kernel->resets[i].at != at)
			continue;
		if (!any)
			layout_ink(out, style, INK_BOLD, heading);
		any = true;
		live_output_line(out, &kernel->resets[i].verdict);
	}
	return any;
}

void lab_kernel_show(struct buffer *out, const struct lab_kernel *kernel, const struct report_style *style)
{
	struct buffer heading = BUFFER_INIT(256);

	if (!show_at(out, kernel, WHOLE, _("\nand the kernel says\n"), style))
		layout_ink(out, style, INK_BOLD, _("\nand the kernel says nothing\n"));
	for (unsigned at = 0; at < PARTIES; at++) {
		buffer_reset(&heading);
		buffer_printf(&heading, _("and where only %s is watched\n"), lab_party_text(at));
		show_at(out, kernel, at, buffer_text(&heading), style);
	}
	buffer_clear(&heading);
	if (kernel->missed)
		buffer_printf(out, NG_("(%" PRIu64 " event of this host was missed meanwhile)\n",
		                       "(%" PRIu64 " events of this host were missed meanwhile)\n", kernel->missed), kernel->missed);
	if (kernel->not_kept)
		buffer_printf(out, _("(and %" PRIu64 " more on this host that were not kept)\n"), kernel->not_kept);
}

static void put_seen(struct buffer *out, enum party at, const struct verdict *verdict)
{
	json_t *line = json_line_new("seen"), *candidates = json_array();

	json_put(line, "host", json_text(lab_party_id(at)));
	json_put(line, "time", json_time(verdict->evidence->time_ns));
	json_put(line, "src", json_end(&verdict->evidence->src));
	json_put(line, "dst", json_end(&verdict->evidence->dst));
	json_put(line, "cause", json_text(cause_get(verdict->cause)->id));
	json_put(line, "part", json_text(part_id(verdict->evidence->part)));
	json_put(line, "certainty", json_text(certainty_id(verdict->certainty)));
	for (size_t i = 0; i < verdict->candidate_count; i++)
		json_array_append_new(candidates, json_text(cause_get(verdict->candidates[i])->id));
	json_put(line, "candidates", candidates);
	json_line_end(out, line);
}

void lab_kernel_json(struct buffer *out, const struct lab_kernel *kernel)
{
	for (size_t i = 0; i < kernel->count; i++) {
		const struct told_reset *reset = &kernel->resets[i];

		if (reset->at == WHOLE)
			report_json_verdict(out, &reset->verdict, NULL);
		else
			put_seen(out, (enum party)reset->at, &reset->verdict);
	}
}

void lab_kernel_free(struct lab_kernel *kernel)
{
	if (!kernel)
		return;
	session_close(kernel->session);
	free(kernel->resets);
	free(kernel);
}
