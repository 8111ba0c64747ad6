/* Resets as packets tell of them, for `watch` where the kernel cannot be traced: captured and explained at once. */
#ifndef TCPWHY_CLI_LIVE_CAPTURE_H
#define TCPWHY_CLI_LIVE_CAPTURE_H

#include "cli/live_output.h"

struct live_capture;

/*
 * Capture on all interfaces of this network namespace. `expression` is what the user wants of RSTs, in libpcap's
 * language, or ""; where it holds for both directions of a connection alike, nothing else is captured. NULL on failure:
 * STATUS_IO where the right is missing or the system refuses, STATUS_MEMORY. The output outlives the capture.
 */
struct live_capture *live_capture_open(const char *expression, struct live_output *output, struct error *error);
/* Wait up to `timeout_ms` for packets, and tell of what is complete. STATUS_OK or STATUS_IO. */
enum status live_capture_step(struct live_capture *capture, int timeout_ms, struct error *error);
/* Tell of everything that is left, and say what was missed. */
void live_capture_finish(struct live_capture *capture);
/* NULL is allowed. */
void live_capture_close(struct live_capture *capture);

/* Whether an expression that lets a segment pass lets its answer pass, too. May say no where it does. */
bool live_capture_is_symmetric(const char *expression);

#endif
