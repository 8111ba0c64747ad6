/*
 * The words of the lab, as data: what each program calls, what happens to each host and to the network between them,
 * and what is to come of it. A cause tells with them how to make it happen (struct cause, .scenarios); src/lab plays
 * them on real kernels. Only files with scenarios include this header; a scenario is meant to be read like a story:
 *
 *	static const struct step broken_pipe[] = {
 *		LISTEN(SERVER), CONNECT(CLIENT), ACCEPT(SERVER),
 *		CLOSE(SERVER),
 *		WAIT_STATE(CLIENT, CLOSE_WAIT),
 *		WRITE(CLIENT, 5),
 *		WAIT_STATE(CLIENT, GONE),
 *		WRITE(CLIENT, 5, FAILS(EPIPE), SIGNALLED(SIGPIPE)),
 *		END
 *	};
 *	const struct scenario scenarios_write_after_close[] = {
 *		{ .title = N_("the client writes twice"), .story = N_("…"), .steps = broken_pipe },
 *		{ 0 }
 *	};
 *
 * The network is always the same: client and neighbour on one Ethernet segment, server and spare on another, and a
 * router between them whose kernel forwards, filters and translates. The segments are a program of the lab: it can
 * lose, hold back and forge frames, and it takes the captures. Neighbour and spare exist where a step names them.
 */
#ifndef TCPWHY_CAUSE_STEP_H
#define TCPWHY_CAUSE_STEP_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/text.h"
#include "cause/cause.h"

/* A host, and the program that runs on it; one at a time: the first call starts it, also after it died. */
enum party {
	PARTY_CLIENT,
	PARTY_ROUTER,
	PARTY_SERVER,
	PARTY_SPARE,      /* a second server, on the server's segment */
	PARTY_NEIGHBOUR,  /* a second client, on the client's segment */
	PARTIES,
};

/* Where captures are taken: the first three parties. The router's is on the client's side unless a scenario says so. */
#define VANTAGES 3

/* The port on which LISTEN listens, and to which CONNECT connects. */
#define LAB_PORT 9999
/* CONNECT binds to this port plus the number of the socket, so that a second connect uses the same ports again. */
#define LAB_CLIENT_PORT 49200

