/*
 * What one reset cannot see: the other resets around it. Bounded: some thousand hosts, each with the last ports and
 * hosts that it tried.
 */
#ifndef TCPWHY_RESET_NEIGHBOURHOOD_H
#define TCPWHY_RESET_NEIGHBOURHOOD_H

#include "reset/reset.h"

struct neighbourhood;

/* NULL when out of memory; every function takes NULL and then knows nothing. */
struct neighbourhood *neighbourhood_new(void);
/* A RST arrived. */
void neighbourhood_add(struct neighbourhood *neighbourhood, const struct evidence *evidence);
/* Add what is known by now to evidence that is about to be sealed. */
void neighbourhood_facts(const struct neighbourhood *neighbourhood, struct evidence *evidence);
void neighbourhood_free(struct neighbourhood *neighbourhood);

#endif
