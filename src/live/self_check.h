/* What can be seen on the kernel that runs, what not, and why. */
#ifndef TCPWHY_LIVE_SELF_CHECK_H
#define TCPWHY_LIVE_SELF_CHECK_H

#include "base/buffer.h"

/* Add one line each; false where resets cannot be traced at all. */
bool self_check(struct buffer *out);

#endif