enum verb {
	VERB_END,
	VERB_SAY,           /* text: a sentence of the story, shown on the time line */
	/* System calls of a program; `expect` says what they return. The lab asks for LISTEN to EXIT as a range. */
	VERB_LISTEN,        /* number: the backlog */
	VERB_CONNECT,       /* other: enum party, to whom */
	VERB_ACCEPT,        /* from `other`, the listening socket, into `sock` */
	VERB_WRITE,         /* number: bytes */
	VERB_READ,          /* number: at most so many bytes */
	VERB_CLOSE,
	VERB_SHUTDOWN,      /* number: SHUT_WR … */
	VERB_SET_OPTION,    /* number: enum lab_option; other: its value */
	VERB_POLL,          /* without waiting; the value is revents */
	VERB_GET_ERROR,     /* getsockopt(SO_ERROR); the value is an errno, or 0 */
	VERB_DISCONNECT,    /* connect(AF_UNSPEC) */
	VERB_ON_SIGPIPE,    /* number: enum on_sigpipe; at first it is caught */
	/* The end of a program. */
	VERB_EXIT,
	VERB_KILL,          /* number: the signal; the lab waits until the process is gone */
	/* What happens to a host. */
	VERB_POWER_OFF,     /* nothing leaves any more, and everything is forgotten */
	VERB_POWER_ON,      /* booted, the same addresses, no program */
	VERB_DESTROY,       /* SOCK_DESTROY of the program's socket, as `ss -K` does it */
	VERB_SYSCTL,        /* name = text, in the namespace of the host; number: only to save time, not with --real-time */
	VERB_RULE,          /* an nft rule, text, in the base chain of hook `name`; {ip}, {port}, {client}, {server}, {spare}
	                       and {router} (on the server's side) stand for what they are here */
	VERB_NO_RULES,      /* all of them gone */
	VERB_FORGET,        /* conntrack's table emptied, and with it the NAT mappings */
	VERB_ANNOUNCE,      /* the path manager of MPTCP offers one more subflow, at port LAB_PORT + 1 … */
	VERB_ALLOW_SUBFLOWS, /* … and that of the other end may use it */
	VERB_TAKE_ADDRESS,  /* the server's address moves to this host, as in a fail-over */
	/* What happens on the segment of a host, to frames that it sends. */
	VERB_LOSE,          /* number: so many (0: all) whose flags contain `flags`; after that they pass again */
	VERB_HOLD,          /* keep them back … */
	VERB_RELEASE,       /* … and let them go, in their order */
	VERB_DELAY,         /* number: each takes so many microseconds longer */
	VERB_FORGE,         /* a segment in the peer's name: `forged` */
	VERB_SEND_RAW,      /* a segment that the host's kernel knows nothing of: `forged` */
	VERB_IDLE,          /* let so many seconds pass on the lab's clock, which is set forward; really, with --real-time */
	/*
	 * Waits, each with a deadline, asked for as the range from RESULT to WAIT_MS. A packet counts that passed since the
	 * last step that is neither one of these nor SAY, and counts once for each host: a second WAIT_PACKET there wants
	 * a later one.
	 */
	VERB_RESULT,        /* what a call that was left PENDING returned in the end; `expect` as for a call */
	VERB_WAIT_STATE,    /* until the socket of the program is in this state (number: enum lab_state) */
	VERB_WAIT_UNREAD,   /* until `number` bytes wait to be read there */
	VERB_WAIT_ACKED,    /* until all that it wrote is acknowledged */
	VERB_WAIT_PACKET,   /* until a segment with `flags` passed the host (number: 0 either way, else enum lab_passing) */
	VERB_WAIT_MS,       /* let so many milliseconds pass, really: for a timer of the kernel that nothing shortens */
	VERBS,
};

enum expect {
	EXPECT_SUCCESS,     /* no error; write() takes all, read() gives something */
	EXPECT_VALUE,       /* it returns `value` */
	EXPECT_ERROR,       /* -1 and errno is `value` */
	EXPECT_PENDING,     /* it blocks; a later RESULT says what came of it */
	EXPECT_KILLED,      /* the process dies of signal `value` within the call */
	EXPECT_ANYTHING,
};

enum lab_option {
	SOCKET_LINGER,        /* SO_LINGER {1, value}; value -1: {0, 0} */
	SOCKET_KEEPALIVE,     /* SO_KEEPALIVE, with TCP_KEEPIDLE, _INTVL of 1 s and _CNT `value` */
	SOCKET_USER_TIMEOUT,  /* TCP_USER_TIMEOUT, ms */
	SOCKET_LINGER2,       /* TCP_LINGER2, s */
	SOCKET_NONBLOCK,      /* O_NONBLOCK */
	SOCKET_TOS,           /* IP_TOS or IPV6_TCLASS */
	SOCKET_RCVBUF,        /* SO_RCVBUF */
	SOCKET_NODELAY,       /* TCP_NODELAY */
	SOCKET_MPTCP,         /* value 1: sockets that this program makes from now on are MPTCP */
	SOCKET_MD5,           /* TCP_MD5SIG (RFC 2385) for the other end, with a key of the number `value` */
	SOCKET_ISN,           /* before connect(): the sequence number of its SYN, by TCP_REPAIR */
	SOCKET_DEFER_ACCEPT,  /* TCP_DEFER_ACCEPT, s: a listener that takes no connection without data */
};

enum on_sigpipe { SIGPIPE_CAUGHT, SIGPIPE_DEFAULT, SIGPIPE_IGNORED };

enum lab_passing { PASSING_ANY, PASSING_OUT, PASSING_IN };

