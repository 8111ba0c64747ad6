/*
 * No set of clues makes a wrong certainty: never where they contradict each other, never where the port was not asked
 * itself, never where nothing tells a host's TCP from a firewall; and what is likely names what else it may be.
 */
#include "probe/who.h"
#include "tap.h"

#define BIT(clue) (UINT32_C(1) << (clue))

static const uint32_t by_tcp = BIT(CLUE_LABEL_SET) | BIT(CLUE_CLASS_COPIED) | BIT(CLUE_ROUTE_ECHOED);
static const uint32_t by_filter = BIT(CLUE_LABEL_MISSING) | BIT(CLUE_CLASS_MISSING) | BIT(CLUE_ROUTE_PLAIN) |
                                  BIT(CLUE_ROUTE_SILENT);

static const uint32_t placed = BIT(CLUE_HOPS_SAME) | BIT(CLUE_ON_LINK) | BIT(CLUE_HOPS_AGREED);

static struct finding decide(enum port_state state, uint32_t clues)
{
	static struct target target;
	static struct ask ask;
	struct scan scan = { .targets = &target, .target_count = 1, .port_count = 1, .asks = &ask, .ask_count = 1 };
	struct finding finding = { .clues = clues, .cause = CAUSE_NONE, .other = CAUSE_NONE };

	ask = (struct ask){ .state = (uint8_t)state };
	finding_decide(&scan, 0, &finding);
	return finding;
}

static bool certain(uint32_t clues)
{
	return decide(PORT_CLOSED, clues).certainty == CERTAINTY_CERTAIN;
}

/* Every set of up to three clues of a refused port. */
static void try_all(void)
{
	unsigned contradicted = 0, sampled = 0, groundless = 0, walked = 0, alone = 0, strange = 0, tried = 0;

	for (unsigned a = 0; a < CLUES; a++)
		for (unsigned b = a; b < CLUES; b++)
			for (unsigned c = b; c < CLUES; c++) {
				uint32_t clues = BIT(a) | BIT(b) | BIT(c);
				struct finding finding = decide(PORT_CLOSED, clues);
				bool here = clues & BIT(CLUE_OWN);

				tried++;
				contradicted += !here && certain(clues) && clues & by_tcp && clues & by_filter;
				sampled += !here && certain(clues) && clues & BIT(CLUE_SAMPLED);
				groundless += !here && certain(clues) && !(clues & (by_tcp | by_filter | BIT(CLUE_CLASS_LOST)));
				walked += certain(clues) && finding.by == BY_FIREWALL_BEFORE && !(clues & BIT(CLUE_HOPS_NEARER));
				strange += !here && certain(clues) && finding.cause == CAUSE_firewall_reject &&
				           (clues & BIT(CLUE_OTHER_SYSTEM) || !(clues & placed));
				alone += finding.certainty == CERTAINTY_LIKELY && finding.other == CAUSE_NONE;
			}
	ok(tried > 2000, "%u sets of clues", tried);
	is_number(contradicted, 0, "none is certain that contradicts itself");
	is_number(sampled, 0, "none that was not asked itself");
	is_number(groundless, 0, "none that neither a TCP nor a filter shows in");
	is_number(walked, 0, "none that a walk alone gives a place");
	is_number(strange, 0, "no filter that may be the TCP of another system, or of a host elsewhere");
	is_number(alone, 0, "each that is likely names another cause");
}

int main(void)
{
	struct finding at_host = decide(PORT_CLOSED, BIT(CLUE_CLASS_MISSING) | BIT(CLUE_ON_LINK) | BIT(CLUE_HOPS_NEARER));
	struct finding lost = decide(PORT_CLOSED, BIT(CLUE_CLASS_LOST) | BIT(CLUE_NO_OPEN_PORT));

	try_all();
	ok(certain(BIT(CLUE_CLASS_COPIED) | BIT(CLUE_HOPS_SAME)), "a copied DSCP from the host's distance is the host");
	ok(certain(BIT(CLUE_CLASS_MISSING) | BIT(CLUE_ON_LINK)), "one that is missing on the link is a filter");
	ok(!certain(BIT(CLUE_CLASS_MISSING) | BIT(CLUE_HOPS_SAME)), "a router may have taken it");
	ok(certain(BIT(CLUE_CLASS_MISSING) | BIT(CLUE_ROUTE_PLAIN) | BIT(CLUE_HOPS_SAME)), "but not the option, too");
	ok(certain(BIT(CLUE_LABEL_MISSING) | BIT(CLUE_HOPS_SAME) | BIT(CLUE_LINUX)), "a label that a Linux lacks is one");
	ok(!certain(BIT(CLUE_LABEL_MISSING) | BIT(CLUE_HOPS_SAME)), "FreeBSD labels its SYN-ACKs, and never its RSTs");
	ok(!certain(BIT(CLUE_CLASS_MISSING) | BIT(CLUE_HOPS_FARTHER)), "the host behind a translated port may copy no DSCP");
	ok(certain(BIT(CLUE_CLASS_COPIED) | BIT(CLUE_ON_LINK) | BIT(CLUE_HOPS_NEARER)), "on the link nobody stands nearer");
	is_number(at_host.by, BY_FIREWALL_AT_HOST, "no firewall either");
	ok(!certain(BIT(CLUE_CLASS_MISSING) | BIT(CLUE_HOPS_NEARER)), "open ports may be behind the host that refuses");
	ok(certain(BIT(CLUE_CLASS_MISSING) | BIT(CLUE_ROUTE_PLAIN) | BIT(CLUE_HOPS_NEARER) | BIT(CLUE_HOPS_AGREED)), "or not");
	ok(!certain(BIT(CLUE_CLASS_LOST) | BIT(CLUE_HOPS_SAME) | BIT(CLUE_LINUX)), "one that never comes back is not certain");
	is_number(lost.by, BY_UNDECIDED, "behind a router without an open port nothing tells");
	is_number(decide(PORT_CLOSED, BIT(CLUE_CONNECTED)).by, BY_UNDECIDED, "connect() tells nothing");
	is_number(decide(PORT_OPEN, BIT(CLUE_EVERY_PORT)).certainty, CERTAINTY_LIKELY, "everything open is a proxy, likely");
	is_number(decide(PORT_OPEN, 0).certainty, CERTAINTY_LIKELY, "a SYN-ACK from afar may be a box's");
	is_number(decide(PORT_OPEN, BIT(CLUE_ON_LINK)).certainty, CERTAINTY_CERTAIN, "one on the link is the host's");
	is_number(decide(PORT_OPEN, BIT(CLUE_CONNECTED)).certainty, CERTAINTY_LIKELY, "connect() sees no packets");
	is_number(decide(PORT_FILTERED, 0).certainty, CERTAINTY_LIKELY, "silence is never certain");
	is_number(decide(PORT_UNKNOWN, 0).certainty, CERTAINTY_UNKNOWN, "what is unknown is unknown");
	for (unsigned clue = 0; clue < CLUES; clue++)
		ok(clue_text((enum clue)clue) && *clue_text((enum clue)clue), "clue %u has its words", clue);
	for (unsigned by = 0; by < ANSWERED_BY; by++)
		ok(*answered_by_text((enum answered_by)by) && (by == BY_NOBODY || answered_by_id((enum answered_by)by)),
		   "answerer %u has its words", by);
	return done_testing();
}
