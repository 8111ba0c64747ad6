/* The groups of a summary, for its two renderers. */
#ifndef TCPWHY_REPORT_SUMMARY_H
#define TCPWHY_REPORT_SUMMARY_H

#include "report/report.h"
#include "reset/testimony.h"

#define GROUPS_MAX 4096           /* groups that are kept */
#define DISTINCT_MAX (1u << 19)   /* addresses and ports that are told apart, over all groups: 8 MB at most */

/* What the resets of one group have in common beside their cause. */
enum group_by {
	GROUP_BY_SERVER,  /* address and port of the server's side */
	GROUP_BY_HOST,    /* its address: many ports of one host, one finding */
	GROUP_BY_PROBER,  /* the address of whoever tries many ports or hosts */
};

struct group {
	enum cause_id cause;
	enum group_by by;
	struct endpoint end;          /* port 0 where the port does not count */
	enum harm harm;               /* the worst of them */
	enum role sender_role;        /* where it is the same for all, else ROLE_UNKNOWN */
	uint64_t count;
	uint64_t certain, likely, unknown;
	uint64_t lost_bytes;          /* of those where it is known */
	uint64_t peers;               /* distinct addresses at the other end */
	uint64_t ports;               /* distinct ports of the server's side */
	uint64_t frame;               /* an example, a certain one where there is any */
	enum certainty example;
	char sender[COMMAND_MAX];     /* the program of this end, where a kernel tells; "" for none … */
	char receiver[COMMAND_MAX];
	bool senders, receivers;      /* … and others, too */
	char *file;                   /* of the example; NULL for none */
};

struct summary {
	struct group *groups;
	size_t count, capacity;
	uint64_t left_out;            /* verdicts whose group was one too many */
	uint64_t seed;
	uint16_t index[GROUPS_MAX * 2];/* by hash: number of the group plus one, 0 for an empty place */
	uint64_t *distinct;           /* a set of hashes, open addressing, 0 for an empty place */
	size_t distinct_count, distinct_capacity;
	bool distinct_full;           /* `peers` and `ports` are lower bounds */
};

/* The groups, the worst first: by harm, then by count, then by example. `count` pointers for free(); NULL for none. */
const struct group **summary_sorted(const struct summary *summary);
/* "server", "host", "prober" */
const char *group_by_id(enum group_by by);
/* "10.0.0.1:80", or the address alone. */
char *group_end_text(char text[ENDPOINT_TEXT_MAX], const struct group *group);
/* The headline of the cause where the roles are the same for the whole group, else its title. */
void group_headline(struct buffer *out, const struct group *group);

#endif
