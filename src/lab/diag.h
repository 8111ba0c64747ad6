/* inet_diag: states of sockets in the current network namespace, and SOCK_DESTROY. */
#ifndef TCPWHY_LAB_DIAG_H
#define TCPWHY_LAB_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "packet/address.h"

struct socket_view {
	int state;         /* the kernel's number; 0 where there is no such socket: what cannot be seen is no socket gone */
	uint32_t unread;   /* bytes received and not read */
	uint32_t unacked;  /* bytes written and not acknowledged */
};

/* The connection from `local` to `remote`; a listener on the port does not count. */
enum status diag_look(const struct endpoint *local, const struct endpoint *remote, struct socket_view *ret_view,
                      struct error *error);
/* Whether anybody listens on the port. */
enum status diag_listens(uint16_t port, bool *ret_listens, struct error *error);
/* As `ss -K`: STATUS_IO where there is no such socket, or the kernel refuses. */
enum status diag_destroy(const struct endpoint *local, const struct endpoint *remote, struct error *error);
/* Every TCP socket of the namespace, listeners and TIME_WAIT included. STATUS_LIMIT where some are left. */
enum status diag_destroy_all(struct error *error);

#endif
