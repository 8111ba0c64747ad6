/* The program at a host: the process that makes the calls, and its half of the conversation with the conductor. */
#ifndef TCPWHY_LAB_ACTOR_H
#define TCPWHY_LAB_ACTOR_H

#include "lab/lab.h"

/* What the conductor wants. Both sides were one process, so the step is where it was. */
struct order {
	const struct step *step;
	struct endpoint local, remote;   /* LISTEN: local; CONNECT: from local to remote; SET: the other end's address */
};

/* What came of it. */
struct answer {
	struct lab_call call;            /* call.begins: it is about to block */
	struct endpoint local, remote;   /* of the socket, after CONNECT and ACCEPT */
};

/* Obey the orders that come from `fd` until it closes; does not return. */
_Noreturn void actor_run(int fd, enum party party);

/* ---- calls.c */
struct actor {
	enum party party;
	int sockets[LAB_SOCKETS];        /* -1: none */
	int protocol;                    /* of new ones: 0 is TCP */
	uint8_t *data;                   /* ACTOR_DATA_MAX bytes to write, and to read into */
};
#define ACTOR_DATA_MAX (1 << 20)

/* The text of the call that a step stands for. */
void call_name(char name[LAB_NAME_MAX], const struct step *step);
/* Make it: fills value, error, start_ns and end_ns. */
void call_make(struct actor *actor, const struct order *order, struct lab_call *call);

#endif
