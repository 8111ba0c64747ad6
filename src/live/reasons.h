/* Why this kernel says that it reset: enum sk_rst_reason, whose numbers differ between kernels, read from its BTF. */
#ifndef TCPWHY_LIVE_REASONS_H
#define TCPWHY_LIVE_REASONS_H

#include <stdint.h>

/* In no kernel's order. */
enum live_reason {
	REASON_NONE,               /* this kernel names none, or one that nobody here knows */
	REASON_NO_SOCKET,
	REASON_INVALID_ACK,
	REASON_PAWS,
	REASON_TOO_OLD_ACK,
	REASON_ACK_UNSENT_DATA,
	REASON_FLAGS,
	REASON_OLD_ACK,
	REASON_ABORT_ON_DATA,
	REASON_TIME_WAIT,
	REASON_INVALID_SYN,
	REASON_ABORT_ON_CLOSE,
	REASON_ABORT_ON_LINGER,
	REASON_ABORT_ON_MEMORY,
	REASON_STATE,
	REASON_KEEPALIVE,
	REASON_DISCONNECT_WITH_DATA,
	REASON_MPTCP,
	LIVE_REASONS,
};

#define REASON_NUMBERS_MAX 64
#define REASON_NAME_MAX 48

struct reasons {
	char names[REASON_NUMBERS_MAX][REASON_NAME_MAX]; /* without SK_RST_REASON_; "" for none */
	uint8_t of[REASON_NUMBERS_MAX];                  /* enum live_reason */
	unsigned count;                                  /* of names; 0: the kernel has no such enum */
};

struct btf;
/* Read the enum of the running kernel. */
void reasons_read(struct reasons *reasons, const struct btf *btf);
enum live_reason reasons_get(const struct reasons *reasons, uint32_t number);
/* "" where there is none. */
const char *reasons_name(const struct reasons *reasons, uint32_t number);
/* What the kernel really means by it, one phrase, translated; the name misleads more often than not. */
const char *reasons_meaning(enum live_reason reason);

#endif
