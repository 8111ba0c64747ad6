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
	ACT_HALF_CLOSE,  /* shutdown(SHUT_WR); what became of the socket then, nobody says */
};

enum pipe_signal {
	PIPE_NONE,
	PIPE_DELIVERED,
	PIPE_IGNORED,
	PIPE_BLOCKED,    /* it waits until it is unblocked */
};

#define COMMAND_MAX 16
#define PLACE_MAX 192
#define CONTAINER_MAX 65

/* Where a thread of user space was: a function that had called the one before it. */
struct stack_frame {
	uint64_t offset;             /* in its file, as addr2line takes it; the address itself where that is not known */
	uint32_t line;               /* 0: unknown */
	char module[PLACE_MAX];      /* the file; "" unknown */
	char function[96];           /* "" unknown */
	char file[128];              /* of the source; "" unknown */
};

#define FRAMES_MAX 24

enum stack_gap {
	STACK_WHOLE,
	STACK_CUT,       /* there is more, which is not told */
	STACK_NONE,      /* none was taken */
	STACK_FORGOTTEN, /* it was, too long ago */
	STACK_TOO_LATE,  /* it was, but the process was gone before its memory map was read */
};

struct call_stack {
	unsigned count;
	enum stack_gap gap;
	struct stack_frame frames[FRAMES_MAX]; /* the innermost first */
};

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
	const struct call_stack *stack; /* of the act, or of the call that failed; NULL: not asked for. Not owned */
	int64_t ago_ns;              /* how long before the reset it did so; 0: it was the reset */
	int signal;                  /* that ended it; 0 for none */
	int exit_code;               /* where it ended by itself; -1: it did not */
	uint32_t killer;             /* pid of who sent that signal; 0: unknown */
	char killer_command[COMMAND_MAX];
	const struct call_stack *killer_stack; /* as it sent the signal; NULL likewise. Not owned */
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
