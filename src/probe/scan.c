#include "probe/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "probe/connect.h"
#include "probe/engine.h"
#include "probe/loss.h"

/* SYNs in flight: the queue before a processor holds 1000 packets (net.core.netdev_max_backlog); 256 never fill it. */
#define LINK_WINDOW 256
#define FAR_WINDOW 64
#define WINDOW_ALL_MAX 1024
#define WINDOW_MIN 16
/* A second, to hosts beyond this machine's links, where the user says nothing. */
#define FAR_RATE 5000
/* So many ports of a host, and they go to its link as frames. */
#define FRAMES_FROM 1024
#define NEIGHBOUR_WAIT_NS (50 * NS_PER_MS)
#define NEIGHBOUR_LOOK_NS (1 * NS_PER_MS)
/* Linux asks three times, a second apart (mcast_solicit, retrans_time_ms). */
#define NEIGHBOUR_PATIENCE_NS (4 * NS_PER_S)
#define NEIGHBOUR_STEP_NS (50 * NS_PER_MS)

#define ROUNDS_MAX 40
/* A SYN, and the one that the kernel sends a second later. */
#define CONNECT_WAIT_NS (1100 * NS_PER_MS)
/* The last answer to the last SYN. */
#define LAST_WAIT_MIN_NS (200 * NS_PER_MS)

/* ICMP errors to a peer: Linux lets six through, then one a second (icmp_ratelimit, XRLIM_BURST_FACTOR). */
#define SAMPLE_PORTS 4
#define SAMPLE_GAP_NS (1100 * NS_PER_MS)

uint16_t scan_port(const struct scan *scan, size_t index)
{
	return scan->ports[index % scan->port_count];
}

struct target *scan_target(const struct scan *scan, size_t index)
{
	return &scan->targets[index / scan->port_count];
}

/* ---- what is asked next */

/* A step through all asks that visits each once and does not go through ports in order, nor host by host. */
static size_t scattering_step(size_t count)
{
	size_t step = (size_t)((double)count * 0.618) | 1;

	for (;; step += 2) {
		size_t a = step, b = count;

		while (b) {
			size_t rest = a % b;

			a = b;
			b = rest;
		}
		if (a == 1)
			return step;
	}
}

static void find_pending(struct scan *scan)
{
	size_t step = scattering_step(scan->ask_count), at = 0;

	scan->pending_count = 0;
	for (size_t i = 0; i < scan->ask_count; i++, at = (at + step) % scan->ask_count)
		if (scan->asks[at].state == PORT_UNKNOWN && !scan->asks[at].failure)
			scan->pending[scan->pending_count++] = (uint32_t)at;
}

/* ---- the phases */

/* Have the next hop's address looked up by a first packet, where many will follow. */
static void meet_neighbours(struct scan *scan)
{
	int64_t until = clock_monotonic() + NEIGHBOUR_WAIT_NS;

	if (scan->port_count < FRAMES_FROM || scan->targets[0].path.local)
		return;
	scan->pending_count = 0;
	for (size_t i = 0; i < scan->target_count; i++)
		scan->pending[scan->pending_count++] = (uint32_t)(i * scan->port_count);
	engine_round(scan);
	for (size_t i = 0; i < scan->target_count && !scan_stopped(scan); i++)
		while (scan->targets[i].path.ethernet && !path_resolve(&scan->targets[i].path) && clock_monotonic() < until)
			engine_listen(scan, clock_monotonic() + NEIGHBOUR_LOOK_NS);
}

/* The second time at once, for what overflowed a queue; the others spread over the wait that must be, anyhow. */
static void take_pause(struct scan *scan, int64_t began_ns)
{
	if (scan->round >= 2)
		engine_listen(scan, began_ns + scan->options.patience_ns / loss_tries_needed(scan));
}

/* Frames go to the address that was looked up; the next hop may have got another since (a router that stands in). */
static void look_up_neighbours(struct scan *scan)
{
	for (size_t i = 0; i < scan->target_count; i++)
		if (scan->targets[i].path.resolved)
			path_resolve(&scan->targets[i].path);
}