/* The kernel's numbers (net/tcp_states.h). */
enum lab_state {
	LAB_GONE = 0,         /* there is no such socket (any more) */
	LAB_ESTABLISHED = 1, LAB_SYN_SENT = 2, LAB_SYN_RECV = 3, LAB_FIN_WAIT1 = 4, LAB_FIN_WAIT2 = 5, LAB_TIME_WAIT = 6,
	LAB_CLOSE_WAIT = 8, LAB_LAST_ACK = 9, LAB_LISTEN = 10, LAB_CLOSING = 11,
};

enum lab_flag {
	LAB_FIN = 1, LAB_SYN = 2, LAB_RST = 4, LAB_PSH = 8, LAB_ACK = 16, LAB_URG = 32,
	LAB_HEADER = 63,      /* those of the TCP header */
	LAB_DATA = 1 << 12,
};

/*
 * A segment that no kernel made.
 *
 * FORGE(who, …)     comes to the host `who` in the name of the peer of its program's socket (step.sock); the numbers
 *                   are those of that connection plus the offsets
 * SEND_RAW(who, …)  is sent by the host `who` past its own TCP, as a scanner does, to `to`; its numbers are
 *                   seq_offset and ack_offset themselves; or, where `own` is set, on its program's own connection
 */
struct forged {
	uint16_t flags;        /* enum lab_flag */
	int32_t seq_offset;    /* FORGE: from the number that `who` expects next … */
	int32_t ack_offset;    /* … and from the number that `who` would send next */
	uint16_t payload;      /* bytes */
	uint16_t window;
	uint16_t ip_id;
	uint32_t flow_label;
	uint8_t hop_limit;     /* 0: 64 */
	bool mp_join;          /* MP_JOIN (RFC 8684 section 3.2) with a token that nobody knows */
	bool own;              /* SEND_RAW: goes on with the connection of step.sock, from the numbers that are next there */
	bool through;          /* FORGE: from beyond the router, which forwards it: it is captured there, too */
	enum party to;         /* SEND_RAW only, as are the ports */
	uint16_t from_port;    /* 0: LAB_CLIENT_PORT */
	uint16_t to_port;      /* 0: LAB_PORT */
};

struct step {
	uint8_t verb;          /* enum verb */
	uint8_t who;           /* enum party */
	uint8_t sock;          /* which socket of the program: 0 is the connection, 1 the listener, up to LAB_SOCKETS */
	uint8_t expect;        /* enum expect */
	uint8_t signal;        /* that the call raises and that is caught, 0 for none */
	uint16_t flags;        /* enum lab_flag */
	int32_t other;
	int64_t number;
	int64_t value;         /* of the expectation */
	const char *name, *text;
	const struct forged *forged;
};

#define LAB_SOCKETS 8
#define LAB_LISTENER 1

/* What `read` is to say of the capture from a vantage. */
enum told_kind {
	TOLD_CAUSE,     /* the cause, or its parent with the cause among the candidates */
	TOLD_AMONG,     /* the cause, or `as` with the cause among the candidates: they look the same there */
	TOLD_AS,        /* `as` (or its parent with it among the candidates), which is what can be seen there */
	TOLD_NOTHING,   /* nothing: the reset does not pass there */
};

struct told {
	uint8_t kind;          /* enum told_kind */
	uint8_t as;            /* enum cause_id */
};

struct scenario {
	const char *face;          /* NULL: the cause's plain one, else the word behind the slash, "sigkill" */
	const char *title;         /* under 64 characters; N_(); NULL ends a list of scenarios */
	const char *story;         /* some sentences; N_() */
	const struct step *steps;  /* up to VERB_END */
	struct told told[VANTAGES];
	const uint8_t *also;       /* causes of further resets in these captures, ended by CAUSES; NULL for none */
	struct told kernel;        /* what `watch` says where both ends are on its host: the cause, for certain … */
	const uint8_t *kernel_also;/* … and further causes that it may be certain of */
	/*
	 * … and where only one host is watched. TOLD_CAUSE: what it says of both, where TCP of that host sent the RST; that,
	 * or a verdict with it among its candidates, where it was only received; or what `read` says there (TOLD_AS).
	 */
	struct told kernel_at[VANTAGES];
	bool router_at_server;     /* the router's capture is on the server's side */
};

