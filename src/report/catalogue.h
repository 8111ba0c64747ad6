/* What the renderers of the catalogue share. */
#ifndef TCPWHY_REPORT_CATALOGUE_H
#define TCPWHY_REPORT_CATALOGUE_H

#include "base/buffer.h"
#include "cause/cause.h"

/* Add a text of the catalogue, translated, for no reset in particular: "the sender", "the receiver". */
void catalogue_text(struct buffer *out, const char *text);
/* The fixed words of the JSON output. */
const char *told_by_id(enum told_by told_by);
const char *family_id(enum family family);

#endif
