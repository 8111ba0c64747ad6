/* Facts from the network layer: does the RST look like the other packets of the host in whose name it came? */
#include <string.h>

#include "reset/parts.h"

/* Packets needed before an IP ID series or a DF habit counts as one. */
#define HABIT_MIN 3
#define IP_ID_NEAR 2000
#define DSCP_BITS 0xfc
/* Distances that differ by less may be a changed route, unless the side had one distance only. */
#define ROUTE_CHANGE 2
/*
 * Two initial values, two parts of a host: one of them may sit a hop deeper (a container, a card that answers
 * itself).
 */
#define OTHER_START 1
/* Paths of equal cost, and mirrors at both sides of a router, differ by one. */
#define HOP_JITTER 1
/* Packets from one distance that make it a fixed one. */
#define STEADY_MIN 3

static bool outside(const struct look *look, uint8_t hop_limit, unsigned jitter)
{
	unsigned a = hops_of(look->hops_min), b = hops_of(look->hops_max), hops = hops_of(hop_limit);
	unsigned low = a < b ? a : b, high = a < b ? b : a;
	bool same_start = hops_initial(look->hops_last) == hops_initial(hop_limit);
	unsigned slack = low != high ? ROUTE_CHANGE : same_start ? jitter : OTHER_START;

	return hops + slack < low || hops > high + slack;
}

/*
 * How far off a packet of the same host may be: nothing, once enough of them came from one distance. A RST that a
 * socket made is no firewall's, and a forger is hardly a single hop away from the host.
 */
static unsigned usual_jitter(const struct scene *scene)
{
	bool steady = scene->sender->syn_look.count + scene->sender->look.count >= STEADY_MIN && !scene->c->duplicates;

	return steady && !yes(scene->e, FACT_SHAPE_ACTIVE) ? 0 : HOP_JITTER;
}

/* From fewer routers away than all of these. Whoever is on the way to a host is nearer than the host. */
static bool is_nearer(const struct look *look, uint8_t hop_limit)
{
	return !look->count || (hops_of(hop_limit) < hops_of(look->hops_min) && hops_of(hop_limit) < hops_of(look->hops_max));
}

static void hop_facts(const struct scene *scene)
{
	struct evidence *e = scene->e;
	const struct side *s = scene->sender;
	const struct note *rst = scene->rst;
	uint8_t hops = rst->hop_limit;
	unsigned jitter = usual_jitter(scene);
	bool like_syn = s->syn_look.count && !outside(&s->syn_look, hops, jitter);
	bool like_rest = s->look.count && !outside(&s->look, hops, jitter);
	bool near_syn = s->syn_look.count && !outside(&s->syn_look, hops, HOP_JITTER);
	bool data_apart = s->data_look.count && s->syn_look.count &&
	                  outside(&s->data_look, s->syn_look.hops_first, HOP_JITTER);

	/* Kernels of general use offer more than a segment size. */
	if (s->syn.frame && !s->syn_ack)
		evidence_decide(e, FACT_SYN_SCANTY, !(s->option_bits & ~(uint32_t)OPTION_MSS), s->syn.frame, s->syn.time_ns);
	if (s->syn_look.count && !s->syn_ack)
		evidence_decide(e, FACT_SYN_HOPS_DIFFER, !near_syn && !s->look.count, s->syn.frame,
		                s->syn.time_ns);
	if (!s->syn_look.count && !s->look.count)
		return;
	evidence_decide(e, FACT_HOPS_DIFFER, !like_syn && !like_rest, rst->frame, rst->time_ns);
	evidence_decide(e, FACT_HOPS_NEARER, is_nearer(&s->syn_look, hops) && is_nearer(&s->look, hops), rst->frame,
	                rst->time_ns);
	if (s->look.count)
		evidence_decide(e, FACT_BESIDE_SENDER,
		                !hops_of(s->look.hops_min) && !hops_of(s->look.hops_max) && !hops_of(hops), rst->frame, rst->time_ns);
	evidence_decide(e, FACT_HOPS_SAME, like_rest || (like_syn && !s->look.count), rst->frame, rst->time_ns);
	evidence_decide(e, FACT_HOPS_LIKE_HANDSHAKE, data_apart && near_syn && outside(&s->data_look, hops, HOP_JITTER),
	                rst->frame, rst->time_ns);
}

static bool follows(uint16_t id, uint16_t before)
{
	uint16_t step = (uint16_t)(id - before);

	return step > 0 && step <= IP_ID_NEAR;
}

