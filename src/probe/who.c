#include "probe/who.h"

#include <stdlib.h>

#include "base/random.h"
#include "probe/extra.h"

/* DSCP 46, expedited forwarding: bits that a careless rewriting of the old TOS byte would not leave alone. */
#define ASKED_CLASS 0xb8
#define CLASS_BITS 0xfc
/* So many refused ports of a host are asked each; of more, as many, and all only where they differ. */
#define SAMPLE_MAX 256
#define ROUTE_SAMPLE_MAX 8
#define EXTRA_TRIES 6
#define WALKS_MAX 4
/* Ports that nobody was asked for: above those of services, below those that kernels give to clients. */
#define CONTROLS 3
#define CONTROL_FROM 20011
#define CONTROL_SPAN 12000
/* Linux takes at least a segment into its first window; a SYN proxy takes 0, a tarpit a few bytes. */
#define WINDOW_TINY 500
/* Of so many asked ports, so large a share open is no host. */
#define EVERY_FROM 100
#define EVERY_SHARE 0.9
#define HOPS_NONE 255
#define HOP_LIMIT_LINUX 64

/* What is known of a host by its open ports, and what came of asking. */
struct portrait {
	size_t first;              /* its asks: scan->port_count from here */
	bool has_open, from_linux, labelled;
	size_t open;               /* ports */
	uint8_t hops;              /* of most of its open ports */
	bool class_comes_back;     /* a RST had the DSCP of its SYN */
	bool route_comes_back;     /* an open port answered a SYN with the option */
	bool every_port, controls_closed;
	uint8_t tcp_hops;          /* of a RST that a TCP made; HOPS_NONE */
};

/* Routers passed, from the usual first values 64, 128 and 255. */
static uint8_t hops_of(uint8_t hop_limit)
{
	return (uint8_t)((hop_limit <= 64 ? 64 : hop_limit <= 128 ? 128 : 255) - hop_limit);
}

static void add(struct finding *finding, enum clue clue)
{
	finding->clues |= UINT32_C(1) << clue;
}

static bool has(const struct finding *finding, enum clue clue)
{
	return finding->clues >> clue & 1;
}

static bool told_by_tcp(const struct finding *finding)
{
	return has(finding, CLUE_CLASS_COPIED) || has(finding, CLUE_LABEL_SET) || has(finding, CLUE_ROUTE_ECHOED);
}

static bool told_by_filter(const struct finding *finding)
{
	return has(finding, CLUE_CLASS_MISSING) || has(finding, CLUE_LABEL_MISSING) || has(finding, CLUE_ROUTE_PLAIN) ||
	       has(finding, CLUE_ROUTE_SILENT);
}

/* ---- what the answers bear anyway */

/* The hops that most open ports have. */
static void look_at_open(const struct scan *scan, struct portrait *portrait)
{
	uint32_t counts[256] = { 0 };

	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++) {
		const struct ask *ask = &scan->asks[i];
		uint8_t hops = hops_of(ask->seen.hop_limit);

		if (ask->state != PORT_OPEN)
			continue;
		portrait->from_linux |= ask->seen.from_linux;
		portrait->labelled |= ask->seen.flow_label != 0 && !ask->seen.label_reflected;
		if (++counts[hops] > counts[portrait->hops] || !portrait->has_open)
			portrait->hops = hops;
		portrait->has_open = true;
		portrait->open++;
	}
}

static const struct path *path_of(const struct scan *scan, const struct portrait *portrait)
{
	return &scan->targets[portrait->first / scan->port_count].path;
}

/* No router passed, though there is one on the way: something sets hop limits anew, or the way back is another. */
static bool are_hops_hidden(const struct scan *scan, const struct portrait *portrait)
{
	return portrait->has_open && portrait->hops == 0 && !path_of(scan, portrait)->on_link &&
	       !path_of(scan, portrait)->local;
}

