/*
 * What the programs in the kernel (src/live/bpf) tell the tracer: plain numbers, in the byte order of this machine, as
 * both compilers lay them out. For both; nothing else is included here but the integer types.
 */
#ifndef TCPWHY_LIVE_EVENT_H
#define TCPWHY_LIVE_EVENT_H

#ifdef __BPF__
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef int int32_t;
#else
#include <stdint.h>
#endif

#define LIVE_COMM_MAX 16

/* TCP states as every Linux numbers them: include/net/tcp_states.h, which user space sees in TCP_INFO. */
enum live_state {
	STATE_ESTABLISHED = 1,
	STATE_SYN_SENT,
	STATE_SYN_RECV,
	STATE_FIN_WAIT1,
	STATE_FIN_WAIT2,
	STATE_TIME_WAIT,
	STATE_CLOSE,
	STATE_CLOSE_WAIT,
	STATE_LAST_ACK,
	STATE_LISTEN,
	STATE_CLOSING,
	STATE_NEW_SYN_RECV,
};

enum live_kind {
	LIVE_SENT,      /* tcp_send_reset: this host's TCP made a RST */
	LIVE_RECEIVED,  /* tcp_receive_reset: a socket of this host took one */
	LIVE_ERROR,     /* inet_sk_error_report: a program will get an error */
	LIVE_SIGPIPE,   /* signal_generate, for a write to a socket */
	LIVE_IGNORED,   /* kfree_skb: a RST that its receiver did not take; `reason` says why, enum live_ignored */
	LIVE_CALL,      /* sock_send_length, sock_recv_length: a call that failed; `result` is -errno, `state` which */
	LIVE_KINDS,
};

/* `state` of LIVE_CALL. */
enum live_call {
	LIVE_CALL_SEND = 1,
	LIVE_CALL_RECEIVE,
};

/* Why a RST counted for nothing. */
enum live_ignored {
	LIVE_IGNORED_NOT,
	LIVE_IGNORED_WINDOW,    /* out of the window */
	LIVE_IGNORED_CHALLENGE, /* in the window, and not exactly what was due: answered with a challenge ACK */
	LIVE_IGNORED_UNSIGNED,  /* without the signature (MD5, AO) that the connection uses */
};
/* What netfilter drops is looked at with the same table. */
#define LIVE_DROP_NETFILTER 0x80

/* A connection as its socket sees it. Without padding: it is a key. */
struct live_tuple {
	uint8_t local[16], remote[16];  /* network order; IPv4 uses the first four */
	uint64_t net;                   /* network namespace, by its cookie, which is never used again; 0: whichever */
	uint32_t netns;                 /* the same by its inode number, which people know; 0 where net is 0 */
	uint16_t local_port, remote_port;
	uint32_t version;               /* 4 or 6 */
	uint32_t padding;
};

/* Somebody who did something, or who was interrupted: see live_event. What is rare comes last: see struct end. */
struct live_process {
	uint64_t cgroup;                /* id: inode number of its folder in cgroup2 */
	uint32_t pid, thread;           /* as the initial PID namespace numbers them */
	char command[LIVE_COMM_MAX];
	uint32_t stack;                 /* live_stack.number of what it does; 0: none was taken */
	uint8_t exiting;                /* what comes behind the padding counts */
	uint8_t followed;               /* it is one that is asked for, or a child of one */
	uint8_t made;                   /* the system call that it is in: enum live_made */
	uint8_t padding;
	int32_t exit_code;              /* as wait() would report it */
	uint32_t killer;                /* pid that sent the signal which ended it; 0: nobody known */
	uint32_t killer_stack;          /* … its stack, as it sent the signal */
	uint32_t more_padding;
	char killer_command[LIVE_COMM_MAX];
};

enum live_made {
	LIVE_MADE_OTHER,                /* another, or nobody knows */
	LIVE_MADE_CLOSE,
	LIVE_MADE_SHUTDOWN,
	LIVE_MADE_CONNECT,
};

