/* What a ladder keeps, for its renderer. */
#ifndef TCPWHY_REPORT_LADDER_H
#define TCPWHY_REPORT_LADDER_H

#include "report/report.h"

/* A side's TCP state as far as the segments tell. */
enum rung_state {
	RUNG_UNKNOWN,
	RUNG_SYN_SENT,
	RUNG_SYN_RECEIVED,
	RUNG_ESTABLISHED,
	RUNG_FIN_WAIT_1,
	RUNG_FIN_WAIT_2,
	RUNG_CLOSE_WAIT,
	RUNG_CLOSING,
	RUNG_LAST_ACK,
	RUNG_TIME_WAIT,
	RUNG_CLOSED,
	RUNG_STATES,
};

/* A segment, or something else that happened between two of them. */
struct rung {
	struct note note;
	int64_t time_ns;
	char *verdict;       /* beside a RST; NULL for none */
	char *remark;        /* then it is no segment; NULL for one */
	enum ladder_place place; /* of the remark */
	uint8_t track;       /* which connection */
	uint8_t state[2];    /* enum rung_state of both sides after it */
	bool changed[2];     /* this segment brought it about */
};

/* A connection on the ladder. */
struct track {
	uint64_t number;     /* of the conversation */
	struct endpoint end[2];
	uint32_t base[2];    /* relative sequence numbers begin here … */
	bool base_known[2];  /* … where anything tells */
	int client;          /* which side, -1 where nobody knows */
	uint8_t state[2];    /* enum rung_state */
	bool fin_sent[2];
	uint32_t fin_end[2]; /* one past the FIN */
};

struct ladder {
	struct rung *rungs;
	size_t max;
	uint64_t count;      /* ever added */
	int64_t zero_ns;     /* time of the first one */
	size_t tracks_max;   /* further connections are passed over */
	size_t track_count;
	struct track tracks[LADDER_CONNECTIONS_MAX];
};

/* Take the segment into the states of both sides. */
void ladder_follow(struct track *track, const struct note *note);

/* What has this ordinal, from 0; NULL where it was not kept. */
const struct rung *ladder_rung(const struct ladder *ladder, uint64_t ordinal);

#endif
