#include "probe/engine.h"

#include <errno.h>

#include "base/text.h"

/*
 * An answer on a link takes microseconds to a few milliseconds, unless the air or a sleeping card delays it; one from
 * beyond is worth a wait of some hundred. Only how soon room is made for the next SYN depends on it.
 */
#define LINK_TIMEOUT_MIN_NS (2 * NS_PER_MS)
#define FAR_TIMEOUT_MIN_NS (30 * NS_PER_MS)
#define FAR_TIMEOUT_UNKNOWN_NS (100 * NS_PER_MS)
#define TIMEOUT_MAX_NS NS_PER_S
/* The user is looked after so often, and the links. */
#define GUISE_AROUND_NS (50 * NS_PER_MS)
/* Shorter waits than this the system does not keep: be busy. */
#define BUSY_NS (150 * NS_PER_US)
#define SENT_AT_ONCE OUTBOX_BATCH
/* How a measured pace is adjusted: after so many SYNs, where so much of the usual share of answers came. */
#define PACE_SAMPLE 400
#define YIELD_STAYS 0.95
#define YIELD_FALLS 0.85
#define PACE_FASTER 1.15
#define PACE_SLOWER 0.8

int64_t engine_timeout(const struct scan *scan)
{
	const struct path *path = &scan->targets[0].path;
	int64_t least = path->on_link || path->local ? LINK_TIMEOUT_MIN_NS : FAR_TIMEOUT_MIN_NS;
	int64_t timeout = (int64_t)(scan->srtt_ns + 4 * scan->rttvar_ns);

	if (scan->srtt_ns == 0)
		timeout = least == LINK_TIMEOUT_MIN_NS ? least : FAR_TIMEOUT_UNKNOWN_NS;
	return timeout < least ? least : timeout > TIMEOUT_MAX_NS ? TIMEOUT_MAX_NS : timeout;
}

static void look_after_links(struct scan *scan)
{
	for (size_t i = 0; i < scan->target_count && scan->failure.status == STATUS_OK; i++) {
		struct path *path = &scan->targets[i].path;
		uint32_t downs = scan->targets[i].carrier_downs;

		/* Neighbours in the list mostly share their interface. */
		if (path->local || (i && path->interface == scan->targets[i - 1].path.interface))
			continue;
		if (!path_is_up(path, &downs))
			error_set(&scan->failure, STATUS_IO, _("interface %s went down"), path->interface_name);
		else if (downs != scan->targets[i].carrier_downs)
			error_set(&scan->failure, STATUS_IO, _("interface %s lost its carrier for a moment"),
			          path->interface_name);
	}
}

bool scan_stopped(const struct scan *scan)
{
	return scan->failure.status != STATUS_OK || (scan->options.stopped && scan->options.stopped(scan->options.user));
}

void engine_look_around(struct scan *scan)
{
	int64_t now = clock_monotonic();

	if (now < scan->next_look_ns)
		return;
	scan->next_look_ns = now + GUISE_AROUND_NS;
	look_after_links(scan);
	if (scan->options.progress)
		scan->options.progress(scan->options.user, scan->answered, scan->ask_count);
}

static void send_syn(struct scan *scan, uint32_t index, int64_t now)
{
	struct ask *ask = &scan->asks[index];
	struct target *target = scan_target(scan, index);
	uint16_t source_port = (uint16_t)(scan->first_port + ask->tries % SLOT_TRIES);
	uint8_t frame[GUISE_FRAME_MAX];
	size_t len = guise_syn(&scan->guise, &target->path, source_port, scan_port(scan, index), NULL, frame);

	if (ask->tries < UINT8_MAX)
		ask->tries++;
	ask->last_ns = now;
	if (!ask->first_ns)
		ask->first_ns = now;
	ask->in_flight = true;
	scan->in_flight++;
	scan->counts.sent++;
	channel_send(scan->channel, &target->path, frame, len, index, &scan->failure);
}

/* How many may be sent at this moment. */
static size_t allowance(struct scan *scan, int64_t now)
{
	size_t room = scan->window > scan->in_flight ? scan->window - scan->in_flight : 0;
	size_t left = scan->pending_count - scan->sent_of_round;

	if (room > left)
		room = left;
	if (scan->pace > 0)
		return room && now >= scan->next_send_ns ? 1 : 0;
	/* Not one by one as answers come: to hand packets to the kernel has a price, too. */
	if (room < left && room < SENT_AT_ONCE && room < scan->window / 2)
		return 0;
	return room < SENT_AT_ONCE ? room : SENT_AT_ONCE;
}