static void compare_hops(const struct scan *scan, const struct portrait *portrait, const struct sighting *seen,
                         bool is_syn_ack, struct finding *finding)
{
	const struct path *path = path_of(scan, portrait);
	uint8_t hops = hops_of(seen->hop_limit);

	if (are_hops_hidden(scan, portrait))
		add(finding, CLUE_HOPS_HIDDEN);
	/* An only open port has nothing to be compared with. */
	else if (portrait->open > (is_syn_ack ? 1 : 0))
		add(finding, hops == portrait->hops ? CLUE_HOPS_SAME
		             : hops < portrait->hops ? CLUE_HOPS_NEARER : CLUE_HOPS_FARTHER);
	else if (!portrait->has_open)
		add(finding, CLUE_NO_OPEN_PORT);
	if ((path->on_link || path->local) && hops == 0)
		add(finding, CLUE_ON_LINK);
	if (portrait->from_linux)
		add(finding, CLUE_LINUX);
	if (seen->hop_limit > HOP_LIMIT_LINUX)
		add(finding, CLUE_OTHER_SYSTEM);
}

static void look_at_refusal(const struct scan *scan, const struct portrait *portrait, const struct ask *ask,
                            struct finding *finding)
{
	bool v6 = scan->targets[0].path.target.version == 6;

	if (ask->seen.own) {
		add(finding, CLUE_OWN);
		return;
	}
	/* A label that is that of our SYN says only that somebody has turned the packet round. */
	if (v6 && ask->seen.flow_label && !ask->seen.label_reflected)
		add(finding, CLUE_LABEL_SET);
	else if (v6 && !ask->seen.flow_label && portrait->labelled)
		add(finding, CLUE_LABEL_MISSING);
	compare_hops(scan, portrait, &ask->seen, false, finding);
}

/* ---- asking again */

static bool wants_asking(const struct scan *scan, size_t i, const struct finding *findings)
{
	return scan->asks[i].state == PORT_CLOSED && !told_by_tcp(&findings[i]) && !told_by_filter(&findings[i]) &&
	       !has(&findings[i], CLUE_OWN);
}

static size_t count_wanting(const struct scan *scan, const struct portrait *portrait, const struct finding *findings)
{
	size_t count = 0;

	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++)
		count += wants_asking(scan, i, findings);
	return count;
}

/* A series of extras about asks of one host. */
struct series {
	struct extra *extras;
	size_t *asks;              /* the ask that each is about */
	size_t count;
};

static void series_clear(struct series *series)
{
	free(series->extras);
	free(series->asks);
}

static bool series_init(struct series *series, size_t most)
{
	most = most ? most : 1;
	*series = (struct series){ calloc(most, sizeof *series->extras), calloc(most, sizeof *series->asks), 0 };
	if (series->extras && series->asks)
		return true;
	series_clear(series);
	return false;
}

static void series_add(const struct scan *scan, struct series *series, size_t ask, struct disguise disguise)
{
	series->asks[series->count] = ask;
	series->extras[series->count++] = (struct extra){
		.target = ask / scan->port_count,
		.port = scan_port(scan, ask),
		.disguise = disguise,
	};
}

/* Up to `most` of those that want asking, evenly spread; sorted, as they are. */
static bool choose(const struct scan *scan, const struct portrait *portrait, const struct finding *findings,
                   size_t most, struct disguise disguise, struct series *ret_series)
{
	size_t wanting = count_wanting(scan, portrait, findings), nth = 0;

	if (!series_init(ret_series, most < wanting ? most : wanting))
		return false;
	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++) {
		if (!wants_asking(scan, i, findings))
			continue;
		/* The nth of them is taken where a multiple of wanting / most is passed. */
		if (wanting <= most || nth * most / wanting != (nth + 1) * most / wanting)
			series_add(scan, ret_series, i, disguise);
		nth++;
	}
	return true;
}

static bool class_copied(const struct extra *extra)
{
	return extra->state == PORT_CLOSED && (extra->seen.traffic_class & CLASS_BITS) == (ASKED_CLASS & CLASS_BITS);
}

