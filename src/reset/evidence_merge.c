#include "reset/evidence.h"

#include <stddef.h>

/* What the RST says of itself, and what the ports had been used for: every capture of the same packet must agree. */
static const enum fact of_the_rst[] = {
	FACT_RST_ACK_FLAG, FACT_RST_BARE, FACT_RST_SEQ_ZERO, FACT_RST_WINDOW, FACT_RST_TIMESTAMP, FACT_RST_ACK_UNFLAGGED,
	FACT_RST_RESERVED_BITS, FACT_RST_UNSIGNED, FACT_OLD_TIME_WAIT, FACT_OLD_HANDSHAKE_OPEN,
};

/* What depends on where one stands: true there, and says nothing here. */
static const enum fact of_the_place[] = {
	FACT_BESIDE_SENDER, FACT_HOPS_SAME, FACT_HOPS_DIFFER, FACT_HOPS_NEARER, FACT_HOPS_LIKE_HANDSHAKE,
	FACT_SYN_HOPS_DIFFER, FACT_MAC_DIFFERS, FACT_LOOPBACK_ONLY, FACT_START_MISSING, FACT_BYTES_MISSING, FACT_AGE,
	FACT_IDLE_BEFORE, FACT_RST_CUT, FACT_RST_CHECKSUM_BAD,
};

static struct fact_set set_of(const enum fact *facts, size_t count)
{
	struct fact_set set = { 0 };

	for (size_t i = 0; i < count; i++)
		fact_add(&set, facts[i]);
	return set;
}

#define SET_OF(facts) set_of(facts, sizeof facts / sizeof *facts)

bool evidence_merge(struct evidence *into, const struct evidence *from, uint8_t vantage)
{
	struct fact_set rst = SET_OF(of_the_rst), place = SET_OF(of_the_place);
	bool any = false;

	for (unsigned word = 0; word < FACT_WORDS; word++) {
		uint64_t known = into->yes.words[word] | into->no.words[word];
		uint64_t new = from->yes.words[word] & ~known & ~place.words[word];
		uint64_t against = (into->yes.words[word] & from->no.words[word]) | (into->no.words[word] & from->yes.words[word]);

		into->contradicted.words[word] |= against & rst.words[word];
		any |= new || against & rst.words[word];
		for (; new; new &= new - 1) {
			enum fact fact = (enum fact)(word * 64 + (unsigned)__builtin_ctzll(new));
			const struct fact_value *value = &from->facts[fact];

			evidence_number(into, fact, value->number, value->frame, value->time_ns);
			into->from_vantage[fact] = vantage;
		}
	}
	return any;
}
