/* `tcpwhy causes --error`: from a line of a log to the causes behind it. */
#ifndef TCPWHY_REPORT_LOG_LINE_H
#define TCPWHY_REPORT_LOG_LINE_H

#include "report/report.h"

/* Add what is known about `line`, which may hold anything. Returns how many messages were recognised in it. */
size_t report_log_line(struct buffer *out, const char *line, const struct report_style *style);

#endif
