#include "cli/probe_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/message.h"
#include "cli/probe_show.h"
#include "cli/terminal.h"
#include "report/layout.h"

/* Round-trip times that percentiles are made of: those of the last day, at one a second. */
#define TIMES_MAX 86400

struct watched {
	struct scan *scan;
	const struct probe_watch_options *options;
	struct report_style style;
	struct buffer text;
	int64_t *times;
	uint64_t timed;                             /* in all; the last TIMES_MAX are kept */
	uint64_t states[PORT_UNREACHABLE + 1];
	uint64_t probes, changes;
	enum port_state last;
	int64_t since_ns;                           /* of the last change, clock_realtime() */
};

static enum ink state_ink(enum port_state state)
{
	return state == PORT_OPEN ? INK_GREEN : state == PORT_UNKNOWN ? INK_YELLOW : INK_RED;
}

static void say_change(struct watched *watched, enum port_state state, int64_t now)
{
	char time[CLOCK_TEXT_MAX];

	if (watched->probes > 1 && state != watched->last) {
		watched->changes++;
		buffer_printf(&watched->text, _("  it was %s for %s"), port_state_text(watched->last),
		              clock_duration(time, now - watched->since_ns));
	}
	if (watched->probes == 1 || state != watched->last)
		watched->since_ns = now;
	watched->last = state;
}

static void tell_text(struct watched *watched, int64_t now)
{
	const struct ask *ask = &watched->scan->asks[0];
	struct buffer why = BUFFER_INIT(512);
	char time[CLOCK_TEXT_MAX];

	buffer_printf(&watched->text, "%s  ", clock_timestamp(time, now));
	layout_ink(&watched->text, &watched->style, state_ink(ask->state), port_state_text(ask->state));
	if (ask->state == PORT_OPEN || ask->state == PORT_CLOSED)
		buffer_printf(&watched->text, "  %s", clock_duration(time, ask->seen.rtt_ns));
	if (ask->tries > 1 && ask->state != PORT_FILTERED)
		buffer_printf(&watched->text, _("  at the %u. try"), ask->answered_try);
	probe_doubt_text(&why, watched->scan, 0);
	probe_icmp_text(&why, watched->scan, 0);
	if (why.len)
		buffer_printf(&watched->text, "  %s", buffer_text(&why));
	buffer_clear(&why);
}

static void tell(struct watched *watched)
{
	const struct ask *ask = &watched->scan->asks[0];
	int64_t now = clock_realtime();

	watched->probes++;
	watched->states[ask->state]++;
	if (ask->state == PORT_OPEN && ask->seen.rtt_ns >= 0 && watched->times)
		watched->times[watched->timed++ % TIMES_MAX] = ask->seen.rtt_ns;
	if (watched->options->json) {
		struct finding finding = { .cause = CAUSE_NONE, .other = CAUSE_NONE };

		finding.clues = watched->scan->targets[0].by_connect ? 1u << CLUE_CONNECTED : 0;
		finding_decide(watched->scan, 0, &finding);
		probe_json_port(&watched->text, watched->scan, &finding, 0, now);
	} else {
		tell_text(watched, now);
	}
	say_change(watched, ask->state, now);
	if (!watched->options->json)
		buffer_puts(&watched->text, "\n");
	terminal_print(&watched->text);
	fflush(stdout);
}

static int compare_times(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;

	return (one > other) - (one < other);
}

static void add_time(struct buffer *out, const char *name, int64_t ns)
{
	char time[CLOCK_TEXT_MAX];

	buffer_printf(out, "%s%s %s", out->len ? ", " : "", name, clock_duration(time, ns));
}

