/* Where in its program a process was. For this folder, and for the lines of `watch`. */
#ifndef TCPWHY_REPORT_STACK_H
#define TCPWHY_REPORT_STACK_H

#include "report/json_text.h"
#include "report/report.h"
#include "reset/testimony.h"

/* One row a frame, and one for what is missing. Nothing where `stack` is NULL, here and below. */
void stack_rows(struct buffer *out, const struct report_style *style, const char *label,
                const struct call_stack *stack);
/* " in main() (server.c:12)": the innermost frame that is the program's own, as far as that can be told. */
void stack_brief(struct buffer *out, const struct call_stack *stack);
/* Of the process itself: "stack" and "stack_gap"; of who killed it: "killer_stack" and "killer_stack_gap". */
void stack_put(json_t *object, const struct actor *actor);

#endif
