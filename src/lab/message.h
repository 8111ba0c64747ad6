/* What the conductor tells the caller, through a stream socket: one sink at one end, played back into another. */
#ifndef TCPWHY_LAB_MESSAGE_H
#define TCPWHY_LAB_MESSAGE_H

#include "lab/lab.h"

/*
 * Send to the caller. A caller that is gone ends this process: nobody wants to know any more, and with this process
 * everything else ends.
 */
void message_hosts(int fd, const uint32_t netns[PARTIES]);
void message_frame(int fd, const struct lab_frame *frame);
void message_call(int fd, const struct lab_call *call);
void message_remark(int fd, int64_t time_ns, const char *text);
void message_fault(int fd, const char *text);
/* Wait until the caller says to go on. */
void message_step(int fd, const char *text);
void message_end(int fd, const struct error *error);

/* Hand everything to the sink until the end. STATUS_IO where the stream ends before that. */
enum status message_play(int fd, const struct lab_sink *sink, struct error *error);

#endif
