/* The program at a host, as the conductor sees it. */
#ifndef TCPWHY_LAB_PROGRAM_H
#define TCPWHY_LAB_PROGRAM_H

#include <sys/types.h>

#include "lab/actor.h"
#include "lab/network.h"

struct program {
	pid_t pid;                /* 0: none runs */
	int fd;                   /* to its actor; -1: none */
	int stat;                 /* its /proc/…/stat, held open, which tells whether it sleeps */
	bool answered;            /* `answer` is that of the order at hand, or the process has ended */
	struct answer answer;
	struct endpoint local[LAB_SOCKETS], remote[LAB_SOCKETS];
};

/* Start one at the host, if none runs. */
enum status program_start(struct program *program, const struct network *network, enum party party,
                          struct error *error);
/* Give it something to do; false where it cannot be told. */
bool program_order(struct program *program, const struct order *order);
/* Take what it says, without waiting: true where `answer` is new, or the process ended (then pid is 0). */
bool program_listen(struct program *program);
/* Whether it sleeps: in a call that blocks. */
bool program_sleeps(const struct program *program);
/*
 * Let its connections go without a word when it is killed, as a power failure does: the kernel closes a socket in
 * repair (TCP_REPAIR) and sends nothing. Listeners cannot be put in repair. Nothing happens before Linux 5.6.
 */
void program_forget(const struct program *program);
/* Send a signal and wait until the process is gone; its sockets are closed then. */
void program_kill(struct program *program, int signal);

#endif