/* Returns how often those that are silent were asked at the last pace, with all answers read. */
static unsigned ask_in_rounds(struct scan *scan)
{
	unsigned counted = 0;
	uint64_t dropped = channel_drops(scan->channel);

	for (scan->round = 1; scan->round <= ROUNDS_MAX && !scan_stopped(scan); scan->round++) {
		int64_t began = clock_monotonic();
		uint64_t drops;

		find_pending(scan);
		if (!scan->pending_count || counted >= loss_tries_needed(scan))
			break;
		if (scan->round > 1)
			look_up_neighbours(scan);
		engine_round(scan);
		drops = channel_drops(scan->channel);
		scan->counts.dropped += drops - dropped;
		counted++;
		/* Answers that were there and could not be read: this round says nothing about silence. */
		if (drops != dropped) {
			scan->window = scan->window / 2 > WINDOW_MIN ? scan->window / 2 : WINDOW_MIN;
			counted = 0;
		}
		dropped = drops;
		loss_mind_limits(scan, began);
		if (scan->pace_since == scan->round + 1)
			counted = 0;
		take_pause(scan, began);
	}
	return counted;
}

/* Wait for the last answers to every SYN, and for as long as silence must last. */
static void wait_for_silence(struct scan *scan)
{
	int64_t last = 0, first = 0, timeout = engine_timeout(scan);

	for (size_t i = 0; i < scan->ask_count; i++) {
		if (scan->asks[i].state != PORT_UNKNOWN)
			continue;
		if (scan->asks[i].last_ns > last)
			last = scan->asks[i].last_ns;
		if (scan->asks[i].first_ns > first)
			first = scan->asks[i].first_ns;
	}
	if (!first)
		return;
	last += timeout > LAST_WAIT_MIN_NS ? timeout : LAST_WAIT_MIN_NS;
	first += scan->options.patience_ns;
	engine_listen(scan, first > last ? first : last);
}

static void set_doubt(struct ask *ask, enum port_state state, enum doubt doubt)
{
	ask->state = (uint8_t)state;
	ask->doubt = (uint8_t)doubt;
	ask->seen.rtt_ns = -1;
}

/*
 * A host whose ICMP was seen rejects more than it had leave to say so. Some of its silent ports are asked again, as
 * slowly as ICMP errors may come.
 */
static void sample_silence(struct scan *scan, size_t first)
{
	size_t silent = 0, step, answered = 0;

	for (size_t i = first; i < first + scan->port_count; i++)
		silent += scan->asks[i].state == PORT_UNKNOWN && !scan->asks[i].failure;
	if (!silent)
		return;
	step = silent > SAMPLE_PORTS ? silent / SAMPLE_PORTS : 1;
	scan->pending_count = 0;
	for (size_t i = first, nth = 0; i < first + scan->port_count && scan->pending_count < SAMPLE_PORTS; i++)
		if (scan->asks[i].state == PORT_UNKNOWN && !scan->asks[i].failure && nth++ % step == 0)
			scan->pending[scan->pending_count++] = (uint32_t)i;
	engine_listen(scan, clock_monotonic() + SAMPLE_GAP_NS);
	engine_ask_slowly(scan, SAMPLE_GAP_NS);
	if (scan_stopped(scan))
		return;
	for (size_t i = 0; i < scan->pending_count; i++)
		answered += scan->asks[scan->pending[i]].state == PORT_UNREACHABLE;
	for (size_t i = first; i < first + scan->port_count; i++)
		if (scan->asks[i].state == PORT_UNKNOWN && !scan->asks[i].failure)
			set_doubt(&scan->asks[i], answered == scan->pending_count ? PORT_UNREACHABLE : PORT_FILTERED,
			          answered == scan->pending_count ? DOUBT_LIMITED : DOUBT_SAMPLED);
}

static void choose_speed(struct scan *scan)
{
	const struct path *path = &scan->targets[0].path;
	bool far = !path->local && !path->on_link;
	uint64_t rate = scan->options.rate ? scan->options.rate : far ? FAR_RATE : 0;

	scan->window = scan->target_count * (far ? FAR_WINDOW : LINK_WINDOW);
	if (scan->window > WINDOW_ALL_MAX)
		scan->window = WINDOW_ALL_MAX;
	scan->pace = (double)rate;
	scan->pace_since = 1;
}

/* What was learned while SYNs got lost for want of a neighbour says nothing about the path. */
static void begin_anew(struct scan *scan)
{
	for (size_t i = 0; i < scan->ask_count; i++)
		if (scan->asks[i].state == PORT_UNKNOWN && !scan->asks[i].failure)
			scan->asks[i] = (struct ask){ 0 };
	memset(scan->answered_by_try, 0, sizeof scan->answered_by_try);
	scan->in_flight = 0;
	scan->answered_by_tcp = 0;
	scan->srtt_ns = scan->rttvar_ns = 0;
	scan->limited = false;
	choose_speed(scan);
}

