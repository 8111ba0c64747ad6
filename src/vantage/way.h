/* What several captures together tell of one RST, or of an end without one, as facts of its evidence. */
#ifndef TCPWHY_VANTAGE_WAY_H
#define TCPWHY_VANTAGE_WAY_H

#include "reset/evidence.h"
#include "vantage/fate.h"

/*
 * Everything that is looked up. `place`: 1 where somebody vouches that a lookout is at the client, 2 at the server, so
 * that what it lacks means something though nothing in it can be aligned; 0 else.
 */
struct ways {
	const struct match *match;
	const struct vantage_names *names;
	const uint8_t *place;
};

/*
 * The mark with this frame of a file (from 0) of a lookout; NULL where it was not kept. *near is where the search
 * begins, 0 at first, and where the next one may: frames that are asked for one after the other lie close together.
 */
const struct mark *ways_mark(const struct ways *ways, unsigned lookout, unsigned file, uint64_t frame, size_t *near);

/* Add what is known of the RST that is this mark; `e` is what this lookout alone knows. */
void way_of_rst(const struct ways *ways, unsigned lookout, unsigned file, const struct mark *rst, struct evidence *e);
/* The same for an end without a RST, whose last segment is this mark. */
void way_of_ending(const struct ways *ways, unsigned lookout, const struct mark *last, struct evidence *e);
/* Of a verdict whose connection no other capture has: say so where one was vouched for. */
void way_alone(const struct ways *ways, unsigned lookout, struct evidence *e);

#endif
