/* A seed that an attacker who writes the capture cannot know, for hash tables. */
#ifndef TCPWHY_BASE_RANDOM_H
#define TCPWHY_BASE_RANDOM_H

#include <stdint.h>

uint64_t random_seed(void);

#endif
