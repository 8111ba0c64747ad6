#include "cli/probe_show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "report/layout.h"

/* Ports of a group that are listed one by one, with service and round-trip time. */
#define LISTED_MAX 64
#define RANGES_MAX 40 /* of ports, before "and so on" */
#define GROUPS_MAX 40 /* of a host; each costs a look at all its ports */

/* Of a large group some were asked who answers, and stand for the rest. */
#define SAMPLED (UINT32_C(1) << CLUE_SAMPLED)

/* Ports of one host that share everything but number and time. */
static bool alike(const struct scan *scan, const struct finding *findings, size_t a, size_t b)
{
	const struct ask *one = &scan->asks[a], *other = &scan->asks[b];
	const struct finding *f = &findings[a], *g = &findings[b];

	return one->state == other->state && one->doubt == other->doubt && f->by == g->by &&
	       f->cause == g->cause && (f->clues | SAMPLED) == (g->clues | SAMPLED) && one->failure == other->failure &&
	       one->seen.by_icmp == other->seen.by_icmp && one->seen.icmp_type == other->seen.icmp_type &&
	       one->seen.icmp_code == other->seen.icmp_code && one->seen.reporter == other->seen.reporter;
}

static void add_port(struct buffer *out, const struct scan *scan, size_t index)
{
	char name[PORT_NAME_MAX], time[CLOCK_TEXT_MAX];
	int64_t rtt = scan->asks[index].seen.rtt_ns;

	buffer_printf(out, "%s%u", out->len ? ", " : "", scan_port(scan, index));
	port_name(name, scan_port(scan, index));
	if (*name)
		buffer_printf(out, "/%s", name);
	if (rtt >= 0 && scan->asks[index].state != PORT_FILTERED && scan->asks[index].state != PORT_UNKNOWN)
		buffer_printf(out, " (%s)", clock_duration(time, rtt));
}

/* "1-21, 23-79, …": of `members`, `count` asks in ascending order. */
static void add_ranges(struct buffer *out, const struct scan *scan, const uint32_t *members, size_t count)
{
	unsigned ranges = 0;

	for (size_t i = 0; i < count; ranges++) {
		size_t last = i;

		while (last + 1 < count && scan_port(scan, members[last + 1]) == scan_port(scan, members[last]) + 1)
			last++;
		if (ranges == RANGES_MAX) {
			buffer_puts(out, ", …");
			return;
		}
		buffer_printf(out, "%s%u", ranges ? ", " : "", scan_port(scan, members[i]));
		if (last > i)
			buffer_printf(out, "-%u", scan_port(scan, members[last]));
		i = last + 1;
	}
}

static void show_ports(struct buffer *out, const struct scan *scan, const uint32_t *members, size_t count,
                       const struct report_style *style)
{
	struct buffer text = BUFFER_INIT(64 << 10);
	enum port_state state = scan->asks[members[0]].state;

	if (count <= LISTED_MAX) {
		for (size_t i = 0; i < count; i++)
			add_port(&text, scan, members[i]);
	} else {
		buffer_printf(&text, _("%zu ports: "), count);
		add_ranges(&text, scan, members, count);
	}
	layout_row(out, style, port_state_text(state), buffer_text(&text));
	buffer_clear(&text);
}

static void show_evidence(struct buffer *out, const struct scan *scan, const struct finding *finding, size_t index,
                          const struct report_style *style)
{
	struct buffer text = BUFFER_INIT(1024);
	const char *label = _("because");

	probe_doubt_text(&text, scan, index);
	layout_row(out, style, label, buffer_text(&text));
	if (text.len)
		label = "";
	buffer_clear(&text);
	for (unsigned clue = 0; clue < CLUES; clue++)
		if (finding->clues >> clue & 1) {
			layout_row(out, style, label, clue_text((enum clue)clue));
			label = "";
		}
}

static void show_why(struct buffer *out, const struct finding *finding, const struct report_style *style)
{
	struct buffer text = BUFFER_INIT(512);

	if (finding->cause == CAUSE_NONE)
		return;
	buffer_printf(&text, "%s: %s  (%s)", cause_get(finding->cause)->id, _(cause_get(finding->cause)->title),
	              certainty_text((enum certainty)finding->certainty));
	layout_row(out, style, _("why"), buffer_text(&text));
	buffer_clear(&text);
}

static void show_doubts(struct buffer *out, const struct finding *finding, const struct report_style *style)
{
	const char *decides = finding_decides(finding);
	struct buffer text = BUFFER_INIT(512);

	if (finding->certainty == CERTAINTY_CERTAIN || finding->by == BY_HOST)
		return;
	if (finding->other != CAUSE_NONE) {
		buffer_printf(&text, "%s: %s", cause_get(finding->other)->id, _(cause_get(finding->other)->title));
		layout_row(out, style, _("or"), buffer_text(&text));
	}
	if (decides && finding->cause != CAUSE_NONE)
		layout_row(out, style, _("decides"), decides);
	buffer_clear(&text);
}

