#include "probe/ask_again.h"

#include <stdlib.h>

#include "probe/extra.h"

/* DSCP 46, expedited forwarding: bits that a careless rewriting of the old TOS byte would not leave alone. */
#define ASKED_CLASS 0xb8
#define CLASS_BITS 0xfc
/* So many refused ports of a host are asked each; of more, as many, and all only where they differ. */
#define SAMPLE_MAX 256
#define ROUTE_SAMPLE_MAX 8
#define WALKS_MAX 4

static bool told_by_filter(const struct finding *finding)
{
	return clue_has(finding, CLUE_CLASS_MISSING) || clue_has(finding, CLUE_LABEL_MISSING) ||
	       clue_has(finding, CLUE_ROUTE_PLAIN) || clue_has(finding, CLUE_ROUTE_SILENT);
}

static bool wants_asking(const struct scan *scan, size_t i, const struct finding *findings)
{
	return scan->asks[i].state == PORT_CLOSED && !told_by_tcp(&findings[i]) && !told_by_filter(&findings[i]) &&
	       !clue_has(&findings[i], CLUE_OWN);
}

/* A router may take the DSCP from what one port sends: that it is missing there alone wants a second opinion. */
static bool wants_second_opinion(const struct scan *scan, size_t i, const struct finding *findings)
{
	return scan->asks[i].state == PORT_CLOSED && clue_has(&findings[i], CLUE_CLASS_MISSING) &&
	       !clue_has(&findings[i], CLUE_ON_LINK);
}

typedef bool wants_fn(const struct scan *scan, size_t i, const struct finding *findings);

static size_t count_wanting(const struct scan *scan, const struct portrait *portrait, const struct finding *findings,
                            wants_fn *wants)
{
	size_t count = 0;

	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++)
		count += wants(scan, i, findings);
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
                   wants_fn *wants, size_t most, struct disguise disguise, struct series *ret_series)
{
	size_t wanting = count_wanting(scan, portrait, findings, wants), nth = 0;

	if (!series_init(ret_series, most < wanting ? most : wanting))
		return false;
	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++) {
		if (!wants(scan, i, findings))
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

	if (!choose(scan, portrait, findings, wants_asking, most, disguise, &series))
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
			clue_add(&findings[series.asks[i]], CLUE_CLASS_COPIED);
		else if (!(series.extras[i].seen.traffic_class & CLASS_BITS)) /* another one was set on the way */
			clue_add(&findings[series.asks[i]], CLUE_CLASS_LOST);
	}
	series_clear(&series);
	return copied == 0 || copied == answered;
}

/* Where another port's RST had it, the path carries it. */
static void settle_class(const struct scan *scan, const struct portrait *portrait, struct finding *findings)
{
	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++)
		if (portrait->class_comes_back && clue_has(&findings[i], CLUE_CLASS_LOST)) {
			findings[i].clues &= ~(UINT32_C(1) << CLUE_CLASS_LOST);
			clue_add(&findings[i], CLUE_CLASS_MISSING);
		}
}

/* A port that TCP answers: an open one, or a closed one that copies a DSCP. */
static bool is_of_tcp(const struct scan *scan, size_t i, const struct finding *findings)
{
	return scan->asks[i].state == PORT_OPEN || clue_has(&findings[i], CLUE_CLASS_COPIED);
}

/* What TCP answers with the option shows that the path lets it pass. */
static void ask_route_of_tcp(struct scan *scan, struct portrait *portrait, const struct finding *findings)
{
	struct series series;

	if (!choose(scan, portrait, findings, is_of_tcp, 1, (struct disguise){ .record_route = true }, &series))
		return;
	extra_ask(scan, series.extras, series.count, SLOT_ROUTE, EXTRA_TRIES);
	portrait->route_comes_back = series.count && series.extras[0].seen.route_recorded &&
	                             (series.extras[0].state == PORT_OPEN || series.extras[0].state == PORT_CLOSED);
	series_clear(&series);
}

static void ask_route(struct scan *scan, struct portrait *portrait, struct finding *findings, wants_fn *wants,
                      size_t most)
{
	const struct disguise disguise = { .record_route = true };
	struct series series;

	if (scan->targets[0].path.target.version != 4 || !count_wanting(scan, portrait, findings, wants))
		return;
	ask_route_of_tcp(scan, portrait, findings);
	if (!choose(scan, portrait, findings, wants, most, disguise, &series))
		return;
	extra_ask(scan, series.extras, series.count, SLOT_ROUTE, EXTRA_TRIES);
	for (size_t i = 0; i < series.count; i++) {
		struct finding *finding = &findings[series.asks[i]];

		if (series.extras[i].state == PORT_CLOSED && series.extras[i].seen.route_recorded)
			clue_add(finding, CLUE_ROUTE_ECHOED);
		else if (series.extras[i].state == PORT_CLOSED && portrait->route_comes_back)
			clue_add(finding, CLUE_ROUTE_PLAIN);
		else if (series.extras[i].state == PORT_FILTERED && portrait->route_comes_back)
			clue_add(finding, CLUE_ROUTE_SILENT);
	}
	series_clear(&series);
}

/* What some say of the option is likely so of all that lack the DSCP and refuse from as far, where those agree. */
static void pass_opinion_on(const struct scan *scan, const struct portrait *portrait, struct finding *findings)
{
	const uint32_t opinions = UINT32_C(1) << CLUE_ROUTE_ECHOED | UINT32_C(1) << CLUE_ROUTE_PLAIN |
	                          UINT32_C(1) << CLUE_ROUTE_SILENT;
	uint32_t common[256] = { 0 };

	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++)
		if (wants_second_opinion(scan, i, findings))
			common[scan->asks[i].seen.hop_limit] |= findings[i].clues & opinions;
	for (size_t i = portrait->first; i < portrait->first + scan->port_count; i++) {
		uint32_t like = common[scan->asks[i].seen.hop_limit];

		if (!like || like & (like - 1) || !wants_second_opinion(scan, i, findings) || findings[i].clues & opinions)
			continue;
		findings[i].clues |= like;
		clue_add(&findings[i], CLUE_SAMPLED);
	}
}

/* A refusal that leaves open where it was made. */
static bool wants_walk(const struct scan *scan, size_t i, const struct finding *findings)
{
	const struct finding *finding = &findings[i];

	return scan->asks[i].state == PORT_CLOSED && !told_by_tcp(finding) && !clue_has(finding, CLUE_OWN) &&
	       !clue_has(finding, CLUE_HOPS_SAME) && !clue_has(finding, CLUE_HOPS_NEARER) &&
	       !clue_has(finding, CLUE_HOPS_FARTHER) && !clue_has(finding, CLUE_HOPS_HIDDEN);
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
				clue_add(&findings[k], clue);
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
			clue_add(&findings[i], CLUE_SAMPLED);
		findings[i].clues |= like;
	}
}

void ask_again(struct scan *scan, struct portrait *portrait, struct finding *findings)
{
	bool alike = true;

	if (count_wanting(scan, portrait, findings, wants_asking)) {
		alike = ask_class(scan, portrait, findings, SAMPLE_MAX);
		if (!alike)
			ask_class(scan, portrait, findings, SIZE_MAX / 2);
		settle_class(scan, portrait, findings);
		if (portrait->class_comes_back)
			ask_route(scan, portrait, findings, wants_second_opinion, SAMPLE_MAX);
		else
			ask_route(scan, portrait, findings, wants_asking, ROUTE_SAMPLE_MAX);
		pass_opinion_on(scan, portrait, findings);
	}
	ask_walks(scan, portrait, findings);
	if (alike)
		pass_on(scan, portrait, findings);
}
