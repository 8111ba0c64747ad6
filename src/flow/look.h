/* What the packets of one side look like on the network layer: distance, IP ID series, DF, flow label, MAC. */
#ifndef TCPWHY_FLOW_LOOK_H
#define TCPWHY_FLOW_LOOK_H

#include "packet/segment.h"

struct look {
	uint8_t hops_first;     /* hop limit of the first packet */
	uint8_t hops_last;
	uint8_t hops_min, hops_max;
	uint32_t count;
};

struct side;

/* Take a segment of this side; RSTs are not given, they are what is compared with it. */
void look_take(struct side *side, const struct segment *segment);
/* Distance in hops from a hop limit: the usual initial values are 32, 64, 128 and 255. */
unsigned hops_of(uint8_t hop_limit);
/* The initial value that a hop limit counts down from. */
unsigned hops_initial(uint8_t hop_limit);

#endif
