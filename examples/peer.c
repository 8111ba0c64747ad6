#include "peer.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_MS 1000

void fail(const char *name)
{
	perror(name);
	exit(1);
}

const char *argument(int argc, char **argv, int number, const char *variable, const char *otherwise)
{
	const char *value = getenv(variable);

	if (argc > number && argv[number][0])
		return argv[number];
	return value ? value : otherwise;
}

int connect_to_server(int argc, char **argv)
{
	const char *host = argument(argc, argv, 1, "TCPWHY_ADDRESS", "localhost");
	const char *port = argument(argc, argv, 2, "TCPWHY_PORT", "9999");
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int status = getaddrinfo(host, port, &hints, &found), fd = -1;

	if (status != 0) {
		fprintf(stderr, "%s: %s\n", host, gai_strerror(status));
		exit(1);
	}
	for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
		fd = socket(at->ai_family, SOCK_STREAM, 0);
		if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
		}
	}
	if (fd < 0)
		fail("connect()");
	freeaddrinfo(found);
	return fd;
}

/* "write() = 6", "write() = -1: Broken pipe" */
static void told(const char *name, ssize_t value)
{
	if (value < 0)
		printf("%s = -1: %s\n", name, strerror(errno));
	else
		printf("%s = %zd\n", name, value);
	fflush(stdout);
}

void write_once(int fd)
{
	told("write()", write(fd, "hello\n", 6));
}

void read_once(int fd)
{
	char bytes[1024];

	told("read()", read(fd, bytes, sizeof bytes));
}

void pause_until_closed(int fd)
{
	struct pollfd end = { .fd = fd, .events = POLLRDHUP };

	poll(&end, 1, PAUSE_MS);
}

void pause_until_reset(int fd)
{
	struct pollfd end = { .fd = fd }; /* POLLHUP and POLLERR come unasked */

	poll(&end, 1, PAUSE_MS);
}
