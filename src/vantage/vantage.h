/*
 * Several captures of the same traffic, each from its vantage, into one verdict for each reset. Every capture is
 * analysed alone first; then each is read once more for the connections that any of them found something about, the
 * segments are matched, and what the captures say together is merged into the evidence.
 */
#ifndef TCPWHY_VANTAGE_VANTAGE_H
#define TCPWHY_VANTAGE_VANTAGE_H

#include "analysis/analysis.h"
#include "vantage/fate.h"
#include "vantage/recognise.h"

/* One vantage: a capture in one file or in several, one after the other. They can rewind, and are at their start. */
struct vantage_input {
	const char *name;              /* "client" and "server" say where it is; outlives the vantages */
	bool named;                    /* somebody vouches for it: what it lacks was not there */
	struct source *const *sources;
	size_t count;
};

struct vantages;

/*
 * NULL when out of memory. What is given is copied, but for the names and the sources. `known` (may be NULL):
 * connections in common, for comparing the clocks.
 */
struct vantages *vantages_new(const struct vantage_input *inputs, unsigned count,
                              const struct analysis_options *options, const struct analysis_sink *sink,
                              const struct recognition *known);
/*
 * Read everything and give the verdicts to the sink, in the order of their times; connections and failures come as they
 * are met. STATUS_OK, or the last failure. To be called once.
 */
enum status vantages_run(struct vantages *vantages, struct error *error);
/*
 * Numbers of all together; connections and their endings are those of the capture that has most of them, of equal ones
 * those of the first that has the ends of most; resets are those of the capture that has most.
 */
const struct analysis_totals *vantages_totals(const struct vantages *vantages);
/* Which segments are the same, whose clock is how far off: after the run. */
const struct match *vantages_match(const struct vantages *vantages);
const struct vantage_names *vantages_names(const struct vantages *vantages);
/* The connection of a verdict, for its ladder: its place in the match's groups. False where it was not matched. */
bool vantages_group(const struct vantages *vantages, const struct evidence *evidence, uint32_t *ret_group);
void vantages_free(struct vantages *vantages);

#endif
