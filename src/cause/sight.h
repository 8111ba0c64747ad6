/*
 * What the program at the receiver of an accepted RST sees, by the TCP state that its socket was in. The error is
 * delivered once a socket, to whichever call asks first: connect(), read(), write(), getsockopt(SO_ERROR). On Linux
 * poll() says POLLIN, POLLOUT, POLLERR, POLLHUP and POLLRDHUP, and POLLERR no more when the error was delivered.
 * tests/lab/sights.c plays every state on the kernel and compares.
 */
#ifndef TCPWHY_CAUSE_SIGHT_H
#define TCPWHY_CAUSE_SIGHT_H

enum sight_state {
	SIGHT_SYN_SENT,
	SIGHT_SYN_RECEIVED,
	SIGHT_ESTABLISHED,  /* also FIN_WAIT1 and FIN_WAIT2 */
	SIGHT_CLOSE_WAIT,
	SIGHT_LAST_ACK,     /* also CLOSING */
	SIGHT_GONE,         /* TIME_WAIT or an orphan: no program holds the socket */
	SIGHT_UNKNOWN,
	SIGHT_STATES,
};

/* English, marked with N_(): whoever prints them translates them. None is NULL. */
struct sight {
	const char *linux_sees;
	const char *bsd;         /* BSD and macOS */
	const char *windows;
};

/* Never NULL: a state out of range is SIGHT_UNKNOWN. */
const struct sight *sight_get(enum sight_state state);

#endif