/* Evenly, without making up for what was missed: a box that limits rates counts bursts. */
static void keep_pace(struct scan *scan, int64_t now)
{
	int64_t gap = (int64_t)(NS_PER_S / scan->pace);

	scan->next_send_ns = scan->next_send_ns + gap > now ? scan->next_send_ns + gap : now + gap;
}

/*
 * A limit that was measured by running into it is higher than it looked. So go faster while the share of SYNs that is
 * answered stays what it was, and slower where it falls.
 */
static void adjust_pace(struct scan *scan)
{
	uint64_t sent = scan->counts.sent - scan->sample_sent;
	double yield;

	/* In later rounds most of those that are asked are silent anyhow. */
	if (!scan->limited || scan->round != scan->pace_since || (scan->sample_sent && sent < PACE_SAMPLE))
		return;
	yield = (double)(scan->answered_by_tcp - scan->sample_answered) / (double)sent;
	if (scan->sample_sent && yield < YIELD_FALLS * scan->usual_yield)
		scan->pace *= PACE_SLOWER;
	else if (scan->sample_sent && yield >= YIELD_STAYS * scan->usual_yield)
		scan->pace *= PACE_FASTER;
	if (scan->sample_sent && yield > scan->usual_yield)
		scan->usual_yield = yield;
	if (scan->options.rate && scan->pace > (double)scan->options.rate)
		scan->pace = (double)scan->options.rate;
	scan->sample_sent = scan->counts.sent;
	scan->sample_answered = scan->answered_by_tcp;
}

static size_t send_some(struct scan *scan)
{
	int64_t now = clock_monotonic();
	size_t sent = allowance(scan, now);

	for (size_t i = 0; i < sent; i++) {
		uint32_t index = scan->pending[scan->sent_of_round++];

		if (scan->asks[index].state == PORT_UNKNOWN && !scan->asks[index].failure)
			send_syn(scan, index, now);
	}
	if (sent && scan->pace > 0) {
		keep_pace(scan, now);
		adjust_pace(scan);
	}
	/* A full batch leaves by itself. */
	if (sent < SENT_AT_ONCE)
		channel_flush(scan->channel, &scan->failure);
	return sent;
}

/* Make room for SYNs that nobody has answered in time; when the next one is due. */
static int64_t expire(struct scan *scan)
{
	int64_t now = clock_monotonic(), timeout = engine_timeout(scan);

	for (; scan->expired_of_round < scan->sent_of_round; scan->expired_of_round++) {
		struct ask *ask = &scan->asks[scan->pending[scan->expired_of_round]];

		if (ask->in_flight && now - ask->last_ns < timeout)
			return ask->last_ns + timeout;
		if (ask->in_flight) {
			ask->in_flight = false;
			scan->in_flight--;
		}
	}
	return now;
}

static void wait_for(struct scan *scan, int64_t until_ns)
{
	if (until_ns - clock_monotonic() > BUSY_NS)
		channel_wait(scan->channel, until_ns);
}

void engine_round(struct scan *scan)
{
	scan->sent_of_round = scan->expired_of_round = 0;
	scan->counts.rounds++;
	while (!scan_stopped(scan)) {
		int64_t due;

		engine_hear(scan);
		due = expire(scan);
		if (send_some(scan))
			continue;
		if (scan->sent_of_round == scan->pending_count && scan->expired_of_round == scan->sent_of_round)
			break;
		engine_look_around(scan);
		if (scan->pace > 0 && scan->next_send_ns < due && scan->sent_of_round < scan->pending_count)
			due = scan->next_send_ns;
		wait_for(scan, due);
	}
	engine_look_around(scan);
}

void engine_listen(struct scan *scan, int64_t until_ns)
{
	while (!scan_stopped(scan) && scan->answered < scan->ask_count) {
		int64_t now = clock_monotonic();

		engine_hear(scan);
		channel_flush(scan->channel, &scan->failure);
		if (now >= until_ns)
			break;
		engine_look_around(scan);
		channel_wait(scan->channel, until_ns < scan->next_look_ns ? until_ns : scan->next_look_ns);
	}
}

void engine_ask_slowly(struct scan *scan, int64_t gap_ns)
{
	for (size_t i = 0; i < scan->pending_count && !scan_stopped(scan); i++) {
		int64_t now = clock_monotonic();

		send_syn(scan, scan->pending[i], now);
		channel_flush(scan->channel, &scan->failure);
		engine_listen(scan, now + gap_ns);
		if (scan->asks[scan->pending[i]].in_flight) {
			scan->asks[scan->pending[i]].in_flight = false;
			scan->in_flight--;
		}
	}
}