/* Hosts of which nothing came: perhaps nobody has their address, or their router's. How many are asked for still. */
static size_t find_silent_neighbours(struct scan *scan)
{
	size_t awaited = 0;

	for (size_t i = 0; i < scan->target_count; i++) {
		struct target *target = &scan->targets[i];

		/* Whoever answers is there, even where it was not in time to be sent frames. */
		target->path.silent_neighbour = target->path.awaited_neighbour = false;
		if (!target->answers[PORT_OPEN] && !target->answers[PORT_CLOSED])
			path_resolve(&target->path);
		awaited += target->path.awaited_neighbour;
	}
	return awaited;
}

/*
 * Until the kernel has given up, or the neighbour has answered after all: then it is asked again, for the kernel keeps
 * few of the SYNs that wait for an address. Returns whether one has.
 */
static bool await_neighbours(struct scan *scan)
{
	int64_t until = clock_monotonic() + NEIGHBOUR_PATIENCE_NS;
	size_t first = find_silent_neighbours(scan), left = first, silent = 0;

	while (left && !scan_stopped(scan) && clock_monotonic() < until) {
		engine_listen(scan, clock_monotonic() + NEIGHBOUR_STEP_NS);
		left = find_silent_neighbours(scan);
	}
	for (size_t i = 0; i < scan->target_count; i++)
		silent += scan->targets[i].path.silent_neighbour;
	return silent < first;
}

/* What silence means, if anything. */
static void judge_silence(struct scan *scan, enum doubt doubt)
{
	bool stopped = scan_stopped(scan);

	for (size_t i = 0; i < scan->ask_count; i++) {
		struct ask *ask = &scan->asks[i];

		/* Some got the kernel's own ICMP error. */
		if (ask->state == PORT_UNREACHABLE && scan_target(scan, i)->path.silent_neighbour)
			*ask = (struct ask){ .state = PORT_UNREACHABLE, .doubt = DOUBT_NEIGHBOUR, .tries = ask->tries,
			                     .seen.rtt_ns = -1 };
		if (ask->state != PORT_UNKNOWN)
			continue;
		if (ask->failure)
			set_doubt(ask, PORT_UNKNOWN, DOUBT_REFUSED);
		else if (stopped)
			set_doubt(ask, PORT_UNKNOWN, scan->failure.status == STATUS_OK ? DOUBT_STOPPED : DOUBT_LINK);
		else if (scan_target(scan, i)->path.silent_neighbour)
			set_doubt(ask, PORT_UNREACHABLE, DOUBT_NEIGHBOUR);
		else
			set_doubt(ask, doubt == DOUBT_NONE ? PORT_FILTERED : PORT_UNKNOWN, doubt);
	}
}

static void recount(struct scan *scan)
{
	for (size_t i = 0; i < scan->target_count; i++)
		memset(scan->targets[i].answers, 0, sizeof scan->targets[i].answers);
	for (size_t i = 0; i < scan->ask_count; i++)
		scan_target(scan, i)->answers[scan->asks[i].state]++;
}

/*
 * Not one answer: perhaps this host translates addresses or encrypts what its own TCP sends, and nothing that goes past
 * that gets an answer. One connect() shows it, and then all are asked so; the first time that the scan runs.
 */
static void doubt_total_silence(struct scan *scan)
{
	bool doubted = scan->doubted;

	scan->doubted = true;
	for (size_t i = 0; i < scan->target_count && !doubted && !scan_stopped(scan); i++) {
		struct target *target = &scan->targets[i];
		size_t first = i * scan->port_count;

		if (target->answers[PORT_OPEN] || target->answers[PORT_CLOSED] || target->answers[PORT_UNREACHABLE] ||
		    target->path.silent_neighbour || !connect_is_answered(scan, first, CONNECT_WAIT_NS))
			continue;
		memset(scan->asks + first, 0, scan->port_count * sizeof *scan->asks);
		target->by_connect = true;
		connect_run(scan, first, scan->port_count);
	}
}

static void run_by_syns(struct scan *scan)
{
	uint64_t dropped;
	unsigned tries;

	meet_neighbours(scan);
	tries = ask_in_rounds(scan);
	dropped = channel_drops(scan->channel);
	wait_for_silence(scan);
	if (await_neighbours(scan)) {
		begin_anew(scan);
		tries = ask_in_rounds(scan);
		wait_for_silence(scan);
	}
	dropped = channel_drops(scan->channel) - dropped;
	scan->counts.dropped += dropped;
	scan->counts.backlog = channel_backlog_drops(scan->channel);
	for (size_t i = 0; i < scan->target_count && !scan_stopped(scan); i++)
		if (scan->targets[i].icmp_answers && !scan->targets[i].path.silent_neighbour)
			sample_silence(scan, i * scan->port_count);
	judge_silence(scan, dropped || !tries ? DOUBT_DROPPED : loss_is_too_much(scan, tries) ? DOUBT_LOSSY : DOUBT_NONE);
	doubt_total_silence(scan);
	/* RSTs, where it was stopped. */
	channel_flush(scan->channel, NULL);
}