/* All of them, by cause; only those that a cause's file names exist. */
#define CAUSE(name, id, family, told_by) extern const struct scenario scenarios_##name[];
#include "cause/causes.def"
#undef CAUSE
/* And those of no cause, each with a face (cause/article.h). */
extern const struct scenario scenarios_article[];

/* The one of a list that has this face, the first where face is NULL; NULL where there is none. */
const struct scenario *scenario_find(const struct scenario *list, const char *face);

/* ---- what is expected of a call: further arguments of its word */
#define RETURNS(value_) .expect = EXPECT_VALUE, .value = (value_)
#define AT_END .expect = EXPECT_VALUE, .value = 0 /* end of file */
#define FAILS(errno_) .expect = EXPECT_ERROR, .value = (errno_)
#define PENDING .expect = EXPECT_PENDING
#define KILLED(signal_) .expect = EXPECT_KILLED, .value = (signal_)
#define ANYTHING .expect = EXPECT_ANYTHING
#define SIGNALLED(signal_) .signal = (signal_)
#define ON(sock_) .sock = (sock_)

/* ---- the words */
#define STEP(verb_, who_, ...) { .verb = VERB_##verb_, .who = PARTY_##who_, __VA_ARGS__ }
#define END { .verb = VERB_END }
#define SAY(text_) { .verb = VERB_SAY, .text = (text_) }
#define LISTEN(who, ...) STEP(LISTEN, who, .number = 8, .sock = LAB_LISTENER, __VA_ARGS__)
#define LISTEN_BACKLOG(who, backlog, ...) STEP(LISTEN, who, .number = (backlog), .sock = LAB_LISTENER, __VA_ARGS__)
#define CONNECT(who, ...) STEP(CONNECT, who, .other = PARTY_SERVER, __VA_ARGS__)
#define CONNECT_TO(who, whom, ...) STEP(CONNECT, who, .other = PARTY_##whom, __VA_ARGS__)
#define ACCEPT(who, ...) STEP(ACCEPT, who, .other = LAB_LISTENER, __VA_ARGS__)
#define WRITE(who, bytes, ...) STEP(WRITE, who, .number = (bytes), __VA_ARGS__)
#define READ(who, ...) STEP(READ, who, .number = 65536, __VA_ARGS__)
#define READ_SOME(who, bytes, ...) STEP(READ, who, .number = (bytes), __VA_ARGS__)
#define CLOSE(who, ...) STEP(CLOSE, who, __VA_ARGS__)
#define CLOSE_LISTENER(who) STEP(CLOSE, who, .sock = LAB_LISTENER)
#define SHUTDOWN(who, how, ...) STEP(SHUTDOWN, who, .number = (how), __VA_ARGS__)
#define SET(who, option, value_, ...) STEP(SET_OPTION, who, .number = SOCKET_##option, .other = (value_), __VA_ARGS__)
#define POLL(who, revents, ...) STEP(POLL, who, RETURNS(revents), __VA_ARGS__)
#define GET_ERROR(who, errno_, ...) STEP(GET_ERROR, who, RETURNS(errno_), __VA_ARGS__)
#define DISCONNECT(who, ...) STEP(DISCONNECT, who, __VA_ARGS__)
#define RESULT(who, ...) STEP(RESULT, who, __VA_ARGS__)
#define ON_SIGPIPE(who, how) STEP(ON_SIGPIPE, who, .number = SIGPIPE_##how)
#define EXIT(who) STEP(EXIT, who, .expect = EXPECT_ANYTHING)
#define KILL(who, signal_) STEP(KILL, who, .number = (signal_))
#define CRASH(who) KILL(who, SIGSEGV)
#define POWER_OFF(who) STEP(POWER_OFF, who, .number = 0)
#define POWER_ON(who) STEP(POWER_ON, who, .number = 0)
#define DESTROY(who, ...) STEP(DESTROY, who, __VA_ARGS__)
#define SYSCTL(who, name_, text_) STEP(SYSCTL, who, .name = (name_), .text = (text_))
#define HASTEN(who, name_, text_) STEP(SYSCTL, who, .name = (name_), .text = (text_), .number = 1)
#define RULE(who, hook, text_) STEP(RULE, who, .name = (hook), .text = (text_))
#define REJECT(who, hook) RULE(who, hook, "tcp dport {port} reject with tcp reset")
#define NO_RULES(who) STEP(NO_RULES, who, .number = 0)
#define FORGET(who) STEP(FORGET, who, .number = 0)
#define ANNOUNCE(who) STEP(ANNOUNCE, who, .number = 0)
#define ALLOW_SUBFLOWS(who) STEP(ALLOW_SUBFLOWS, who, .number = 0)
#define TAKE_ADDRESS(who) STEP(TAKE_ADDRESS, who, .number = 0)
#define LOSE(who, count, flags_) STEP(LOSE, who, .number = (count), .flags = (flags_))
#define LOSE_ALL(who, flags_) LOSE(who, 0, flags_)
#define HOLD(who) STEP(HOLD, who, .number = 0)
#define RELEASE(who) STEP(RELEASE, who, .number = 0)
#define DELAY(who, us) STEP(DELAY, who, .number = (us))
#define FORGE(who, ...) STEP(FORGE, who, .forged = &(const struct forged){ __VA_ARGS__ })
#define SEND_RAW(who, ...) STEP(SEND_RAW, who, .forged = &(const struct forged){ __VA_ARGS__ })
#define WAIT_STATE(who, state, ...) STEP(WAIT_STATE, who, .number = LAB_##state, __VA_ARGS__)
#define WAIT_UNREAD(who, bytes, ...) STEP(WAIT_UNREAD, who, .number = (bytes), __VA_ARGS__)
#define WAIT_ACKED(who, ...) STEP(WAIT_ACKED, who, __VA_ARGS__)
#define WAIT_SENT(who, flags_) STEP(WAIT_PACKET, who, .number = PASSING_OUT, .flags = (flags_))
#define WAIT_ARRIVED(who, flags_) STEP(WAIT_PACKET, who, .number = PASSING_IN, .flags = (flags_))
#define WAIT_MS(ms) { .verb = VERB_WAIT_MS, .number = (ms) }
#define IDLE(seconds) { .verb = VERB_IDLE, .number = (seconds) }

/* The three calls with which most connections begin. */
#define CONNECTED LISTEN(SERVER), CONNECT(CLIENT), ACCEPT(SERVER)
/* A request and its answer. */
#define EXCHANGE WRITE(CLIENT, 5), READ(SERVER, RETURNS(5)), WRITE(SERVER, 5), READ(CLIENT, RETURNS(5))
/*
 * The peer's FIN has come and is acknowledged, which may take 40 ms. Without that, on a busy machine the FIN is sent
 * again beside the next write, and the answer to it draws a second RST. Where the program closes at once, its FIN may
 * even overtake the acknowledgement, which another processor sends.
 */
#define WAIT_CLOSED(who) WAIT_STATE(who, CLOSE_WAIT), WAIT_SENT(who, LAB_ACK)

/* ---- what `read` says */
#define AS(cause) { TOLD_AS, CAUSE_##cause }
#define AMONG(cause) { TOLD_AMONG, CAUSE_##cause }
#define NOTHING { TOLD_NOTHING, 0 }
#define EVERYWHERE(told) { told, told, told }

#endif
