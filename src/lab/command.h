/*
 * A command of the user's in the place of a host's program. It runs in the host's namespace under ptrace(2), with all
 * of its threads and children, and its calls on TCP sockets are told as those of the lab's own programs. Its standard
 * output goes to standard error, its input is empty. The environment tells it
 *
 *	TCPWHY_ROLE     "client" or "server"
 *	TCPWHY_ADDRESS  the address to connect to, or to listen on
 *	TCPWHY_PORT     the port
 */
#ifndef TCPWHY_LAB_COMMAND_H
#define TCPWHY_LAB_COMMAND_H

#include <sys/types.h>

#include "lab/lab.h"
#include "lab/network.h"

#define TRACEES_MAX 256
#define TRACED_FDS 1024

/* A socket that is closed without having been used (as Java's first ones) is none of the story. */
enum traced_socket { TRACED_NONE, TRACED_FRESH, TRACED_USED };

/* The descriptors of a process, of all its threads. */
struct traced_files {
	unsigned users;
	uint8_t sockets[TRACED_FDS]; /* enum traced_socket of each */
};

struct tracee {
	pid_t id;             /* a thread */
	struct traced_files *files;
	bool seen;            /* its first stop is over */
	bool in_call;
	struct lab_call call; /* that it is in */
	uint64_t number, args[6];
};

struct command {
	bool started, ended;
	enum party party;
	pid_t pid;            /* of its first process */
	struct tracee tracees[TRACEES_MAX];
	size_t count;
	size_t untraced;      /* processes and threads that came when there were TRACEES_MAX, and go on unseen */
	enum on_sigpipe on_sigpipe; /* a tracer gets to see ignored signals, too */
};

typedef void (*command_taker)(void *user, const struct lab_call *call);

enum status command_start(struct command *command, const struct network *network, enum party party, const char *text,
                          struct error *error);
/* Serve its stops, without waiting; each finished call goes to the taker. Sets `ended` with the last thread. */
void command_serve(struct command *command, command_taker taker, void *user);
/* Send a signal to its first process, if that is still there. */
void command_kill(struct command *command, int signal);

/* ---- command_calls.c */
/* The descriptors of what a call of the parent's starts: shared or copied. NULL when out of memory. */
struct traced_files *command_files(const struct tracee *parent);
void command_files_free(struct traced_files *files);
/* A call begins: whether it is one to tell of. Fills call.name. */
bool command_enters(struct command *command, struct tracee *tracee);
/* It returned call.value, or failed with call.error. */
void command_leaves(const struct tracee *tracee);

#endif
