/* SipHash-2-4 (Aumasson and Bernstein, 2012): a hash that nobody without the key can compute. */
#ifndef TCPWHY_PROBE_KEYED_HASH_H
#define TCPWHY_PROBE_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t keyed_hash(const uint64_t key[2], const uint8_t *bytes, size_t len);

#endif
