/* A libpcap filter expression, compiled for each link type at its first frame. */
#ifndef TCPWHY_SOURCE_FILTER_H
#define TCPWHY_SOURCE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "source/frame.h"

struct filter;

/*
 * Compile `expression`, for `link_type` if that is known, else for the usual ones: it must fit one of them.
 * STATUS_USAGE with libpcap's reason; STATUS_MEMORY.
 */
enum status filter_new(const char *expression, bool link_type_known, uint16_t link_type, struct filter **ret_filter,
                       struct error *error);
/*
 * Keep of `frames` those that pass, in their order; returns how many. Adds to *skipped the frames whose link type the
 * expression does not fit.
 */
size_t filter_frames(struct filter *filter, struct frame *frames, size_t count, uint64_t *skipped);
/* NULL is allowed. */
void filter_free(struct filter *filter);

#endif