/* The registers by which stacks are unwound, as DWARF numbers them: 16 of x86-64, 32 of arm64. */
#define LIVE_REGISTERS 32
#define LIVE_STACK_BYTES 8192
/* It is copied in pieces: where one cannot be read, those before it are had. */
#define LIVE_STACK_PIECE 512

/*
 * What a thread of user space was doing: its registers, and its stack from the stack pointer on. Where nothing is
 * copied, only a process is introduced, whose memory is to be looked at while it lives.
 */
struct live_stack {
	uint64_t start_stack;           /* of its memory, as /proc/PID/stat tells it: whether that is still the same */
	uint64_t pc;
	uint64_t registers[LIVE_REGISTERS];
	uint32_t number, pid;
	uint32_t bytes;                 /* of `stack` */
	uint32_t padding;
	uint8_t stack[LIVE_STACK_BYTES];
};

/* A full socket, at the moment of the event. */
struct live_socket {
	uint64_t address;               /* of struct sock: tells sockets apart while they live */
	uint64_t inode;                 /* of its file; 0: no program holds it */
	uint64_t cgroup;                /* of the socket; 0: unknown */
	uint64_t linger_ticks;          /* sk_lingertime */
	uint64_t bytes_acked, bytes_received;
	uint64_t bytes_sent;            /* payload, each byte once */
	uint64_t born_ns;               /* when its connection began; 0: before the tracer did */
	uint32_t uid;
	uint32_t opener;                /* pid that called connect(); 0: unknown */
	char opener_command[LIVE_COMM_MAX];
	uint32_t rcv_nxt, copied_seq, snd_una, snd_nxt, write_seq;
	uint32_t now_ticks, sent_ticks, received_ticks; /* jiffies: now, when data was last sent and received */
	uint32_t acked_ticks;           /* when an ACK came last */
	uint32_t snd_nxt_then;          /* snd_nxt when it was established, or its peer closed; where `remembered` */
	uint32_t total_retransmits;
	int32_t error;                  /* sk_err */
	int32_t linger2;                /* TCP_LINGER2; below zero: set so */
	uint8_t state, before;          /* enum tcp_state of the kernel: now, and before it last changed (0: unknown) */
	uint8_t shutdown;               /* sk_shutdown: 1 reading, 2 writing */
	uint8_t lingers;                /* SOCK_LINGER */
	uint8_t held;                   /* sk_socket is set */
	uint8_t retransmits, probes;    /* unanswered, in a row */
	uint8_t timestamps, saw_timestamp; /* agreed on; in the segment that came last */
	uint8_t mptcp;
	uint8_t opened;                 /* enum live_opened */
	uint8_t remembered;             /* its last change of state was seen */
	uint8_t mptcp_counted;          /* the two below are known */
	uint8_t padding[7];
	uint64_t mptcp_unread, mptcp_unsent; /* of the whole MPTCP connection: received and not read, not acknowledged */
};

enum live_opened {
	LIVE_OPENED_UNKNOWN,
	LIVE_OPENED_HERE,               /* this side called connect() */
	LIVE_OPENED_THERE,              /* this side listened */
};

/* The segment that a RST answers. */
struct live_segment {
	uint32_t seq, ack;
	uint32_t payload;
	uint16_t window;
	uint8_t flags;                  /* the low byte: CWR … FIN */
	uint8_t hop_limit;
};

/* What this host knows of one end of a connection, also after its socket is gone. */
struct live_past {
	uint64_t born_ns;               /* 0: before the tracer began */
	uint64_t fin_ns;                /* when the FIN was made ready; 0: never seen */
	uint64_t end_ns;                /* when the state became CLOSE; 0: not yet */
	uint64_t rst_ns;                /* when its kernel last sent a RST in its name; 0: never */
	uint32_t fin_end;               /* sequence number behind the FIN */
	uint32_t first;                 /* sequence number of the first byte; where `counted` */
	int32_t error;                  /* sk_err at the end */
	uint8_t from;                   /* state in which the FIN was asked for, or that came before the end */
	uint8_t last;                   /* state before the end */
	uint8_t state;                  /* now: enum live_state */
	uint8_t opened;
	uint8_t reset;                  /* a RST ended it: 1 sent, 2 received */
	uint8_t counted;
	uint8_t partial;                /* not all that it did was seen, or is remembered */
	uint8_t padding[5];
	struct live_process closer;     /* valid where pid is set: who closed, shut down or ended */
};

