/*
 * Who answered: the host, or something in its name. Plain header fields cannot tell a kernel that refuses from a packet
 * filter that rejects. What can is tried in the order of harmlessness: what the answers bear anyway (the IPv6 flow
 * label, hops against those of the host's open ports), a SYN with a DSCP, an IP option, SYNs that die on the way.
 */
#ifndef TCPWHY_PROBE_WHO_H
#define TCPWHY_PROBE_WHO_H

#include "cause/cause.h"
#include "diagnose/diagnose.h"
#include "probe/scan.h"

enum answered_by {
	BY_NOBODY,
	BY_HOST,               /* its own TCP */
	BY_FIREWALL_HERE,      /* of this host, before anything left it */
	BY_FIREWALL_AT_HOST,   /* as far away as the host: on it, or right before it */
	BY_FIREWALL_BEFORE,    /* nearer than the host */
	BY_FIREWALL_BEHIND,    /* farther away than the host */
	BY_FIREWALL,           /* and where it stands is not known */
	BY_HOST_BEHIND,        /* a TCP farther away than the host: its address is translated */
	BY_BOX_BEFORE,         /* a TCP nearer than the host */
	BY_PROXY,              /* something that shakes hands for the host, or for every port */
	BY_SYSTEM_HERE,        /* this host's own network, by ICMP */
	BY_REPORTER,           /* who sent the ICMP error */
	BY_UNDECIDED,
	ANSWERED_BY,
};

/* What speaks for it. */
enum clue {
	CLUE_CONNECTED,        /* connect() alone was asked */
	CLUE_OWN,              /* the RST came from the loopback interface */
	CLUE_LABEL_SET,        /* IPv6: the RST bears a flow label */
	CLUE_LABEL_MISSING,    /* IPv6: it bears none, and the host's SYN-ACKs do */
	CLUE_HOPS_SAME, CLUE_HOPS_NEARER, CLUE_HOPS_FARTHER, /* than the host's open ports */
	CLUE_HOPS_AGREED,      /* all refusals of the host's TCP come from as far away as its open ports do */
	CLUE_HOPS_HIDDEN,      /* its open ports are behind a router, and their answers have passed none */
	CLUE_ON_LINK,          /* it has passed no router, and the host is on the link */
	CLUE_CLASS_COPIED,     /* the RST has the DSCP of the SYN */
	CLUE_CLASS_MISSING,    /* it has none, though the DSCP of SYNs to other ports comes back */
	CLUE_CLASS_LOST,       /* it has none, and nobody's comes back */
	CLUE_ROUTE_ECHOED,     /* IPv4: the RST has the record-route option of the SYN */
	CLUE_ROUTE_PLAIN,      /* the option did not come back, as it does from a port that TCP answers */
	CLUE_ROUTE_SILENT,     /* no answer to a SYN with the option, though such a port gives one */
	CLUE_WALK_PASSED,      /* the SYN has to pass a router, and the RST has passed none: the router sent it */
	CLUE_WALK_TURNED,      /* a SYN that goes as far as the RST came from dies at a router; one hop more draws the RST */
	CLUE_WALK_REACHED,     /* a SYN that goes as far as the RST came from draws it */
	CLUE_LINUX,            /* the host's SYN-ACKs are those of Linux */
	CLUE_OTHER_SYSTEM,     /* a hop limit that Linux does not begin with */
	CLUE_NO_OPEN_PORT,     /* nothing to compare with */
	CLUE_SAMPLED,          /* as others like it, which were asked */
	CLUE_WINDOW_TINY,      /* a SYN-ACK without room for a segment */
	CLUE_EVERY_PORT,       /* ports that nobody uses are open, too */
	CLUE_ALIKE,            /* the SYN-ACK comes from as far as the refusals of the host's TCP */
	CLUE_NOT_ALIKE,        /* the SYN-ACK comes from elsewhere than the host's refusals */
	CLUE_CLOSED_ELSE,      /* ports that nobody uses are not open */
	CLUES,
};

struct finding {
	uint32_t clues;        /* 1 << enum clue */
	uint8_t by;            /* enum answered_by */
	uint8_t certainty;     /* enum certainty */
	uint8_t cause, other;  /* enum cause_id, and what else it may be; CAUSE_NONE */
};

static inline void clue_add(struct finding *finding, enum clue clue)
{
	finding->clues |= UINT32_C(1) << clue;
}

static inline bool clue_has(const struct finding *finding, enum clue clue)
{
	return finding->clues >> clue & 1;
}

/* Only TCP does that. */
static inline bool told_by_tcp(const struct finding *finding)
{
	return clue_has(finding, CLUE_CLASS_COPIED) || clue_has(finding, CLUE_LABEL_SET) ||
	       clue_has(finding, CLUE_ROUTE_ECHOED);
}

/*
 * Find out who answered each ask of the scan, which has run; asks some of them again. `findings` has room for
 * scan->ask_count of them.
 */
void who_find(struct scan *scan, struct finding *findings);

/* From clues to who it was: fill the rest of *finding. */
void finding_decide(const struct scan *scan, size_t index, struct finding *finding);

/* The fixed word for JSON, and the words for people, translated. */
const char *answered_by_id(enum answered_by by);
const char *answered_by_text(enum answered_by by);
/* What the clue says, for people, translated. */
const char *clue_text(enum clue clue);
/* What would settle it, where the finding is not certain; translated. */
const char *finding_decides(const struct finding *finding);

#endif
