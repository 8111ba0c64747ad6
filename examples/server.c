/*
 * A server that closes too early: it accepts one connection, reads a line where it is told to ("line"), says nothing,
 * and closes. Its clients are reader.c and writer.c.
 *
 *	server [PORT] [line]
 *	tcpwhy lab --server 'build/examples/server "" line' write-after-close
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"

/* Both IP versions on one socket. */
static int listen_on(const char *port)
{
	struct sockaddr_in6 here = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0), on = 1, off = 0;

	if (fd < 0)
		fail("socket()");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, (struct sockaddr *)&here, sizeof here) < 0 || listen(fd, 1) < 0)
		fail("listen()");
	return fd;
}

int main(int argc, char **argv)
{
	int listener = listen_on(argument(argc, argv, 1, "TCPWHY_PORT", "9999"));
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		fail("accept()");
	if (argc > 2 && strcmp(argv[2], "line") == 0)
		read_once(fd);
	puts("server: closes");
	close(fd);
	close(listener);
	return 0;
}
