#include "base/random.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

uint64_t random_seed(void)
{
	struct timespec now;
	uint64_t seed;

	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) == (ssize_t)sizeof seed)
		return seed;
	/* Early at boot, or forbidden by a sandbox: weaker, but a capture written beforehand cannot know it either. */
	clock_gettime(CLOCK_REALTIME, &now);
	seed = (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^ (uint64_t)getpid() << 16 ^ (uintptr_t)&now;
	return seed * 0x9e3779b97f4a7c15u;
}