/* Who listens, or listened, on a port. */
struct live_listener {
	uint64_t opened_ns;             /* 0: before the tracer began */
	uint64_t closed_ns;             /* 0: it listens */
	struct live_process process;    /* that closed it, or else that opened it */
};

#define LIVE_NEVER 0xffffffffu

struct live_event {
	uint64_t time_ns;               /* CLOCK_MONOTONIC, as TCP and its timers have it */
	uint32_t kind;
	uint32_t reason;                /* sk_rst_reason as this kernel numbers it; UINT32_MAX: it names none */
	int32_t result;                 /* LIVE_SIGPIPE: 0 delivered, 1 ignored, … (enum of trace/events/signal.h) */
	uint8_t has_tuple, has_socket, has_segment, has_past, has_listener, has_peer;
	uint8_t passive;                /* LIVE_SENT: made for a segment that came in; `process` was only interrupted */
	uint8_t state;                  /* LIVE_SENT: of the socket that was asked, 0 for none; LIVE_SIGPIPE: it is blocked */
	uint8_t synacks;                /* LIVE_SENT: how often the SYN-ACK of this connection was sent again */
	uint8_t ambiguous;              /* several network namespaces have, or had just now, such a connection */
	uint8_t peer_elsewhere;         /* `peer` is in another network namespace than this end */
	uint8_t padding;
	uint32_t fd;                    /* LIVE_SIGPIPE: the descriptor that was written to */
	struct live_tuple tuple;
	struct live_segment segment;
	struct live_socket socket;
	struct live_process process;    /* current */
	struct live_past past;          /* of this end */
	struct live_past peer;          /* of the other end, where that is on this host, too */
	uint32_t forgot_ticks;          /* without `past`: jiffies since this end may have been forgotten, or LIVE_NEVER */
	uint32_t more_padding;
	struct live_listener listener;
};

/* A segment that netfilter dropped; its sender is known by a tuple without a network namespace. */
struct live_drop {
	uint64_t time_ns;
	uint64_t before_ns;             /* of the one before it; 0: none, or it is forgotten */
	uint64_t forgot_ns;             /* of the last of another tuple that this one took the place of; 0: none */
	uint32_t netns;                 /* where netfilter dropped it */
	uint8_t out;                    /* on its way out of the host that sent it */
	uint8_t padding[3];
};

/* Programs whose runs are counted, for perf counts the passes of their tracepoints: see live/unseen.h. */
enum live_run { LIVE_RUN_SENT, LIVE_RUN_RECEIVED, LIVE_RUN_ERROR, LIVE_RUN_STATE, LIVE_RUNS };

/* Numbers that the kernel side counts, an array per CPU. */
enum live_count {
	LIVE_COUNT_SENT,                /* RSTs of TCP; those of netfilter are not among them */
	LIVE_COUNT_RECEIVED,
	LIVE_COUNT_SAMPLED_OUT,         /* events that were counted only: more a second than are handed over … */
	LIVE_COUNT_LOST,                /* … that were lost: the ring was full */
	LIVE_COUNT_MAP_FULL,            /* what was missed, or could not be remembered */
	LIVE_COUNT_STACKS_MISSED,       /* stacks that were not taken: too many a second, or their ring was full */
	LIVE_COUNT_RUNS,                /* of each enum live_run */
	LIVE_COUNTS = LIVE_COUNT_RUNS + LIVE_RUNS,
};

/* Resets that were counted only, by what they have in common. */
struct live_storm_key {
	uint8_t remote[16];
	uint32_t netns;
	uint32_t reason;
	uint16_t local_port;
	uint8_t version, kind;
	uint32_t padding;
};

#endif
