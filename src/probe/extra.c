#include "probe/extra.h"

#include <stdlib.h>

#define AT_A_TIME 64
/* Between two tries, at least. */
#define GAP_MIN_NS (20 * NS_PER_MS)

static int compare_extras(const void *a, const void *b)
{
	const struct extra *one = a, *other = b;

	if (one->target != other->target)
		return one->target < other->target ? -1 : 1;
	return (one->port > other->port) - (one->port < other->port);
}

bool engine_take_extra(struct scan *scan, struct target *target, const struct channel_answer *answer, bool icmp)
{
	struct extra key = {
		.target = (size_t)(target - scan->targets),
		.port = icmp ? answer->icmp.dst.port : answer->segment.src.port,
	};
	struct extra *extra = NULL;

	if (scan->extra_count)
		extra = bsearch(&key, scan->extras, scan->extra_count, sizeof key, compare_extras);
	if (!extra || !extra->tries || extra->state != PORT_UNKNOWN)
		return false;
	scan->counts.received++;
	if (icmp) {
		extra->seen = (struct sighting){
			.rtt_ns = -1,
			.by_icmp = true,
			.icmp_type = answer->icmp.type,
			.icmp_code = answer->icmp.code,
			.reporter = engine_reporter(scan, &answer->icmp.reporter),
		};
		extra->state = PORT_UNREACHABLE;
		return true;
	}
	engine_see(scan, answer, &extra->seen);
	extra->state = answer->segment.flags & TCP_SYN ? PORT_OPEN : PORT_CLOSED;
	return true;
}

static void send_extra(struct scan *scan, struct extra *extra, unsigned slot)
{
	const struct path *path = &scan->targets[extra->target].path;
	uint16_t source_port = (uint16_t)(scan->first_port + slot);
	uint8_t frame[GUISE_FRAME_MAX];
	size_t len = guise_syn(&scan->guise, path, source_port, extra->port, &extra->disguise, frame);

	extra->tries++;
	scan->counts.sent++;
	channel_send(scan->channel, path, frame, len, UINT32_MAX, &scan->failure);
}

static bool all_answered(const struct extra *extras, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (extras[i].state == PORT_UNKNOWN)
			return false;
	return true;
}

static void hear_until(struct scan *scan, struct extra *extras, size_t count, int64_t until_ns)
{
	while (!scan_stopped(scan)) {
		engine_hear(scan);
		channel_flush(scan->channel, &scan->failure);
		if (clock_monotonic() >= until_ns || all_answered(extras, count))
			return;
		engine_look_around(scan);
		channel_wait(scan->channel, until_ns);
	}
}

/* Once more those that are silent, some at a time. */
static void ask_once(struct scan *scan, unsigned slot)
{
	size_t done = 0;

	while (done < scan->extra_count && !scan_stopped(scan)) {
		size_t from = done;

		for (size_t sent = 0; done < scan->extra_count && sent < AT_A_TIME; done++)
			if (scan->extras[done].state == PORT_UNKNOWN) {
				send_extra(scan, &scan->extras[done], slot);
				sent++;
			}
		channel_flush(scan->channel, &scan->failure);
		hear_until(scan, scan->extras + from, done - from, clock_monotonic() + engine_timeout(scan));
	}
}

void extra_ask(struct scan *scan, struct extra *extras, size_t count, unsigned slot, unsigned tries)
{
	scan->extras = extras;
	scan->extra_count = count;
	for (unsigned i = 0; i < tries && !all_answered(extras, count) && !scan_stopped(scan); i++) {
		int64_t gap = engine_timeout(scan);

		ask_once(scan, slot);
		hear_until(scan, extras, count, clock_monotonic() + (gap > GAP_MIN_NS ? gap : GAP_MIN_NS));
	}
	for (size_t i = 0; i < count && !scan_stopped(scan); i++)
		if (extras[i].state == PORT_UNKNOWN)
			extras[i].state = PORT_FILTERED;
	scan->extras = NULL;
	scan->extra_count = 0;
}
