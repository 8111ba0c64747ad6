/* Why the kernel does not let the tracer's programs in. */
#ifndef TCPWHY_LIVE_REFUSAL_H
#define TCPWHY_LIVE_REFUSAL_H

#include "base/error.h"

/* From now on libbpf complains here, where the first of it is kept, and not on stderr. */
void refusal_listen(void);
/* What `code`, a negative errno of loading or attaching, means here. Returns STATUS_IO or STATUS_UNSUPPORTED. */
enum status refusal_set(int code, struct error *error);

#endif
