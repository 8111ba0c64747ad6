/* Entries put into another order where they are: memory that nobody has touched yet costs more than the work. */
#ifndef TCPWHY_BASE_PERMUTE_H
#define TCPWHY_BASE_PERMUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PERMUTE_SIZE_MAX 64

/*
 * Moves each entry from its place i to place to[i]; `size` bytes each, PERMUTE_SIZE_MAX at most, and to[] holds every
 * place once. False when out of memory; nothing was moved then.
 */
bool permute(void *entries, size_t size, size_t count, const uint32_t *to);

#endif