/* Linux numbers the RSTs of a socket that is gone with 0, whatever the series was: 0 proves nothing. */
static void ip_id_facts(const struct scene *scene)
{
	struct evidence *e = scene->e;
	const struct side *s = scene->sender;
	const struct note *rst = scene->rst, *t = scene->trigger;
	bool counts = s->ip_id_near >= HABIT_MIN - 1 && !s->ip_id_far && !s->ip_id_zero;
	bool always_zero = s->ip_id_zero >= HABIT_MIN && !s->ip_id_near && !s->ip_id_far;
	bool foreign = (counts && !follows(rst->ip_id, s->ip_id_last) && rst->ip_id != s->ip_id_last) || always_zero;

	if (!rst->ip_id) {
		evidence_no(e, FACT_IP_ID_COPIED);
		return;
	}
	if (counts || always_zero)
		evidence_decide(e, FACT_IP_ID_FOREIGN, foreign, rst->frame, rst->time_ns);
	if (t)
		evidence_decide(e, FACT_IP_ID_COPIED,
		                t->ip_id && (rst->ip_id == t->ip_id || rst->ip_id == (uint16_t)(t->ip_id + 1)) &&
		                !follows(rst->ip_id, s->ip_id_last) && rst->ip_id != s->ip_id_last, t->frame, t->time_ns);
}

static void df_facts(const struct scene *scene)
{
	const struct side *s = scene->sender;
	bool df = scene->rst->marks & NOTE_DF;
	bool always = s->df_set >= HABIT_MIN - 1 && !s->df_clear, never = s->df_clear >= HABIT_MIN - 1 && !s->df_set;

	if (always || never)
		evidence_decide(scene->e, FACT_DF_FLIPPED, always ? !df : df, scene->rst->frame, scene->rst->time_ns);
}

static void label_facts(const struct scene *scene)
{
	struct evidence *e = scene->e;
	const struct side *s = scene->sender;
	const struct note *rst = scene->rst;
	bool known = s->segments > 0, same = known && rst->flow_label == s->flow_label_last;

	evidence_decide(e, FACT_LABEL_ZERO, rst->flow_label == 0 && (!known || s->flow_label_last), rst->frame, rst->time_ns);
	evidence_decide(e, FACT_LABEL_SAME, same && rst->flow_label, rst->frame, rst->time_ns);
	evidence_decide(e, FACT_LABEL_FRESH, rst->flow_label && !same, rst->frame, rst->time_ns);
}

/*
 * nf_send_reset() makes IP ID 0 and DF; routers and other stacks that answer with DSCP 0 mostly number their packets.
 */
static bool like_netfilter(const struct scene *scene)
{
	return scene->c->version == 6 || (scene->rst->ip_id == 0 && scene->rst->marks & NOTE_DF);
}

static void class_facts(const struct scene *scene)
{
	const struct note *rst = scene->rst, *t = scene->trigger;

	if (!t || !(t->traffic_class & DSCP_BITS))
		return;
	evidence_decide(scene->e, FACT_CLASS_COPIED, (rst->traffic_class & DSCP_BITS) == (t->traffic_class & DSCP_BITS),
	                rst->frame, rst->time_ns);
	evidence_decide(scene->e, FACT_CLASS_DROPPED, !(rst->traffic_class & DSCP_BITS) && like_netfilter(scene),
	                rst->frame, rst->time_ns);
}

static bool is_loopback(const struct address *a)
{
	static const uint8_t v6[16] = { [15] = 1 };

	return a->version == 4 ? a->bytes[0] == 127 : memcmp(a->bytes, v6, sizeof v6) == 0;
}

static bool all_zero(const uint8_t mac[6])
{
	static const uint8_t zero[6];

	return memcmp(mac, zero, sizeof zero) == 0;
}

/* The loopback interface has no addresses: Linux writes zeros. */
static void link_facts(const struct scene *scene, const struct segment *segment)
{
	const struct side *s = scene->sender, *r = scene->receiver;
	const struct note *rst = scene->rst;
	bool elsewhere = (!s->has_mac || !all_zero(s->mac)) && (!r->has_mac || !all_zero(r->mac));

	if (!segment->mac)
		return;
	if (s->has_mac && !s->mac_changes)
		evidence_decide(scene->e, FACT_MAC_DIFFERS, memcmp(s->mac, segment->mac, sizeof s->mac) != 0 &&
		                !all_zero(segment->mac), rst->frame, rst->time_ns);
	evidence_decide(scene->e, FACT_LOOPBACK_ONLY, all_zero(segment->mac) && elsewhere &&
	                !is_loopback(&segment->src.address) &&
	                !address_equal(&segment->src.address, &segment->dst.address), rst->frame, rst->time_ns);
}

void facts_of_network(const struct scene *scene, const struct segment *segment)
{
	const struct note *rst = scene->rst, *t = scene->trigger;

	hop_facts(scene);
	if (segment->version == 4) {
		ip_id_facts(scene);
		df_facts(scene);
	} else {
		label_facts(scene);
	}
	class_facts(scene);
	link_facts(scene, segment);
	if (segment->version == 4)
		evidence_decide(scene->e, FACT_RST_IP_ID_ZERO, rst->ip_id == 0, rst->frame, rst->time_ns);
	if (t && rst->window && (!(rst->flags & TCP_ACK) || t->flags & TCP_SYN))
		evidence_decide(scene->e, FACT_WINDOW_COPIED, rst->window == t->window && rst->window != scene->sender->window_last,
		                rst->frame, rst->time_ns);
}
