#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/probe_hosts.h"
#include "cli/probe_show.h"
#include "cli/probe_watch.h"
#include "cli/progress.h"
#include "cli/terminal.h"

/* Between two looks at ports that are waited for. */
#define WAIT_STEP_NS (250 * NS_PER_MS)
/* A day: longer than anybody waits, and far from an overflow. */
#define SECONDS_MAX 86400
#define RATE_MAX 10000000
/* What is built before it is printed: a thousand lines of JSON. */
#define PRINT_FROM (1u << 19)

struct probe_settings {
	bool json, watch, connect, ipv4, ipv6;
	uint64_t rate, interval_s, count, wait_open_s;
};

static enum exit_status run(const void *settings, int count, char **operands);

#define SETTING(member) offsetof(struct probe_settings, member)

static const struct cli_option options[] = {
	{ "json", 0, OPTION_FLAG, NULL, N_("one JSON object a port, and one for all"), SETTING(json) },
	{ "watch", 'w', OPTION_FLAG, NULL, N_("probe one port again and again, until ^C"), SETTING(watch) },
	{ "interval", 'i', OPTION_NUMBER, "SECONDS", N_("with --watch: from one probe to the next, instead of 1"),
	  SETTING(interval_s) },
	{ "count", 'c', OPTION_NUMBER, "N", N_("with --watch: N probes, and no more"), SETTING(count) },
	{ "wait-open", 0, OPTION_NUMBER, "SECONDS", N_("until all ports are open, SECONDS at most"), SETTING(wait_open_s) },
	{ "rate", 'r', OPTION_NUMBER, "N", N_("send at most N SYNs a second"), SETTING(rate) },
	{ "connect", 0, OPTION_FLAG, NULL, N_("by connect(), as without privileges: who answered is not told"),
	  SETTING(connect) },
	{ "ipv4", '4', OPTION_FLAG, NULL, N_("IPv4 addresses of names only"), SETTING(ipv4) },
	{ "ipv6", '6', OPTION_FLAG, NULL, N_("IPv6 addresses of names only"), SETTING(ipv6) },
	{ 0 },
};

static const char *const notes[] = {
	N_("PORTS are numbers, ranges and services: 22  80,443  1-1024  ssh  - (all). Further HOSTs may follow."),
	N_("SYNs need root, or CAP_NET_RAW; without, it connects, and says so. Ask only hosts that you may ask."),
	N_("Exit status: 0 all ports are open, 1 they are not, 2 wrong usage, 3 it could not be told."),
	NULL,
};

