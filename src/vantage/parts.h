/* What match.c is made of. For this folder alone. */
#ifndef TCPWHY_VANTAGE_PARTS_H
#define TCPWHY_VANTAGE_PARTS_H

#include "vantage/match.h"

/* groups.c: which legs are of one connection, and how their numbers are shifted. False when out of memory. */
bool groups_find(struct match *match);
/* order.c: who is nearer to the client. All clocks are aligned. */
void order_find(struct match *match, const uint8_t place[LOOKOUTS_MAX]);
/* How many hops more one mark has behind it than the other, of the same packet: 0 where it cannot be told. */
int order_hops(const struct mark *one, const struct mark *other);

#endif