static const struct finding *least_certain(const struct finding *findings, const uint32_t *members, size_t count)
{
	const struct finding *least = &findings[members[0]];

	for (size_t i = 1; i < count; i++)
		if (findings[members[i]].certainty < least->certainty)
			least = &findings[members[i]];
	return least;
}

static void show_group(struct buffer *out, const struct scan *scan, const struct finding *findings,
                       const uint32_t *members, size_t count, const struct report_style *style)
{
	const struct finding *finding = least_certain(findings, members, count);
	struct buffer text = BUFFER_INIT(512);

	show_ports(out, scan, members, count, style);
	if (finding->by != BY_NOBODY && finding->by != BY_REPORTER)
		layout_row(out, style, _("by"), answered_by_text((enum answered_by)finding->by));
	probe_icmp_text(&text, scan, members[0]);
	layout_row(out, style, _("by"), buffer_text(&text));
	show_why(out, finding, style);
	show_evidence(out, scan, finding, members[0], style);
	show_doubts(out, finding, style);
	buffer_clear(&text);
}

static void show_heading(struct buffer *out, const struct target *target, const struct report_style *style)
{
	struct buffer text = BUFFER_INIT(1024);
	char address[ADDRESS_TEXT_MAX];

	layout_name(&text, target->name);
	address_text(address, &target->path.target);
	if (strcmp(address, target->name) != 0)
		buffer_printf(&text, " (%s)", address);
	layout_ink(out, style, INK_BOLD, buffer_text(&text));
	address_text(address, &target->path.source);
	if (target->by_connect)
		buffer_puts(out, _("  by connect()"));
	else
		buffer_printf(out, _("  by SYNs from %s on %s"), address, target->path.interface_name);
	buffer_puts(out, "\n");
	buffer_clear(&text);
}

/* Take those that are like `first` out of what is not shown yet. */
static size_t take_group(const struct scan *scan, const struct finding *findings, size_t first, size_t end, bool *shown,
                         uint32_t *members)
{
	size_t count = 0, begin = end - scan->port_count;

	for (size_t i = first; i < end; i++)
		if (!shown[i - begin] && alike(scan, findings, first, i)) {
			members[count++] = (uint32_t)i;
			shown[i - begin] = true;
		}
	return count;
}

/* Open ports first. */
static void show_groups(struct buffer *out, const struct scan *scan, const struct finding *findings, size_t begin,
                        bool *shown, uint32_t *members, const struct report_style *style)
{
	static const enum port_state order[] = { PORT_OPEN, PORT_CLOSED, PORT_UNREACHABLE, PORT_FILTERED, PORT_UNKNOWN };
	size_t end = begin + scan->port_count;
	unsigned groups = 0;

	for (size_t s = 0; s < sizeof order / sizeof *order; s++)
		for (size_t i = begin; i < end; i++) {
			if (scan->asks[i].state != order[s] || shown[i - begin])
				continue;
			if (groups++ == GROUPS_MAX) {
				layout_row(out, style, "", _("and more, each in its own way: --json lists them all"));
				return;
			}
			show_group(out, scan, findings, members,
			           take_group(scan, findings, i, end, shown, members), style);
		}
}

void probe_show_target(struct buffer *out, const struct scan *scan, const struct finding *findings, size_t target,
                       const struct report_style *style)
{
	uint32_t *members = calloc(scan->port_count, sizeof *members);
	bool *shown = calloc(scan->port_count, sizeof *shown);

	show_heading(out, &scan->targets[target], style);
	if (members && shown)
		show_groups(out, scan, findings, target * scan->port_count, shown, members, style);
	free(members);
	free(shown);
}

void probe_show_totals(struct buffer *out, const struct scan *scan, int64_t took_ns, const struct report_style *style)
{
	struct buffer text = BUFFER_INIT(1024);
	char time[CLOCK_TEXT_MAX];

	buffer_printf(&text, NG_("%zu port in %s", "%zu ports in %s", scan->ask_count), scan->ask_count,
	              clock_duration(time, took_ns));
	buffer_printf(&text, scan->channel ? _("; SYNs: %" PRIu64 ", answers: %" PRIu64) :
	                     _("; connections tried: %" PRIu64 ", answers: %" PRIu64),
	              scan->counts.sent, scan->counts.received);
	if (scan->counts.dropped)
		buffer_printf(&text, _("; %" PRIu64 " answers came faster than this host could read them, and were asked for again"),
		              scan->counts.dropped);
	if (scan->counts.backlog)
		buffer_printf(&text, _("; this machine dropped %" PRIu64 " packets for want of time"), scan->counts.backlog);
	if (scan->counts.strays)
		buffer_printf(&text, _("; %" PRIu64 " segments acknowledged none of the SYNs and were ignored (forged?)"),
		              scan->counts.strays);
	if (scan->limited)
		buffer_printf(&text, _("; answers are limited to a rate, so it was asked more slowly, %.0f a second at last"),
		              scan->pace);
	layout_ink(out, style, INK_DIM, buffer_text(&text));
	buffer_puts(out, "\n");
	buffer_clear(&text);
}
