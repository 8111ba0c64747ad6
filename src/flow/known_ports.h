/* Ports that servers listen on, for guessing who is the server where the handshake was not captured. */
#ifndef TCPWHY_FLOW_KNOWN_PORTS_H
#define TCPWHY_FLOW_KNOWN_PORTS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether Zeek takes the TCP port for a server's: `likely_server_ports`, as its default scripts fill it. */
bool port_is_known(uint16_t port);

#endif
