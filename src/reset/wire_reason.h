/*
 * Reasons that a RST itself carries as data. Each function answers with a fixed English text, marked with N_(), or NULL
 * for a number that says nothing; whoever prints it translates it. Whether the number may be read this way at all (the
 * magic, the option, a NetScaler's window in the handshake) is for the caller to know.
 */
#ifndef TCPWHY_RESET_WIRE_REASON_H
#define TCPWHY_RESET_WIRE_REASON_H

#include <stdint.h>

/* The code of a RST diagnostic payload with PEN 0: draft-ietf-tcpm-rst-diagnostic-payload, "TCP Failure Causes". */
const char *wire_reason_diagnostic(uint16_t code);
/* The reason byte of an MP_TCPRST option: RFC 8684, section 3.6. */
const char *wire_reason_mptcp(uint8_t reason);
/*
 * The window of a RST from a Citrix NetScaler (ADC), unscaled: Citrix CTX200852. Many a plain window is such a number
 * by chance. The table holds the codes of the transport, SSL and policies; those of single protocols are left out.
 */
const char *wire_reason_netscaler(uint16_t window);
/*
 * The first byte of the 1000-byte payload, zero elsewhere, that a forerunner of the draft sent: enum sk_rst_reason of
 * Linux 6.16, its name without SK_RST_REASON_. Not for this host's own kernel: the numbers differ between versions.
 * NULL for 0, NOT_SPECIFIED. A name, never translated.
 */
const char *wire_reason_kernel(uint8_t reason);

#endif
