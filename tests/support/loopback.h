/* The loopback of a network namespace that a test made for itself. */
#ifndef TCPWHY_TESTS_SUPPORT_LOOPBACK_H
#define TCPWHY_TESTS_SUPPORT_LOOPBACK_H

#include <net/if.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bring it up: a new namespace has it down. False where that is not allowed. */
static inline bool loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool done = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;

	if (fd >= 0)
		close(fd);
	return done;
}

#endif
