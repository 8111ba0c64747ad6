/*
 * A server and its client in one program, which end their connection in the way that is asked for, in a function that
 * is named for it: what tests of stacks look at. acts PORT WAY, as below.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each function stays one, and is no tail call. */
#define FUNCTION __attribute__((noinline)) static
#define NO_TAIL __asm__ volatile("" ::: "memory")

static int *volatile nowhere = (int *)16;

FUNCTION void close_it(int fd)
{
	close(fd); /* line of close */
	NO_TAIL;
}

FUNCTION void shut_it_down(int fd)
{
	shutdown(fd, SHUT_WR); /* line of shutdown */
	NO_TAIL;
}

FUNCTION void leave_all(void)
{
	exit(3); /* line of exit */
}

FUNCTION void crash(int *where)
{
	*where = 1; /* line of crash */
	NO_TAIL;
}

FUNCTION void dissolve(int fd)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	connect(fd, &none, sizeof none); /* line of connect */
	NO_TAIL;
}

FUNCTION void rest(void)
{
	pause(); /* line of pause */
	NO_TAIL;
}

FUNCTION void kill_it(pid_t pid)
{
	kill(pid, SIGTERM); /* line of kill */
	NO_TAIL;
}

FUNCTION void say_more(int fd)
{
	send(fd, "more", 4, 0);
	usleep(50000);
	if (send(fd, "more", 4, 0) < 0) /* line of send */
		perror("send");
	NO_TAIL;
}

FUNCTION void serve(int fd, const char *way)
{
	if (strcmp(way, "close") == 0)
		close_it(fd);
	else if (strcmp(way, "shutdown") == 0)
		shut_it_down(fd);
	else if (strcmp(way, "exit") == 0)
		leave_all();
	else if (strcmp(way, "crash") == 0)
		crash(nowhere);
	else if (strcmp(way, "disconnect") == 0)
		dissolve(fd);
	else if (strcmp(way, "killed") == 0)
		rest();
	NO_TAIL;
}

/* A child that rests in serve(), and a parent that ends it there. */
FUNCTION void serve_and_kill(int fd)
{
	pid_t child = fork();
	char state[64] = "";

	if (!child) {
		serve(fd, "killed");
		_exit(0);
	}
	close(fd);
	/* Until it sleeps. */
	do {
		char path[64];
		FILE *file;

		snprintf(path, sizeof path, "/proc/%d/wchan", (int)child);
		file = fopen(path, "r");
		state[0] = 0;
		if (file && fread(state, 1, sizeof state - 1, file) == 0)
			state[0] = 0;
		if (file)
			fclose(file);
		usleep(1000);
	} while (!strstr(state, "pause"));
	kill_it(child);
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), one = 1, server;
	const char *way = argc > 2 ? argv[2] : "close";
	char byte;

	signal(SIGPIPE, SIG_IGN);
	address.sin_port = htons(argc > 1 ? (unsigned short)atoi(argv[1]) : 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0 ||
	    connect(client, (struct sockaddr *)&address, sizeof address) != 0)
		return 1;
	server = accept(listener, NULL, NULL);
	send(client, "hello", 5, 0);
	/* Who watches needs a moment to look at the memory map of a program that is about to end. */
	usleep(100000);
	/* What is read leaves nothing unread: the end is a FIN, and what comes behind it draws the RST. */
	if (strcmp(way, "late") == 0) {
		while (recv(server, &byte, 1, MSG_DONTWAIT) == 1)
			;
		close_it(server);
		say_more(client);
	} else if (strcmp(way, "killed") == 0) {
		serve_and_kill(server);
	} else {
		serve(server, way);
		say_more(client);
	}
	return 0;
}
