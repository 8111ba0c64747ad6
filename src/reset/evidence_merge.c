#include "reset/evidence.h"

#include <stddef.h>

/* What the RST says of itself: every capture of the same packet must agree. */
static const enum fact of_the_rst[] = {
	FACT_RST_ACK_FLAG, FACT_RST_BARE, FACT_RST_SEQ_ZERO, FACT_RST_WINDOW, FACT_RST_TIMESTAMP, FACT_RST_ACK_UNFLAGGED,
	FACT_RST_RESERVED_BITS, FACT_RST_UNSIGNED,
};

/* What depends on where one stands: true there, and says nothing here. */
static const enum fact of_the_place[] = {
	FACT_BESIDE_SENDER, FACT_HOPS_SAME, FACT_HOPS_DIFFER, FACT_HOPS_LIKE_HANDSHAKE, FACT_SYN_HOPS_DIFFER, FACT_MAC_DIFFERS,
	FACT_LOOPBACK_ONLY, FACT_START_MISSING, FACT_BYTES_MISSING, FACT_AGE, FACT_IDLE_BEFORE, FACT_RST_CUT,
	FACT_RST_CHECKSUM_BAD,
};

static struct fact_set set_of(const enum fact *facts, size_t count)
{
	struct fact_set set = { 0 };

	for (size_t i = 0; i < count; i++)
		fact_add(&set, facts[i]);
	return set;
}

#define SET_OF(facts) set_of(facts, sizeof facts / sizeof *facts)

void evidence_merge(struct evidence *into, const struct evidence *from, uint8_t vantage)
{
	struct fact_set rst = SET_OF(of_the_rst), place = SET_OF(of_the_place);

	for (unsigned fact = 0; fact < FACTS; fact++) {
		bool yes_here = yes(into, fact), no_here = no(into, fact);

		if (fact_in(&rst, fact) && ((yes_here && no(from, fact)) || (no_here && yes(from, fact))))
			fact_add(&into->contradicted, fact);
		if (yes_here || no_here || !yes(from, fact) || fact_in(&place, fact))
			continue;
		evidence_number(into, fact, from->facts[fact].number, from->facts[fact].frame, from->facts[fact].time_ns);
		into->from_vantage[fact] = vantage;
	}
}
