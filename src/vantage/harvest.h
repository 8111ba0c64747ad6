/* Reads a capture once more, with eyes for certain connections only, and fills a lookout with them. */
#ifndef TCPWHY_VANTAGE_HARVEST_H
#define TCPWHY_VANTAGE_HARVEST_H

#include "base/error.h"
#include "vantage/lookout.h"

/*
 * Which connections are wanted: by their ends, and by the initial sequence numbers of their SYNs, which stay what they
 * are where addresses and ports are translated.
 */
struct wanted;

/* NULL when out of memory. */
struct wanted *wanted_new(uint64_t seed);
/* Past a ceiling of LEGS_MAX nothing is added. */
void wanted_ends(struct wanted *wanted, const struct endpoint *one, const struct endpoint *other);
void wanted_isn(struct wanted *wanted, uint32_t isn);
bool wanted_has_isn(const struct wanted *wanted, uint32_t isn);
void wanted_free(struct wanted *wanted);

/* Read `count` rewound sources, which are parts of one capture. STATUS_OK or the last failure. */
enum status harvest(struct lookout *lookout, const struct wanted *wanted, struct source *const *sources, size_t count,
                    struct error *error);

#endif
