/*
 * The classic account of TCP resets, row by row: nobody listens, scans, a power loss, SO_LINGER, RSTs that get lost,
 * broken pipes, resets met by a read. Each row is a scenario of the catalogue, or one that belongs to no cause because
 * it compares several, or because nothing is reset in it.
 */
#ifndef TCPWHY_CAUSE_ARTICLE_H
#define TCPWHY_CAUSE_ARTICLE_H

#include "cause/cause.h"

struct article_row {
	const char *name;    /* the word behind the slash: "broken-pipe"; NULL ends the table */
	const char *told;    /* what the account says, before it is played; N_() */
	const char *today;   /* where today's Linux differs; N_(); NULL: nowhere */
	enum cause_id cause; /* whose scenario it is; CAUSE_NONE: the one of scenarios_article with this name as its face */
	const char *face;    /* which of the cause's; NULL: the first */
};

/* In the order of the account. */
extern const struct article_row article_rows[];

/* NULL where there is no such row. */
const struct article_row *article_find(const char *name);
/* What the row plays; never NULL for a row of article_rows. */
const struct scenario *article_scenario(const struct article_row *row);

#endif