const struct command cmd_probe = {
	.name = "probe",
	.operands = N_("HOST PORTS…"),
	.summary = N_("is the port open, closed or filtered, and who really answered?"),
	.notes = notes,
	.options = options,
	.settings_size = sizeof(struct probe_settings),
	.run = run,
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* The second one ends the program, as ever. */
static void stop_on_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int64_t deadline_ns; /* of --wait-open; 0: none */

static bool is_stopped(void *user)
{
	(void)user;
	return interrupted || (deadline_ns && clock_monotonic() >= deadline_ns);
}

static void show_progress(void *user, uint64_t done, uint64_t total)
{
	(void)user;
	progress_count(done, total);
}

/* What all scans of this run have in common. */
struct probing {
	const struct probe_settings *settings;
	struct report_style style;
	struct buffer text;
	bool some_not_open, some_untold;
	bool said_connect;
};

static enum status open_scan(struct probing *probing, struct target *targets, size_t count,
                             const struct port_set *ports, struct scan **ret_scan)
{
	struct scan_options wanted = {
		.connect = probing->settings->connect || probing->said_connect,
		.rate = probing->settings->rate,
		.stopped = is_stopped,
		.progress = show_progress,
	};
	struct target *again = calloc(count, sizeof *again);
	struct error error = { STATUS_OK, "" };
	enum status status;

	if (again)
		memcpy(again, targets, count * sizeof *again);
	status = scan_new(targets, count, ports, &wanted, ret_scan, &error);
	if (status == STATUS_UNSUPPORTED && again) {
		complain("%s", _("only root, or CAP_NET_RAW, may send SYNs of its own: it connects instead"));
		advise("%s", _("who answered is not told so, and programs notice the connections"));
		probing->said_connect = wanted.connect = true;
		status = scan_new(again, count, ports, &wanted, ret_scan, &error);
		again = NULL;
	}
	free(again);
	if (status != STATUS_OK) {
		complain("%s", error.text);
		probing->some_untold = true;
	}
	return status;
}

static void count_states(struct probing *probing, const struct scan *scan)
{
	for (size_t i = 0; i < scan->ask_count; i++) {
		probing->some_untold |= scan->asks[i].state == PORT_UNKNOWN;
		probing->some_not_open |= scan->asks[i].state != PORT_UNKNOWN && scan->asks[i].state != PORT_OPEN;
	}
}

static void print_json(struct probing *probing, const struct scan *scan, const struct finding *findings,
                       int64_t took_ns)
{
	for (size_t i = 0; i < scan->ask_count; i++) {
		probe_json_port(&probing->text, scan, findings, i, 0);
		if (probing->text.len >= PRINT_FROM)
			terminal_print(&probing->text);
	}
	probe_json_totals(&probing->text, scan, took_ns);
	terminal_print(&probing->text);
}

static void print_text(struct probing *probing, const struct scan *scan, const struct finding *findings,
                       int64_t took_ns)
{
	for (size_t i = 0; i < scan->target_count; i++) {
		probe_show_target(&probing->text, scan, findings, i, &probing->style);
		terminal_print(&probing->text);
	}
	probe_show_totals(&probing->text, scan, took_ns, &probing->style);
	terminal_print(&probing->text);
}

static void tell(struct probing *probing, struct scan *scan, int64_t began_ns)
{
	struct finding *findings = calloc(scan->ask_count, sizeof *findings);

	if (!findings) {
		complain("%s", _("out of memory"));
		probing->some_untold = true;
		return;
	}
	who_find(scan, findings);
	progress_clear();
	if (scan->failure.status != STATUS_OK)
		complain("%s", scan->failure.text);
	if (probing->settings->json)
		print_json(probing, scan, findings, clock_monotonic() - began_ns);
	else
		print_text(probing, scan, findings, clock_monotonic() - began_ns);
	count_states(probing, scan);
	free(findings);
}

/* Whether all are open now. */
static bool are_open(const struct scan *scan)
{
	for (size_t i = 0; i < scan->ask_count; i++)
		if (scan->asks[i].state != PORT_OPEN)
			return false;
	return true;
}

/* Again until all are open. What is told at the end is the last look that was not broken off, where there was one. */
static void wait_open(struct scan *scan)
{
	struct ask *last = calloc(scan->ask_count, sizeof *last);
	bool complete = false;

	while (!is_stopped(NULL)) {
		int64_t next = clock_monotonic() + WAIT_STEP_NS;

		scan_again(scan);
		scan_run(scan);
		if (are_open(scan) || !last)
			break;
		if (!is_stopped(NULL)) {
			memcpy(last, scan->asks, scan->ask_count * sizeof *last);
			complete = true;
		}
		while (!is_stopped(NULL) && clock_monotonic() < next) {
			struct timespec pause = { 0, 10 * NS_PER_MS };

			nanosleep(&pause, NULL);
		}
	}
	if (complete && !are_open(scan))
		memcpy(scan->asks, last, scan->ask_count * sizeof *last);
	free(last);
}

static void probe(struct probing *probing, struct scan *scan)
{
	int64_t began = clock_monotonic();

	if (probing->settings->wait_open_s) {
		wait_open(scan);
		deadline_ns = 0;
	} else {
		scan_run(scan);
	}
	tell(probing, scan, began);
}

static enum exit_status watch(struct probing *probing, struct scan *scan)
{
	struct probe_watch_options watch_options = {
		.json = probing->settings->json,
		.interval_ns = NS_PER_S * (int64_t)(probing->settings->interval_s ? probing->settings->interval_s : 1),
		.count = probing->settings->count,
		.stopped = is_stopped,
	};

	return probe_watch(scan, &watch_options);
}

static enum exit_status probe_all(struct probing *probing, struct probe_hosts *hosts)
{
	struct target *targets;
	size_t count;

	while (!interrupted && (count = probe_hosts_take(hosts, &targets)) > 0) {
		struct scan *scan;

		if (open_scan(probing, targets, count, &hosts->ports, &scan) != STATUS_OK)
			continue;
		if (probing->settings->watch) {
			enum exit_status status = watch(probing, scan);

			scan_free(scan);
			return status;
		}
		probe(probing, scan);
		scan_free(scan);
	}
	if (interrupted)
		return EXIT_UNTOLD;
	return probing->some_not_open ? EXIT_FAILED : probing->some_untold || hosts->failed ? EXIT_UNTOLD : EXIT_DONE;
}

static enum exit_status check(const struct probe_settings *settings, int count)
{
	if (count < 2)
		return usage_error(&cmd_probe, "%s", _("which host, and which ports?"));
	if (settings->ipv4 && settings->ipv6)
		return usage_error(&cmd_probe, "%s", _("--ipv4 or --ipv6: one of them"));
	if ((settings->interval_s || settings->count) && !settings->watch)
		return usage_error(&cmd_probe, "%s", _("--interval and --count go with --watch"));
	if (settings->watch && settings->wait_open_s)
		return usage_error(&cmd_probe, "%s", _("--watch or --wait-open: one of them"));
	if (settings->interval_s > SECONDS_MAX || settings->wait_open_s > SECONDS_MAX)
		return usage_error(&cmd_probe, _("at most %d seconds"), SECONDS_MAX);
	if (settings->rate > RATE_MAX)
		return usage_error(&cmd_probe, _("--rate: at most %d"), RATE_MAX);
	return EXIT_DONE;
}

static enum exit_status run(const void *given, int count, char **operands)
{
	const struct probe_settings *settings = given;
	struct probing probing = { .settings = settings, .text = BUFFER_INIT(PRINTED_MAX) };
	enum exit_status status = check(settings, count);
	struct probe_hosts hosts;

	if (status != EXIT_DONE)
		return status;
	terminal_style(&probing.style);
	if (!probe_hosts_init(&hosts, operands, settings->ipv4 ? 4 : settings->ipv6 ? 6 : 0))
		status = EXIT_USAGE;
	else if (settings->watch && (hosts.count > 1 || ports_count(&hosts.ports) > 1))
		status = usage_error(&cmd_probe, "%s", _("--watch takes one host and one port"));
	else if (!hosts.count)
		status = EXIT_UNTOLD;
	if (status == EXIT_DONE) {
		stop_on_interrupt();
		if (settings->wait_open_s)
			deadline_ns = clock_monotonic() + (int64_t)settings->wait_open_s * NS_PER_S;
		status = probe_all(&probing, &hosts);
	}
	probe_hosts_clear(&hosts);
	buffer_clear(&probing.text);
	return status;
}
