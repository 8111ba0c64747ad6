/*
 * Packets on their way to the kernel, in batches. Most of what a SYN costs is what the kernel does with it, on the
 * processor of whoever sends it; so, where many are sent, a second thread sends every other batch.
 */
#ifndef TCPWHY_PROBE_OUTBOX_H
#define TCPWHY_PROBE_OUTBOX_H

#include "base/error.h"
#include "probe/guise.h"
#include "probe/path.h"

#define OUTBOX_BATCH 32           /* packets that are handed to the kernel at a time */

struct outbox;

/* What `tag` says of the packet that could not be sent, and errno. */
typedef void (*outbox_refusal)(void *user, uint32_t tag, int failure);

/*
 * Packets leave by `raw`, a socket that takes IP packets with their header, or by `packet`, a packet socket that makes
 * link-layer headers (SOCK_DGRAM); both stay the caller's. STATUS_MEMORY.
 */
enum status outbox_new(int raw, int packet, struct outbox **ret_outbox, struct error *error);
/* NULL is allowed. What still waits is forgotten. */
void outbox_free(struct outbox *outbox);
/* Who is told, within the functions below, of what the system refuses. */
void outbox_on_refusal(struct outbox *outbox, outbox_refusal refusal, void *user);
/*
 * Take an IP packet to be sent on `path`, as a frame where path->resolved. It leaves soon after OUTBOX_BATCH of them
 * are there, or by outbox_flush(). STATUS_IO where the interface has gone.
 */
enum status outbox_put(struct outbox *outbox, const struct path *path, const uint8_t *packet, size_t len, uint32_t tag,
                       struct error *error);
/* Returns when everything has left. STATUS_IO where the interface has gone. */
enum status outbox_flush(struct outbox *outbox, struct error *error);

#endif