/* Ask with a DSCP; returns whether all that answered did so alike. */
static bool ask_class(struct scan *scan, struct portrait *portrait, struct finding *findings, size_t most)
{
	struct disguise disguise = { .traffic_class = ASKED_CLASS };
	struct series series;
	size_t copied = 0, answered = 0;

	if (!choose(scan, portrait, findings, most, disguise, &series))
		return true;
	extra_ask(scan, series.extras, series.count, SLOT_CLASS, EXTRA_TRIES);
	for (size_t i = 0; i < series.count; i++) {
		answered += series.extras[i].state == PORT_CLOSED;
		copied += class_copied(&series.extras[i]);
	}
	portrait->class_comes_back |= copied > 0;
	for (size_t i = 0; i < series.count; i++) {
		if (series.extras[i].state != PORT_CLOSED)
			continue;
		if (class_copied(&series.extras[i]))
			add(&findings[series.asks[i]], CLUE_CLASS_COPIED);
		else if (!(series.extras[i].seen.traffic_class & CLASS_BITS)) /* another one was set on the way */
			add(&findings[series.asks[i]], CLUE_CLASS_LOST);
	}
	series_clear(&series);
	return copied == 0 || copied == answered;
}

/* Where another port's RST had it, the path carries it. */
static void settle_class(const struct scan *scan, const struct portrait *portrait, struct finding *findings)
{
	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++)
		if (portrait->class_comes_back && has(&findings[i], CLUE_CLASS_LOST)) {
			findings[i].clues &= ~(UINT32_C(1) << CLUE_CLASS_LOST);
			add(&findings[i], CLUE_CLASS_MISSING);
		}
}

/* An open port that answers with the option shows that the path lets it pass. */
static void ask_route_of_open(struct scan *scan, struct portrait *portrait)
{
	struct series series;

	if (!series_init(&series, 1))
		return;
	for (size_t i = portrait->first; i < portrait->first + scan->port_count && !series.count; i++)
		if (scan->asks[i].state == PORT_OPEN)
			series_add(scan, &series, i, (struct disguise){ .record_route = true });
	extra_ask(scan, series.extras, series.count, SLOT_ROUTE, EXTRA_TRIES);
	portrait->route_comes_back = series.count && series.extras[0].state == PORT_OPEN &&
	                             series.extras[0].seen.route_recorded;
	series_clear(&series);
}

static void ask_route(struct scan *scan, struct portrait *portrait, struct finding *findings)
{
	struct series series;

	if (scan->targets[0].path.target.version != 4 || !count_wanting(scan, portrait, findings))
		return;
	if (portrait->has_open)
		ask_route_of_open(scan, portrait);
	if (!choose(scan, portrait, findings, ROUTE_SAMPLE_MAX, (struct disguise){ .record_route = true }, &series))
		return;
	extra_ask(scan, series.extras, series.count, SLOT_ROUTE, EXTRA_TRIES);
	for (size_t i = 0; i < series.count; i++) {
		struct finding *finding = &findings[series.asks[i]];

		if (series.extras[i].state == PORT_CLOSED && series.extras[i].seen.route_recorded)
			add(finding, CLUE_ROUTE_ECHOED);
		else if (series.extras[i].state == PORT_CLOSED && portrait->route_comes_back)
			add(finding, CLUE_ROUTE_PLAIN);
		else if (series.extras[i].state == PORT_FILTERED && portrait->route_comes_back)
			add(finding, CLUE_ROUTE_SILENT);
	}
	series_clear(&series);
}

/* A refusal that leaves open where it was made. */
static bool wants_walk(const struct scan *scan, size_t i, const struct finding *findings)
{
	const struct finding *finding = &findings[i];

	return scan->asks[i].state == PORT_CLOSED && !told_by_tcp(finding) && !has(finding, CLUE_OWN) &&
	       !has(finding, CLUE_HOPS_SAME) && !has(finding, CLUE_HOPS_NEARER) && !has(finding, CLUE_HOPS_FARTHER) &&
	       !has(finding, CLUE_HOPS_HIDDEN);
}

/* What comes back where a SYN may not go farther than to the `hops`th router, or to a host in its place. */
static struct extra ask_within(struct scan *scan, size_t ask, unsigned hops)
{
	struct extra extra = {
		.target = ask / scan->port_count,
		.port = scan_port(scan, ask),
		.disguise = { .hop_limit = (uint8_t)hops },
	};

	extra_ask(scan, &extra, 1, SLOT_WALK, EXTRA_TRIES);
	return extra;
}

