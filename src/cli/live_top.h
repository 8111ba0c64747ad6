/* `tcpwhy watch --top`: a screen of what is reset, sorted, with the last record of each row in full. */
#ifndef TCPWHY_CLI_LIVE_TOP_H
#define TCPWHY_CLI_LIVE_TOP_H

#include "diagnose/diagnose.h"
#include "report/report.h"

struct live_top;

/* Takes the terminal at standard input and output until live_top_free(). NULL when it is none, or out of memory. */
struct live_top *live_top_new(const struct report_style *style);
void live_top_take(struct live_top *top, const struct verdict *verdict);
/* Obey the keys that were pressed, and draw where something is new. False where the user wants to leave. */
bool live_top_step(struct live_top *top, const struct live_totals *totals);
/* NULL is allowed. */
void live_top_free(struct live_top *top);

#endif
