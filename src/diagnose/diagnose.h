/* Evidence × catalogue → one ranked verdict. Pure: the same evidence gives the same verdict. */
#ifndef TCPWHY_DIAGNOSE_DIAGNOSE_H
#define TCPWHY_DIAGNOSE_DIAGNOSE_H

#include "cause/cause.h"

enum certainty {
	CERTAINTY_UNKNOWN,  /* says which evidence is missing */
	CERTAINTY_LIKELY,   /* names what else could be, and what would decide */
	CERTAINTY_CERTAIN,  /* nothing else fits */
};

#define CANDIDATES_MAX 8
#define BECAUSE_MAX 16

/*
 * A verdict refers to the evidence that it was made from, and lives no longer. Texts are made from it by the renderers
 * and by diagnose/explain.h.
 */
struct verdict {
	const struct evidence *evidence;
	enum cause_id cause;
	enum certainty certainty;
	enum role sender;                         /* who really sent it */
	enum harm harm;
	uint8_t candidate_count;
	uint8_t candidates[CANDIDATES_MAX];       /* enum cause_id, likeliest first, never `cause` itself */
	uint8_t because_count;
	uint8_t because[BECAUSE_MAX];             /* enum fact, in the order of their frames, the RST's own last */
};

void diagnose(const struct evidence *evidence, struct verdict *ret_verdict);
bool verdict_has_candidate(const struct verdict *verdict, enum cause_id id);

/* The fixed words of the JSON output. */
const char *certainty_id(enum certainty certainty);
const char *role_id(enum role role);
const char *part_id(enum part part);
const char *sealed_id(enum sealed sealed);

#endif