/* Type 11, or 3 of ICMPv6: time exceeded. */
static bool has_died(const struct scan *scan, const struct extra *extra)
{
	return extra->seen.by_icmp && extra->seen.icmp_type == (scan->targets[0].path.target.version == 4 ? 11 : 3);
}

/*
 * A SYN that may go only as far as the RST came from. Where a router reports that it died, the host is farther away
 * than whoever sent the RST: that router did, if the RST has passed none, or if one hop more draws it.
 */
static enum clue walk(struct scan *scan, size_t ask)
{
	uint8_t hops = hops_of(scan->asks[ask].seen.hop_limit);
	struct extra extra = ask_within(scan, ask, hops + 1u);

	if (extra.state == PORT_CLOSED)
		return CLUE_WALK_REACHED;
	if (!has_died(scan, &extra))
		return CLUES;
	if (hops == 0)
		return CLUE_WALK_PASSED;
	extra = ask_within(scan, ask, hops + 2u);
	return extra.state == PORT_CLOSED && hops_of(extra.seen.hop_limit) == hops ? CLUE_WALK_TURNED : CLUES;
}

/* Of refusals from one distance, one. */
static void ask_walks(struct scan *scan, const struct portrait *portrait, struct finding *findings)
{
	const struct path *path = path_of(scan, portrait);
	size_t end = portrait->first + scan->port_count;
	bool walked[256] = { false };
	unsigned walks = 0;

	for (size_t i = portrait->first; i < end && walks < WALKS_MAX && !path->on_link && !path->local; i++) {
		uint8_t hop_limit = scan->asks[i].seen.hop_limit;
		enum clue clue;

		if (!wants_walk(scan, i, findings) || walked[hop_limit])
			continue;
		walked[hop_limit] = true;
		walks++;
		clue = walk(scan, i);
		for (size_t k = i; k < end && clue != CLUES; k++)
			if (wants_walk(scan, k, findings) && scan->asks[k].seen.hop_limit == hop_limit)
				add(&findings[k], clue);
	}
}

/* Those that were not asked are like those that were and came from as far, where these agree. */
static void pass_on(const struct scan *scan, const struct portrait *portrait, struct finding *findings)
{
	const uint32_t asked = UINT32_C(1) << CLUE_CLASS_COPIED | UINT32_C(1) << CLUE_CLASS_LOST |
	                       UINT32_C(1) << CLUE_CLASS_MISSING | UINT32_C(1) << CLUE_ROUTE_ECHOED |
	                       UINT32_C(1) << CLUE_ROUTE_PLAIN | UINT32_C(1) << CLUE_ROUTE_SILENT;
	uint32_t common[256] = { 0 };

	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++)
		if (scan->asks[i].state == PORT_CLOSED)
			common[scan->asks[i].seen.hop_limit] |= findings[i].clues & asked;
	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++) {
		uint32_t like = common[scan->asks[i].seen.hop_limit];

		if (!wants_asking(scan, i, findings) || !like)
			continue;
		/* A port that was asked about its class only lacks what the options say. */
		if (!(findings[i].clues & asked))
			add(&findings[i], CLUE_SAMPLED);
		findings[i].clues |= like;
	}
}

static void ask_refused(struct scan *scan, struct portrait *portrait, struct finding *findings)
{
	bool alike = true;

	if (count_wanting(scan, portrait, findings)) {
		alike = ask_class(scan, portrait, findings, SAMPLE_MAX);
		if (!alike)
			ask_class(scan, portrait, findings, SIZE_MAX / 2);
		settle_class(scan, portrait, findings);
		if (!portrait->class_comes_back)
			ask_route(scan, portrait, findings);
	}
	ask_walks(scan, portrait, findings);
	if (alike)
		pass_on(scan, portrait, findings);
}

/* ---- open ports */

