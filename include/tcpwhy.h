/*
 * libtcpwhy: why was this TCP connection reset?
 *
 * Feed packets, get verdicts. No root, no global state, no output, no exit; safe on hostile bytes. A handle is used by
 * one thread at a time. What a function returns as `const` lives as long as the handle or verdict that it came from;
 * nothing else has to be freed but the handle.
 */
#ifndef TCPWHY_H
#define TCPWHY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TCPWHY_API __attribute__((visibility("default")))

struct tcpwhy;
struct tcpwhy_verdict;

/* One call for each RST and for each connection that ended without one in a way that a user takes for a reset. */
typedef void tcpwhy_verdict_fn(void *user, const struct tcpwhy_verdict *verdict);

/* "0.1.0" */
TCPWHY_API const char *tcpwhy_version(void);

/* `max_connections` bounds the memory (about 4 KB each); 0 is the default. NULL when out of memory. */
TCPWHY_API struct tcpwhy *tcpwhy_new(tcpwhy_verdict_fn *on_verdict, void *user, size_t max_connections);

/*
 * One captured packet: `link_type` is a LINKTYPE_ value (1 is Ethernet, 101 raw IP), `time_ns` nanoseconds since the
 * epoch, `captured` bytes at `data`, `length` bytes on the wire. Packets come in the order of the capture. They are
 * numbered from 1.
 */
TCPWHY_API void tcpwhy_packet(struct tcpwhy *handle, int link_type, int64_t time_ns, const uint8_t *data,
                              uint32_t captured, uint32_t length);

/* Nothing came until `time_ns`: verdicts that waited for what follows may be given now. */
TCPWHY_API void tcpwhy_advance(struct tcpwhy *handle, int64_t time_ns);

/* The end of the input: the remaining verdicts are given. */
TCPWHY_API void tcpwhy_finish(struct tcpwhy *handle);

/* NULL is allowed. Gives no verdicts: call tcpwhy_finish() before. */
TCPWHY_API void tcpwhy_free(struct tcpwhy *handle);

/* The verdict: valid during the call that passes it. */
TCPWHY_API uint64_t tcpwhy_verdict_frame(const struct tcpwhy_verdict *verdict);
TCPWHY_API const char *tcpwhy_verdict_cause(const struct tcpwhy_verdict *verdict);     /* an id of the catalogue */
TCPWHY_API const char *tcpwhy_verdict_certainty(const struct tcpwhy_verdict *verdict); /* certain, likely, unknown */
/* client, server, middlebox or unknown */
TCPWHY_API const char *tcpwhy_verdict_sender(const struct tcpwhy_verdict *verdict);
TCPWHY_API const char *tcpwhy_verdict_text(const struct tcpwhy_verdict *verdict);      /* as `tcpwhy read` prints it */
TCPWHY_API const char *tcpwhy_verdict_json(const struct tcpwhy_verdict *verdict);      /* one line, see docs/json.md */

#ifdef __cplusplus
}
#endif

#endif
