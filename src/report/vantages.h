/* Several captures of the same traffic: what was found out about them, and the way of the packets between them. */
#ifndef TCPWHY_REPORT_VANTAGES_H
#define TCPWHY_REPORT_VANTAGES_H

#include "report/report.h"
#include "vantage/vantage.h"

/* Where each stands, how its clock goes, what it has in common with the others. */
void report_text_vantages(struct buffer *out, const struct vantages *vantages, const struct report_style *style);
/* One line of type "vantages". */
void report_json_vantages(struct buffer *out, const struct vantages *vantages);

/*
 * One connection between all vantages, a rail for each, the client's end on the left: what passed, what got lost and
 * what was made on the way. At most the first and the last half of `max` packets.
 */
void report_way_ladder(struct buffer *out, const struct vantages *vantages, uint32_t group, size_t max,
                       const struct report_style *style);

#endif