static void ask_controls(struct scan *scan, struct portrait *portrait)
{
	struct extra extras[CONTROLS];
	uint16_t port = (uint16_t)(CONTROL_FROM + random_seed() % CONTROL_SPAN);
	size_t count = 0, open = 0;

	for (; count < CONTROLS; port = (uint16_t)(port + 997))
		if (!ports_have(&scan->set, port))
			extras[count++] = (struct extra){ .target = portrait->first / scan->port_count, .port = port };
	/* Sorted by port. */
	extra_ask(scan, extras, count, SLOT_CONTROL, EXTRA_TRIES);
	for (size_t i = 0; i < count; i++)
		open += extras[i].state == PORT_OPEN;
	portrait->every_port = open == count;
	portrait->controls_closed = open == 0 && !scan_stopped(scan);
}

static void doubt_open(struct scan *scan, struct portrait *portrait, struct finding *findings)
{
	const struct target *target = &scan->targets[portrait->first / scan->port_count];
	size_t open = target->answers[PORT_OPEN];

	if (scan->port_count >= EVERY_FROM)
		portrait->every_port = (double)open > EVERY_SHARE * (double)scan->port_count;
	else if (open == scan->port_count)
		ask_controls(scan, portrait);
	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++) {
		const struct sighting *seen = &scan->asks[i].seen;

		if (scan->asks[i].state != PORT_OPEN)
			continue;
		if (portrait->every_port)
			add(&findings[i], CLUE_EVERY_PORT);
		if (portrait->controls_closed)
			add(&findings[i], CLUE_CLOSED_ELSE);
		if (seen->window < WINDOW_TINY)
			add(&findings[i], CLUE_WINDOW_TINY);
		if (portrait->tcp_hops != HOPS_NONE && !are_hops_hidden(scan, portrait))
			add(&findings[i], hops_of(seen->hop_limit) == portrait->tcp_hops ? CLUE_ALIKE : CLUE_NOT_ALIKE);
		compare_hops(scan, portrait, seen, true, &findings[i]);
	}
}

/* ---- all of it */

/*
 * How far away the host's TCP refuses. Where that is not always as far as its open ports are, who stands nearer than
 * these may be the host itself, which hands ports on to others (NAT, containers).
 */
static void learn_tcp_hops(const struct scan *scan, struct portrait *portrait, struct finding *findings)
{
	size_t end = portrait->first + scan->port_count;
	bool agreed = portrait->has_open;

	for (size_t i = portrait->first; i < end; i++) {
		uint8_t hops = hops_of(scan->asks[i].seen.hop_limit);

		if (scan->asks[i].state != PORT_CLOSED || !told_by_tcp(&findings[i]))
			continue;
		if (portrait->tcp_hops == HOPS_NONE)
			portrait->tcp_hops = hops;
		agreed &= hops == portrait->hops;
	}
	for (size_t i = portrait->first; i < end && agreed && portrait->tcp_hops != HOPS_NONE; i++)
		if (scan->asks[i].state == PORT_CLOSED && has(&findings[i], CLUE_HOPS_NEARER))
			add(&findings[i], CLUE_HOPS_AGREED);
}

static void find_of_target(struct scan *scan, size_t target, struct finding *findings)
{
	struct portrait portrait = { .first = target * scan->port_count, .tcp_hops = HOPS_NONE };
	size_t end = portrait.first + scan->port_count;

	look_at_open(scan, &portrait);
	for (size_t i = portrait.first; i < end; i++)
		if (scan->asks[i].state == PORT_CLOSED)
			look_at_refusal(scan, &portrait, &scan->asks[i], &findings[i]);
	ask_refused(scan, &portrait, findings);
	learn_tcp_hops(scan, &portrait, findings);
	if (portrait.has_open)
		doubt_open(scan, &portrait, findings);
}

void who_find(struct scan *scan, struct finding *findings)
{
	for (size_t i = 0; i < scan->ask_count; i++) {
		findings[i] = (struct finding){ .cause = CAUSE_NONE, .other = CAUSE_NONE };
		if (scan_target(scan, i)->by_connect)
			add(&findings[i], CLUE_CONNECTED);
	}
	for (size_t i = 0; i < scan->target_count && !scan_stopped(scan); i++)
		if (!scan->targets[i].by_connect)
			find_of_target(scan, i, findings);
	for (size_t i = 0; i < scan->ask_count; i++)
		finding_decide(scan, i, &findings[i]);
}
