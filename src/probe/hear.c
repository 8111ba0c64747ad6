#include "probe/engine.h"

#include <string.h>

#define IPV4_HEADER_LEN 20
/* Then it is time to look after everything else, also where packets never stop coming. */
#define HEARD_AT_ONCE 4096
#define RECORD_ROUTE 7
#define LOOPBACK_INTERFACE 1 /* Linux: LOOPBACK_IFINDEX */

static int compare_addresses(const struct address *a, const struct address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* They are sorted by address. */
struct target *engine_find_target(struct scan *scan, const struct address *address)
{
	size_t low = 0, high = scan->target_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_addresses(address, &scan->targets[middle].path.target);

		if (order == 0)
			return &scan->targets[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

uint8_t engine_reporter(struct scan *scan, const struct address *address)
{
	for (unsigned i = 1; i <= scan->reporter_count; i++)
		if (address_equal(&scan->reporters[i], address))
			return (uint8_t)i;
	if (scan->reporter_count == REPORTERS_MAX)
		return 0;
	scan->reporters[++scan->reporter_count] = *address;
	return (uint8_t)scan->reporter_count;
}

/* The IPv4 options that came back; `captured` bytes of the header are there. */
static bool has_record_route(const struct segment *segment)
{
	size_t len = (size_t)(segment->ip[0] & 0xf) * 4, at = IPV4_HEADER_LEN;

	while (segment->version == 4 && at + 1 < len) {
		if (segment->ip[at] == RECORD_ROUTE)
			return true;
		if (segment->ip[at] == 0)
			return false;
		if (segment->ip[at] != 1 && segment->ip[at + 1] < 2)
			return false;
		at += segment->ip[at] == 1 ? 1 : segment->ip[at + 1];
	}
	return false;
}

/*
 * Linux answers with IP ID 0 and DF (or a flow label), and orders its options so: segment size, SACK and timestamps, or
 * NOP, NOP and either of them; the scale last, behind a NOP (tcp_options_write()).
 */
static bool is_from_linux(const struct segment *segment)
{
	static const uint8_t usual[] = { 2, 4, 4, 2, 8, 10 };
	const uint8_t *o = segment->options;

	if (segment->version == 4 ? segment->ip_id != 0 || !segment->dont_fragment : segment->flow_label == 0)
		return false;
	return segment->options_len >= 16 && o[0] == usual[0] && o[1] == usual[1] && o[4] == usual[2] && o[5] == usual[3] &&
	       o[6] == usual[4] && o[7] == usual[5];
}

void engine_see(const struct scan *scan, const struct channel_answer *answer, struct sighting *ret_seen)
{
	const struct segment *segment = &answer->segment;
	struct options options;

	(void)scan;
	segment_options(segment, &options);
	*ret_seen = (struct sighting){
		.rtt_ns = -1,
		.flow_label = segment->flow_label,
		.window = segment->window,
		.ip_id = segment->ip_id,
		.options = options.seen,
		.hop_limit = segment->hop_limit,
		.traffic_class = segment->traffic_class,
		.route_recorded = has_record_route(segment),
		.from_linux = is_from_linux(segment),
		.own = answer->interface == LOOPBACK_INTERFACE,
	};
}

/* RFC 6298 section 2. */
static void learn_rtt(struct scan *scan, double rtt)
{
	double off;

	if (scan->srtt_ns == 0) {
		scan->srtt_ns = rtt;
		scan->rttvar_ns = rtt / 2;
		return;
	}
	off = rtt > scan->srtt_ns ? rtt - scan->srtt_ns : scan->srtt_ns - rtt;
	scan->rttvar_ns += (off - scan->rttvar_ns) / 4;
	scan->srtt_ns += (rtt - scan->srtt_ns) / 8;
}

/* Which try `slot` was, from 1; the latest that may be. */
static uint8_t try_of(const struct ask *ask, unsigned slot)
{
	unsigned last = ask->tries ? ask->tries - 1u : 0;
	unsigned back = (last + SLOT_TRIES - slot) % SLOT_TRIES;

	return (uint8_t)(back > last ? 1 : last - back + 1);
}

/* The time of the try that was answered, where it is still known; else 0. */
static int64_t asked_at(const struct ask *ask, uint8_t answered_try)
{
	return answered_try == ask->tries ? ask->last_ns : answered_try == 1 ? ask->first_ns : 0;
}

static void set_state(struct scan *scan, struct target *target, struct ask *ask, enum port_state state)
{
	if (ask->state != PORT_UNKNOWN)
		target->answers[ask->state]--;
	else
		scan->answered++;
	ask->state = (uint8_t)state;
	target->answers[state]++;
	if (ask->in_flight) {
		ask->in_flight = false;
		scan->in_flight--;
	}
}

static void time_answer(struct scan *scan, struct ask *ask, const struct channel_answer *answer, unsigned slot)
{
	int64_t now = answer->time_ns - scan->clock_offset_ns, asked;

	ask->answered_try = try_of(ask, slot);
	asked = asked_at(ask, ask->answered_try);
	if (asked && now > asked) {
		ask->seen.rtt_ns = now - asked;
		/* A SYN-ACK that was sent again after a second says nothing about the path. */
		if (ask->seen.rtt_ns < NS_PER_S / 2 || scan->srtt_ns == 0)
			learn_rtt(scan, (double)ask->seen.rtt_ns);
	}
}

/* ICMP is limited by its own rules: how much of it gets lost says nothing about TCP's answers. */
static void count_answer(struct scan *scan, const struct ask *ask)
{
	scan->answered_by_try[ask->answered_try % 64]++;
	scan->answered_by_tcp++;
	scan->last_answer_ns = clock_monotonic();
}

static struct ask *find_ask(struct scan *scan, const struct target *target, uint16_t port)
{
	if (!ports_have(&scan->set, port))
		return NULL;
	return &scan->asks[(size_t)(target - scan->targets) * scan->port_count + scan->rank[port]];
}

static bool is_syn_ack(const struct segment *segment)
{
	return (segment->flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == (TCP_SYN | TCP_ACK);
}

static bool is_refusal(const struct segment *segment)
{
	return (segment->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_RST | TCP_ACK);
}

/* TCP's first answer counts; an ICMP error, which a box on the way may have sent, gives way to it. */
static void take_segment(struct scan *scan, const struct channel_answer *answer)
{
	const struct segment *segment = &answer->segment;
	struct target *target = engine_find_target(scan, &segment->src.address);
	unsigned slot = (unsigned)(segment->dst.port - scan->first_port);
	struct ask *ask;

	if (slot >= CHANNEL_PORTS || !(is_syn_ack(segment) || is_refusal(segment)))
		return;
	if (!target || answer->damaged || !address_equal(&segment->dst.address, &target->path.source) ||
	    segment->ack != guise_cookie(&scan->guise, &target->path, segment->dst.port, segment->src.port) + 1) {
		scan->counts.strays++;
		return;
	}
	if (is_syn_ack(segment))
		engine_reset(scan, target, segment);
	if (slot >= SLOT_TRIES) {
		engine_take_extra(scan, target, answer, false);
		return;
	}
	ask = find_ask(scan, target, segment->src.port);
	if (!ask || !ask->tries)
		return;
	scan->counts.received++;
	if (ask->state == PORT_OPEN || ask->state == PORT_CLOSED)
		return; /* an answer to an earlier SYN, or the same again */
	engine_see(scan, answer, &ask->seen);
	ask->seen.own = ask->seen.own && !target->path.local;
	ask->seen.label_reflected = segment->flow_label ==
	                            guise_flow_label(&scan->guise, &target->path, segment->dst.port, segment->src.port);
	ask->doubt = DOUBT_NONE;
	time_answer(scan, ask, answer, slot);
	count_answer(scan, ask);
	set_state(scan, target, ask, is_syn_ack(segment) ? PORT_OPEN : PORT_CLOSED);
}

/* Errors that say nothing of the port: the packet was too large for a link. */
static bool is_mere_advice(const struct icmp_error *icmp)
{
	enum { UNREACHABLE = 3, NEEDS_FRAGMENTATION = 4, V6_TOO_BIG = 2 };

	return icmp->version == 4 ? icmp->type == UNREACHABLE && icmp->code == NEEDS_FRAGMENTATION
	                          : icmp->type == V6_TOO_BIG;
}

static void take_icmp(struct scan *scan, const struct channel_answer *answer)
{
	const struct icmp_error *icmp = &answer->icmp;
	struct target *target = engine_find_target(scan, &icmp->dst.address);
	unsigned slot = (unsigned)(icmp->src.port - scan->first_port);
	struct ask *ask;

	if (slot >= CHANNEL_PORTS || is_mere_advice(icmp))
		return;
	if (!target || !address_equal(&icmp->src.address, &target->path.source) ||
	    icmp->seq != guise_cookie(&scan->guise, &target->path, icmp->src.port, icmp->dst.port)) {
		scan->counts.strays++;
		return;
	}
	if (slot >= SLOT_TRIES) {
		engine_take_extra(scan, target, answer, true);
		return;
	}
	ask = find_ask(scan, target, icmp->dst.port);
	if (!ask || !ask->tries || ask->state != PORT_UNKNOWN)
		return;
	scan->counts.received++;
	ask->seen = (struct sighting){
		.rtt_ns = -1,
		.by_icmp = true,
		.icmp_type = icmp->type,
		.icmp_code = icmp->code,
		.reporter = engine_reporter(scan, &icmp->reporter),
	};
	target->icmp_answers++;
	ask->doubt = DOUBT_NONE;
	time_answer(scan, ask, answer, slot);
	set_state(scan, target, ask, PORT_UNREACHABLE);
}

void engine_take(struct scan *scan, enum heard heard, const struct channel_answer *answer)
{
	if (heard == HEARD_SEGMENT)
		take_segment(scan, answer);
	else if (heard == HEARD_ICMP)
		take_icmp(scan, answer);
}

void engine_hear(struct scan *scan)
{
	struct channel_answer answer;
	enum heard heard;

	scan->clock_offset_ns = clock_offset(clock_monotonic);
	for (unsigned i = 0; i < HEARD_AT_ONCE; i++) {
		heard = channel_hear(scan->channel, &answer);
		if (heard == HEARD_NOTHING)
			break;
		engine_take(scan, heard, &answer);
	}
}

void engine_reset(struct scan *scan, const struct target *target, const struct segment *syn_ack)
{
	uint8_t frame[GUISE_FRAME_MAX];
	size_t len;

	if (target->path.local)
		return;
	len = guise_reset(&scan->guise, &target->path, syn_ack, frame);
	channel_send(scan->channel, &target->path, frame, len, UINT32_MAX, &scan->failure);
}
