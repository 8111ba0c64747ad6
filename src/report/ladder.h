/* What a ladder keeps, for its renderer. */
#ifndef TCPWHY_REPORT_LADDER_H
#define TCPWHY_REPORT_LADDER_H

#include "report/report.h"

/* A side's TCP state as far as the segments tell. */
enum step_state {
	STEP_UNKNOWN,
	STEP_SYN_SENT,
	STEP_SYN_RECEIVED,
	STEP_ESTABLISHED,
	STEP_FIN_WAIT_1,
	STEP_FIN_WAIT_2,
	STEP_CLOSE_WAIT,
	STEP_CLOSING,
	STEP_LAST_ACK,
	STEP_TIME_WAIT,
	STEP_CLOSED,
	STEP_STATES,
};

struct step {
	struct note note;
	char *verdict;       /* beside a RST; NULL for none */
	uint8_t state[2];    /* enum step_state of both sides after it */
	bool changed[2];     /* this segment brought it about */
};

struct ladder {
	struct step *steps;
	size_t max;
	uint64_t count;      /* ever added */
	uint64_t number;     /* of the conversation: the first one that was added, others are passed over */
	int64_t zero_ns;     /* time of the first segment */
	struct endpoint end[2];
	uint32_t base[2];    /* relative sequence numbers begin here … */
	bool base_known[2];  /* … where anything tells */
	int client;          /* which side, -1 where nobody knows */
	uint8_t state[2];    /* enum step_state */
	bool fin_sent[2];
	uint32_t fin_end[2]; /* one past the FIN */
};

/* Take the segment into the states of both sides. */
void ladder_follow(struct ladder *ladder, const struct note *note);

/* The segment with this ordinal, from 0; NULL where it was not kept. */
const struct step *ladder_step(const struct ladder *ladder, uint64_t ordinal);

#endif
