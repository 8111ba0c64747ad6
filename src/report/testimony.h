/* What a kernel tells beside the facts, for both renderers of a verdict. */
#ifndef TCPWHY_REPORT_TESTIMONY_H
#define TCPWHY_REPORT_TESTIMONY_H

#include "report/json_text.h"
#include "report/report.h"
#include "reset/testimony.h"

/* "nginx (pid 123)" */
void testimony_name(struct buffer *out, const struct actor *actor);
/* "closed it", "was killed by SIGKILL from pid 4 (bash)"; nothing for ACT_UNKNOWN. */
void testimony_act(struct buffer *out, const struct actor *actor);
/* "gets ECONNRESET", "got SIGPIPE"; nothing where nobody knows. */
void testimony_outcome(struct buffer *out, const struct witness *witness);
/* The rows of a verdict in full. */
void testimony_rows(struct buffer *out, const struct evidence *evidence, const struct report_style *style);
/* The fields "kernel" and "ends". */
void testimony_put(json_t *line, const struct testimony *testimony);
/* One line of JSON about what a program got later, for an end that was told before. */
void report_json_later(struct buffer *out, const struct evidence *evidence, const struct witness *witness,
                       int64_t time_ns);
/* The fixed words of the JSON output. */
const char *act_id(enum act act);

#endif