static bool all_by_connect(const struct scan *scan)
{
	for (size_t i = 0; i < scan->target_count; i++)
		if (!scan->targets[i].by_connect)
			return false;
	return true;
}

void scan_run(struct scan *scan)
{
	if (all_by_connect(scan))
		connect_run(scan, 0, scan->ask_count);
	else
		run_by_syns(scan);
	recount(scan);
}

/* ---- life */

static void on_refusal(void *user, uint32_t tag, int failure)
{
	struct scan *scan = user;

	if (tag < scan->ask_count && !scan->extras)
		scan->asks[tag].failure = (uint8_t)failure;
}

static int compare_targets(const void *a, const void *b)
{
	const struct target *one = a, *other = b;

	return memcmp(one->path.target.bytes, other->path.target.bytes, sizeof one->path.target.bytes);
}

static bool allocate(struct scan *scan, const struct port_set *ports)
{
	scan->set = *ports;
	scan->port_count = ports_count(ports);
	scan->ask_count = scan->port_count * scan->target_count;
	scan->ports = calloc(scan->port_count, sizeof *scan->ports);
	scan->rank = calloc(PORTS_MAX, sizeof *scan->rank);
	scan->asks = calloc(scan->ask_count, sizeof *scan->asks);
	/* The neighbours are asked first, and there may be more of them than ports. */
	scan->pending = calloc(scan->ask_count, sizeof *scan->pending);
	if (!scan->ports || !scan->rank || !scan->asks || !scan->pending)
		return false;
	for (unsigned port = 0, at = 0; port < PORTS_MAX; port++)
		if (ports_have(ports, (uint16_t)port)) {
			scan->rank[port] = (uint16_t)at;
			scan->ports[at++] = (uint16_t)port;
		}
	return true;
}

void scan_again(struct scan *scan)
{
	memset(scan->asks, 0, scan->ask_count * sizeof *scan->asks);
	memset(scan->answered_by_try, 0, sizeof scan->answered_by_try);
	for (size_t i = 0; i < scan->target_count; i++) {
		scan->targets[i].icmp_answers = 0;
		scan->targets[i].by_connect |= scan->options.connect;
		memset(scan->targets[i].answers, 0, sizeof scan->targets[i].answers);
		path_is_up(&scan->targets[i].path, &scan->targets[i].carrier_downs);
	}
	scan->answered = scan->in_flight = 0;
	scan->answered_by_tcp = 0;
	scan->limited = false;
	scan->failure.status = STATUS_OK;
	choose_speed(scan);
}

enum status scan_new(struct target *targets, size_t count, const struct port_set *ports,
                     const struct scan_options *options, struct scan **ret_scan, struct error *error)
{
	struct channel_options channel = {
		.version = targets[0].path.target.version,
		.local = targets[0].path.local,
		.ring_bytes = options->ring_bytes,
	};
	struct scan *scan = calloc(1, sizeof *scan);
	enum status status = STATUS_OK;

	if (!scan) {
		free(targets);
		return error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
	}
	scan->options = *options;
	scan->targets = targets;
	scan->target_count = count;
	if (!scan->options.patience_ns)
		scan->options.patience_ns = SCAN_PATIENCE_NS;
	qsort(targets, count, sizeof *targets, compare_targets);
	if (!allocate(scan, ports))
		status = error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
	if (status == STATUS_OK && !options->connect)
		status = channel_open(&channel, &scan->channel, error);
	if (status != STATUS_OK) {
		scan_free(scan);
		return status;
	}
	guise_init(&scan->guise);
	if (scan->channel) {
		scan->first_port = channel_first_port(scan->channel);
		channel_on_refusal(scan->channel, on_refusal, scan);
	}
	scan_again(scan);
	*ret_scan = scan;
	return STATUS_OK;
}

void scan_free(struct scan *scan)
{
	if (!scan)
		return;
	channel_close(scan->channel);
	free(scan->targets);
	free(scan->ports);
	free(scan->rank);
	free(scan->asks);
	free(scan->pending);
	free(scan);
}
