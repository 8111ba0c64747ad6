/* inet_diag: states of sockets in the current network namespace, and SOCK_DESTROY. */
#ifndef TCPWHY_LAB_DIAG_H
#define TCPWHY_LAB_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "packet/address.h"

struct socket_view {
	int state;         /* the kernel's number; 0 where there is no such socket */
	uint32_t unread;   /* bytes received and not read */
	uint32_t unacked;  /* bytes written and not acknowledged */
};

/* The connection from `local` to `remote`; a listener on the port does not count. */
struct socket_view diag_look(const struct endpoint *local, const struct endpoint *remote);
/* Whether anybody listens on the port. */
bool diag_listens(uint16_t port);
/* As `ss -K`: STATUS_IO where there is no such socket, or the kernel refuses. */
enum status diag_destroy(const struct endpoint *local, const struct endpoint *remote, struct error *error);
/* Every TCP socket of the namespace, listeners and TIME_WAIT included. */
enum status diag_destroy_all(struct error *error);

#endif