/* Round-trip times, from the least to the most. */
static const struct percentile {
	const char *name;
	unsigned percent;
} percentiles[] = { { N_("least"), 0 }, { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { N_("most"), 100 } };

/* How many times are kept, in ascending order now. */
static size_t sort_times(struct watched *watched)
{
	size_t count = watched->timed < TIMES_MAX ? watched->timed : TIMES_MAX;

	if (count)
		qsort(watched->times, count, sizeof *watched->times, compare_times);
	return count;
}

static int64_t time_at(const struct watched *watched, size_t count, unsigned percent)
{
	size_t at = count * percent / 100;

	return watched->times[at < count ? at : count - 1];
}

static void tell_times(struct watched *watched)
{
	size_t count = sort_times(watched);
	struct buffer text = BUFFER_INIT(512);

	if (!count)
		return;
	for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++)
		add_time(&text, _(percentiles[i].name), time_at(watched, count, percentiles[i].percent));
	layout_row(&watched->text, &watched->style, _("open in"), buffer_text(&text));
	buffer_clear(&text);
}

static void tell_end_text(struct watched *watched)
{
	struct buffer text = BUFFER_INIT(512);

	buffer_printf(&text, NG_("%" PRIu64 " probe", "%" PRIu64 " probes", watched->probes), watched->probes);
	for (int state = PORT_OPEN; state <= PORT_UNREACHABLE; state++)
		if (watched->states[state])
			buffer_printf(&text, ", %" PRIu64 " %s", watched->states[state], port_state_text((enum port_state)state));
	if (watched->states[PORT_UNKNOWN])
		buffer_printf(&text, ", %" PRIu64 " %s", watched->states[PORT_UNKNOWN], port_state_text(PORT_UNKNOWN));
	buffer_printf(&text, NG_(", %" PRIu64 " change", ", %" PRIu64 " changes", watched->changes), watched->changes);
	layout_row(&watched->text, &watched->style, _("in all"), buffer_text(&text));
	tell_times(watched);
	buffer_clear(&text);
}

static void tell_end_json(struct watched *watched)
{
	json_t *line = probe_json_watched(watched->scan), *times = json_null();
	size_t count = sort_times(watched);

	json_put_number(line, "probes", watched->probes);
	for (int state = PORT_UNKNOWN; state <= PORT_UNREACHABLE; state++)
		json_put_number(line, port_state_id((enum port_state)state), watched->states[state]);
	json_put_number(line, "changes", watched->changes);
	if (count)
		times = json_object();
	for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles && count; i++)
		json_put_number(times, percentiles[i].name, (uint64_t)time_at(watched, count, percentiles[i].percent));
	json_put(line, "rtt", times);
	json_line_end(&watched->text, line);
}

static void tell_end(struct watched *watched)
{
	if (watched->options->json)
		tell_end_json(watched);
	else
		tell_end_text(watched);
	terminal_print(&watched->text);
}

static void sleep_until(const struct watched *watched, int64_t until_ns)
{
	while (!watched->options->stopped(NULL) && clock_monotonic() < until_ns) {
		int64_t left = until_ns - clock_monotonic();
		struct timespec pause = { left / NS_PER_S, left % NS_PER_S };

		/* A signal ends it. */
		if (left > 0)
			nanosleep(&pause, NULL);
	}
}

enum exit_status probe_watch(struct scan *scan, const struct probe_watch_options *options)
{
	struct watched watched = {
		.scan = scan,
		.options = options,
		.text = BUFFER_INIT(PRINTED_MAX),
		.times = calloc(TIMES_MAX, sizeof *watched.times),
	};

	terminal_style(&watched.style);
	while (!options->stopped(NULL) && (!options->count || watched.probes < options->count)) {
		int64_t began = clock_monotonic();

		scan_again(scan);
		scan_run(scan);
		/* What was stopped in the middle says nothing. */
		if (options->stopped(NULL) && scan->asks[0].state == PORT_UNKNOWN)
			break;
		tell(&watched);
		if (!options->count || watched.probes < options->count)
			sleep_until(&watched, began + options->interval_ns);
	}
	tell_end(&watched);
	free(watched.times);
	buffer_clear(&watched.text);
	if (!watched.probes || watched.last == PORT_UNKNOWN)
		return EXIT_UNTOLD;
	return watched.last == PORT_OPEN ? EXIT_DONE : EXIT_FAILED;
}
