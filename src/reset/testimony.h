/*
 * What a kernel tells of a reset beside the facts: who did what, and what each program got. It rides beside the
 * evidence and decides nothing. All text in it may hold any byte.
 */
#ifndef TCPWHY_RESET_TESTIMONY_H
#define TCPWHY_RESET_TESTIMONY_H

#include <stdbool.h>
#include <stdint.h>

enum act {
	ACT_UNKNOWN,     /* it holds the socket; nobody says that it did anything */
	ACT_CLOSE,       /* close() */
	ACT_EXIT,        /* it ended, and with it its sockets */
	ACT_DISCONNECT,  /* connect(AF_UNSPEC) */
	ACT_DESTROY,     /* destroyed somebody's socket from outside: ss -K */
	ACT_SHUTDOWN,    /* shutdown() */
	ACT_UNLISTEN,    /* closed the listener */
	ACT_LISTEN,      /* listens, or listened, on that port */
};

enum pipe_signal {
	PIPE_NONE,
	PIPE_DELIVERED,
	PIPE_IGNORED,
};

#define COMMAND_MAX 16
#define PLACE_MAX 192
#define CONTAINER_MAX 65

/* A process at one end. */
struct actor {
	bool known;
	int fd;                      /* by which it holds the socket; -1: unknown */
	uint32_t pid;                /* as the initial PID namespace numbers it */
	char command[COMMAND_MAX];
	char executable[PLACE_MAX];  /* "" where it cannot be read */
	char cgroup[PLACE_MAX];      /* path in cgroup2, likewise */
	char container[CONTAINER_MAX];/* id that the path names; "" where it names none */
	enum act act;
	int64_t ago_ns;              /* how long before the reset it did so; 0: it was the reset */
	int signal;                  /* that ended it; 0 for none */
	int exit_code;               /* where it ended by itself; -1: it did not */
	uint32_t killer;             /* pid of who sent that signal; 0: unknown */
	char killer_command[COMMAND_MAX];
};

enum failed_call {
	CALL_NONE,
	CALL_SEND,       /* write(), send(), sendmsg() … */
	CALL_RECEIVE,    /* read(), recv() … */
};

/* One end of the RST, as its kernel knows it. */
struct witness {
	bool at_sender;              /* it is the end in whose name the RST was sent */
	bool none;                   /* its kernel looked for a socket, and there was none */
	bool here;                   /* its socket is, or was, on this host */
	struct actor actor;
	uint32_t netns;              /* 0: unknown */
	int error;                   /* errno that its program gets; 0: none, or nobody knows */
	enum pipe_signal pipe;
	enum failed_call call;       /* the call that got `error`, where calls are looked at */
	const char *state;           /* "ESTABLISHED", before the reset; NULL: unknown */
	bool counted;                /* the numbers below are known */
	uint64_t unread, unsent;     /* bytes thrown away: received and not read; written and not acknowledged */
	uint64_t received, acked;    /* bytes over its whole life */
	uint32_t retransmits;        /* likewise */
	int64_t age_ns, idle_ns;     /* of the connection; since data was last sent or received; -1: unknown */
	int64_t linger_ns;           /* SO_LINGER; -1: not set */
	bool orphan;                 /* no program held the socket any more */
};

struct testimony {
	const char *reason;          /* as the kernel names it; "" where it names none */
	const char *meaning;         /* what it means by that, translated */
	struct witness sender, receiver;
};

#endif
