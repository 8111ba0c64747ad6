/* One way of reporting failure: functions return a status, and say in words what went wrong in a `struct error`. */
#ifndef TCPWHY_BASE_ERROR_H
#define TCPWHY_BASE_ERROR_H

enum status {
	STATUS_OK = 0,
	STATUS_END,        /* no more input; not a failure */
	STATUS_IDLE,       /* nothing to read just now (a pipe); call again */
	STATUS_TRUNCATED,  /* input ends in the middle of a record; everything before it was delivered */
	STATUS_MALFORMED,  /* input breaks the rules of its format */
	STATUS_UNSUPPORTED,/* valid, but nothing here can read it */
	STATUS_IO,         /* the system refused: see the text */
	STATUS_LIMIT,      /* a stated limit was reached */
	STATUS_MEMORY,     /* out of memory */
	STATUS_USAGE,      /* the caller asked for something that cannot be: a bad filter, say */
};

#define ERROR_TEXT_MAX 512

struct error {
	enum status status;
	char text[ERROR_TEXT_MAX]; /* one line, translated, no newline, printable only */
};

/* Fill *error (which may be NULL) with a formatted text, control characters made visible. Returns `status`. */
enum status error_set(struct error *error, enum status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
