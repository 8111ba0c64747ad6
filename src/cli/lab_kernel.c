/* What the kernel says of a play, beside what its packets say: `tcpwhy lab --kernel`. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cmd_lab.h"
#include "cli/live_output.h"
#include "cli/message.h"
#include "report/layout.h"

#define STEP_MS 20
#define TESTIMONIES_MAX 256

/* A reset as the kernel told it, judged. */
struct told_reset {
	struct evidence evidence;
	struct testimony testimony;
	struct verdict verdict;
};

struct lab_kernel {
	struct session *session;
	pthread_t thread;
	atomic_bool played;
	struct told_reset *resets;
	size_t count;
	uint64_t not_kept;
};

static void on_evidence(void *user, const struct evidence *evidence, bool followed)
{
	struct lab_kernel *kernel = user;
	struct told_reset *reset = &kernel->resets[kernel->count];

	(void)followed;
	if (kernel->count == TESTIMONIES_MAX) {
		kernel->not_kept++;
		return;
	}
	reset->evidence = *evidence;
	reset->testimony = *evidence->testimony;
	reset->evidence.testimony = &reset->testimony;
	diagnose(&reset->evidence, &reset->verdict);
	kernel->count++;
}

static void on_late(void *user, const struct evidence *evidence, const struct witness *witness, int64_t time_ns,
                    bool followed)
{
	(void)user, (void)evidence, (void)witness, (void)time_ns, (void)followed;
}

struct lab_kernel *lab_kernel_new(void)
{
	struct lab_kernel *kernel = calloc(1, sizeof *kernel);
	struct tracer_options options = { 0 };
	struct session_sink sink = { kernel, on_evidence, on_late };
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

bool lab_kernel_begin(struct lab_kernel *kernel)
{
	kernel->count = 0;
	kernel->not_kept = 0;
	atomic_store(&kernel->played, false);
	return pthread_create(&kernel->thread, NULL, listen_in, kernel) == 0;
}

/* Others on this host have resets, too … */
static bool is_of(const struct record *record, uint32_t netns)
{
	for (unsigned i = 0; i < PARTIES; i++)
		if (record->netns[i] == netns)
			return true;
	return false;
}

/* … and the numbers of network namespaces that are gone are given to new ones. */
static bool is_while_played(const struct record *record, int64_t time_ns)
{
	return record->count && time_ns >= record->events[0].time_ns && time_ns <= record->ended_ns;
}

static bool concerns(const struct record *record, const struct testimony *testimony)
{
	return (testimony->sender.netns || testimony->receiver.netns) &&
	       (!testimony->sender.netns || is_of(record, testimony->sender.netns)) &&
	       (!testimony->receiver.netns || is_of(record, testimony->receiver.netns));
}

/* The lab itself tries whether its paths carry packets. */
static bool is_trial(const struct evidence *e)
{
	return e->src.port == LAB_TRIAL_PORT || e->dst.port == LAB_TRIAL_PORT;
}

void lab_kernel_end(struct lab_kernel *kernel, const struct record *record)
{
	size_t kept = 0;

	atomic_store(&kernel->played, true);
	pthread_join(kernel->thread, NULL);
	for (size_t i = 0; i < kernel->count; i++) {
		struct told_reset *reset = &kernel->resets[i];

		if (!is_while_played(record, reset->evidence.time_ns) || !concerns(record, &reset->testimony) ||
		    is_trial(&reset->evidence))
			continue;
		kernel->resets[kept] = *reset;
		reset = &kernel->resets[kept++];
		reset->evidence.testimony = &reset->testimony;
		reset->verdict.evidence = &reset->evidence;
	}
	kernel->count = kept;
}

void lab_kernel_show(struct buffer *out, const struct lab_kernel *kernel, const struct report_style *style)
{
	layout_ink(out, style, INK_BOLD, kernel->count ? _("\nand the kernel says\n") : _("\nand the kernel says nothing\n"));
	for (size_t i = 0; i < kernel->count; i++)
		live_output_line(out, &kernel->resets[i].verdict);
	if (kernel->not_kept)
		buffer_printf(out, _("(and %" PRIu64 " more on this host that were not kept)\n"), kernel->not_kept);
}

void lab_kernel_json(struct buffer *out, const struct lab_kernel *kernel)
{
	for (size_t i = 0; i < kernel->count; i++)
		report_json_verdict(out, &kernel->resets[i].verdict, NULL);
}

/* The cause that the kernel is to say, CAUSE_NONE for none. A row of the account names what is seen at the server. */
static enum cause_id wanted(const struct record *record)
{
	const struct scenario *s = record->scenario;

	if (s->kernel.kind == TOLD_NOTHING)
		return CAUSE_NONE;
	if (s->kernel.kind == TOLD_AS)
		return (enum cause_id)s->kernel.as;
	if (record->cause != CAUSE_NONE)
		return record->cause;
	return s->told[PARTY_SERVER].kind == TOLD_AS ? (enum cause_id)s->told[PARTY_SERVER].as : CAUSE_NONE;
}

static bool says(const struct scenario *scenario, const struct verdict *verdict, enum cause_id cause)
{
	if (scenario->kernel.kind != TOLD_AMONG)
		return verdict->cause == cause && (verdict->certainty == CERTAINTY_CERTAIN || verdict->evidence->is_ending);
	return verdict->cause == cause ||
	       (verdict->cause == scenario->kernel.as && verdict->certainty != CERTAINTY_CERTAIN &&
	        verdict_has_candidate(verdict, cause));
}

static bool is_allowed(const struct scenario *scenario, const struct verdict *verdict)
{
	for (const uint8_t *also = scenario->kernel_also; also && *also != CAUSES; also++)
		if (*also == verdict->cause)
			return true;
	for (const uint8_t *also = scenario->also; also && *also != CAUSES; also++)
		if (*also == verdict->cause)
			return true;
	return verdict->certainty != CERTAINTY_CERTAIN || verdict->evidence->part == PART_ECHO;
}

void lab_kernel_judge(struct record *record, const struct lab_kernel *kernel)
{
	enum cause_id cause = wanted(record);
	bool found = cause == CAUSE_NONE;

	for (size_t i = 0; i < kernel->count; i++) {
		const struct verdict *verdict = &kernel->resets[i].verdict;

		if (cause != CAUSE_NONE && says(record->scenario, verdict, cause))
			found = true;
		else if (!is_allowed(record->scenario, verdict))
			record_fault(record, _("the kernel says %s (%s)"), cause_get(verdict->cause)->id,
			             certainty_text(verdict->certainty));
	}
	if (kernel->not_kept)
		record_fault(record, _("the kernel says more than is kept: %" PRIu64 " resets"), kernel->not_kept);
	if (!found)
		record_fault(record, _("the kernel does not say %s"), cause_get(cause)->id);
}

void lab_kernel_free(struct lab_kernel *kernel)
{
	if (!kernel)
		return;
	session_close(kernel->session);
	free(kernel->resets);
	free(kernel);
}
