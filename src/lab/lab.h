/*
 * Plays a scenario of the catalogue on real kernels: hosts in network namespaces, programs that make real system calls,
 * and the network between them (lab/network.h, lab/wire.h). Everything happens in one process below the caller, the
 * first of its own PID namespace: when it ends, or the caller does, however that may be, nothing of it is left.
 *
 *	lab_play()  caller: makes the sandbox and hands on what comes out of it            (sandbox.c, message.c)
 *	conductor   first process: the event loop, the steps, the expectations             (conductor.c, steps.c)
 *	program     a process for each host that has one: real system calls                (program.c, actor.c, calls.c)
 */
#ifndef TCPWHY_LAB_LAB_H
#define TCPWHY_LAB_LAB_H

#include "base/error.h"
#include "cause/step.h"

struct lab_options {
	uint8_t version;                /* 4 or 6 */
	bool real_time;                 /* leave out what is there to save time only */
	const char *commands[PARTIES];  /* a shell command in place of a host's program; NULL: the scenario's own */
};

/* A frame at a vantage. */
struct lab_frame {
	int64_t time_ns;       /* CLOCK_REALTIME, as all times here */
	uint32_t len;
	uint8_t vantage;       /* enum party, below VANTAGES */
	bool out;              /* the host there sent it */
	bool lost;             /* and it went no further */
	const uint8_t *bytes;  /* an Ethernet frame */
};
/* Of all frames of the lab (https://www.tcpdump.org/linktypes.html). */
#define LINKTYPE_ETHERNET 1

#define LAB_NAME_MAX 64

/* A system call of a program. */
struct lab_call {
	int64_t start_ns, end_ns;
	int64_t value;             /* what it returned */
	int32_t error;             /* errno, 0 for none */
	int32_t signal;            /* that it raised, 0 for none */
	int32_t pid;
	uint8_t party;             /* enum party */
	uint8_t verb;              /* enum verb; 0: of a command of the user's */
	uint8_t sock;
	bool killed;               /* the process died in it, of `signal` (0: it exited); no value */
	bool begins;               /* it blocks for now: only start_ns is valid */
	char name[LAB_NAME_MAX];   /* "write()", "setsockopt(SO_LINGER {1, 0})" */
};

/* "write() = 5", "write() = -1 EPIPE, SIGPIPE" in `text`. */
#define LAB_CALL_MAX 192
char *lab_call_text(char text[LAB_CALL_MAX], const struct lab_call *call);

/* Something else that happened. */
struct lab_remark {
	int64_t time_ns;
	const char *text;          /* translated */
};

/* Before anything happens hosts try with segments for this port whether their paths carry packets (RFC 863). */
#define LAB_TRIAL_PORT 9

/* Where it goes, while it happens. Any may be NULL. What is passed lives until the call returns. */
struct lab_sink {
	void *user;
	void (*begun)(void *user);                                  /* now the caller may start threads; before all else */
	void (*frame)(void *user, const struct lab_frame *frame);   /* not quite in the order of their times */
	void (*call)(void *user, const struct lab_call *call);
	void (*remark)(void *user, const struct lab_remark *remark);
	void (*fault)(void *user, const char *text);                /* what was not as expected; translated */
	void (*hosts)(void *user, const uint32_t netns[PARTIES]);   /* network namespaces by their inodes, or 0; first */
	void (*step)(void *user, const char *text);                 /* comes next, or the end; nothing happens meanwhile */
};

/*
 * Play one scenario. It forks, so the caller has no other thread until sink->begun: what that one holds at the moment
 * (the lock of an allocator) would be held in the child for ever. STATUS_OK where it could be played to its end,
 * whatever came of it; else *error says what the system refused, or what the scenario waited for in vain.
 */
enum status lab_play(const struct scenario *scenario, const struct lab_options *options, const struct lab_sink *sink,
                     struct error *error);

/* The name of a scenario, "cause" or "cause/face", in `name`; "article/face" for CAUSE_NONE. */
#define SCENARIO_NAME_MAX 80
char *lab_scenario_name(char name[SCENARIO_NAME_MAX], enum cause_id cause, const struct scenario *scenario);
/* "client", "router" …: the fixed words; lab_party_text() for people, translated: "the client". */
const char *lab_party_id(enum party party);
const char *lab_party_text(enum party party);
/* "ECONNRESET", "errno 133". */
char *lab_errno_text(char text[32], int error);

#endif
