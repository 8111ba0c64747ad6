/* What `probe` found out, for people and for programs. */
#ifndef TCPWHY_CLI_PROBE_SHOW_H
#define TCPWHY_CLI_PROBE_SHOW_H

#include "probe/who.h"
#include "report/json_text.h"
#include "report/report.h"

/* The fixed word of JSON for a state, and the words for people. */
const char *port_state_id(enum port_state state);
const char *port_state_text(enum port_state state);
/* Why a state is unknown, or what it rests on besides the clues, for people; "" for nothing. */
void probe_doubt_text(struct buffer *out, const struct scan *scan, size_t index);
/* "192.0.2.1: communication administratively prohibited (ICMP 3/13)" where an ICMP error answered. */
void probe_icmp_text(struct buffer *out, const struct scan *scan, size_t index);

/* One host: its ports in groups of what was found. */
void probe_show_target(struct buffer *out, const struct scan *scan, const struct finding *findings, size_t target,
                       const struct report_style *style);
/* The last lines: numbers, and what was lost. */
void probe_show_totals(struct buffer *out, const struct scan *scan, int64_t took_ns, const struct report_style *style);

/* One JSON object a port, or the numbers; docs/json.md. `time_ns` of clock_realtime(); 0: without it. */
void probe_json_port(struct buffer *out, const struct scan *scan, const struct finding *findings, size_t index,
                     int64_t time_ns);
void probe_json_totals(struct buffer *out, const struct scan *scan, int64_t took_ns);
/* The beginning of the last line of --watch: which host and port; the caller's, for json_line_end(). */
json_t *probe_json_watched(const struct scan *scan);

#endif
