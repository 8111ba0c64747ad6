#include "probe/who.h"

#include <stdlib.h>

#include "base/random.h"
#include "probe/ask_again.h"
#include "probe/extra.h"

/* Ports that nobody was asked for: above those of services, below those that kernels give to clients. */
#define CONTROLS 3
#define CONTROL_FROM 20011
#define CONTROL_SPAN 12000
/* Linux takes at least a segment into its first window; a SYN proxy takes 0, a tarpit a few bytes. */
#define WINDOW_TINY 500
/* Of so many asked ports, so large a share open is no host. */
#define EVERY_FROM 100
#define EVERY_SHARE 0.9
#define HOP_LIMIT_LINUX 64

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
		clue_add(finding, CLUE_HOPS_HIDDEN);
	/* An only open port has nothing to be compared with. */
	else if (portrait->open > (is_syn_ack ? 1 : 0))
		clue_add(finding, hops == portrait->hops ? CLUE_HOPS_SAME
		             : hops < portrait->hops ? CLUE_HOPS_NEARER : CLUE_HOPS_FARTHER);
	else if (!portrait->has_open)
		clue_add(finding, CLUE_NO_OPEN_PORT);
	if ((path->on_link || path->local) && hops == 0)
		clue_add(finding, CLUE_ON_LINK);
	if (portrait->from_linux)
		clue_add(finding, CLUE_LINUX);
	if (seen->hop_limit > HOP_LIMIT_LINUX)
		clue_add(finding, CLUE_OTHER_SYSTEM);
}

static void look_at_refusal(const struct scan *scan, const struct portrait *portrait, const struct ask *ask,
                            struct finding *finding)
{
	bool v6 = scan->targets[0].path.target.version == 6;

	if (ask->seen.own) {
		clue_add(finding, CLUE_OWN);
		return;
	}
	/* A label that is that of our SYN says only that somebody has turned the packet round. */
	if (v6 && ask->seen.flow_label && !ask->seen.label_reflected)
		clue_add(finding, CLUE_LABEL_SET);
	else if (v6 && !ask->seen.flow_label && portrait->labelled)
		clue_add(finding, CLUE_LABEL_MISSING);
	compare_hops(scan, portrait, &ask->seen, false, finding);
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
			clue_add(&findings[i], CLUE_EVERY_PORT);
		if (portrait->controls_closed)
			clue_add(&findings[i], CLUE_CLOSED_ELSE);
		if (seen->window < WINDOW_TINY)
			clue_add(&findings[i], CLUE_WINDOW_TINY);
		if (portrait->tcp_hops != HOPS_NONE && !are_hops_hidden(scan, portrait))
			clue_add(&findings[i], hops_of(seen->hop_limit) == portrait->tcp_hops ? CLUE_ALIKE : CLUE_NOT_ALIKE);
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
		if (scan->asks[i].state == PORT_CLOSED && clue_has(&findings[i], CLUE_HOPS_NEARER))
			clue_add(&findings[i], CLUE_HOPS_AGREED);
}

static void find_of_target(struct scan *scan, size_t target, struct finding *findings)
{
	struct portrait portrait = { .first = target * scan->port_count, .tcp_hops = HOPS_NONE };
	size_t end = portrait.first + scan->port_count;

	look_at_open(scan, &portrait);
	for (size_t i = portrait.first; i < end; i++)
		if (scan->asks[i].state == PORT_CLOSED)
			look_at_refusal(scan, &portrait, &scan->asks[i], &findings[i]);
	ask_again(scan, &portrait, findings);
	learn_tcp_hops(scan, &portrait, findings);
	if (portrait.has_open)
		doubt_open(scan, &portrait, findings);
}

void who_find(struct scan *scan, struct finding *findings)
{
	for (size_t i = 0; i < scan->ask_count; i++) {
		findings[i] = (struct finding){ .cause = CAUSE_NONE, .other = CAUSE_NONE };
		if (scan_target(scan, i)->by_connect)
			clue_add(&findings[i], CLUE_CONNECTED);
	}
	for (size_t i = 0; i < scan->target_count && !scan_stopped(scan); i++)
		if (!scan->targets[i].by_connect)
			find_of_target(scan, i, findings);
	for (size_t i = 0; i < scan->ask_count; i++)
		finding_decide(scan, i, &findings[i]);
}
