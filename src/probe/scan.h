/*
 * Asks ports of hosts by SYNs and keeps what came back.
 *
 * It asks in rounds: every port once, then those that were silent again, from another source port. In a round no more
 * SYNs are in flight than a window allows; one that is not answered within a few round-trip times makes room, though
 * its answer still counts. How often a silent port is asked follows from how many answers get lost, and after answers
 * that this host has dropped itself a round does not count.
 */
#ifndef TCPWHY_PROBE_SCAN_H
#define TCPWHY_PROBE_SCAN_H

#include "probe/channel.h"
#include "probe/guise.h"
#include "probe/ports.h"

enum port_state {
	PORT_UNKNOWN,      /* it could not be told: see enum doubt */
	PORT_OPEN,
	PORT_CLOSED,
	PORT_FILTERED,     /* silence */
	PORT_UNREACHABLE,  /* somebody says so by ICMP, or this host's own network does */
};

/* Why a state is unknown, or what is odd about it. */
enum doubt {
	DOUBT_NONE,
	DOUBT_STOPPED,     /* the user stopped it */
	DOUBT_LINK,        /* the interface went down */
	DOUBT_DROPPED,     /* this host dropped answers that it had no time to read */
	DOUBT_LOSSY,       /* so many answers get lost on the way that silence means nothing */
	DOUBT_REFUSED,     /* this host refused to send: `failure` */
	DOUBT_NEIGHBOUR,   /* unreachable: the next hop does not answer for its address on the link */
	DOUBT_LIMITED,     /* unreachable, as a sample of the silent ports was: ICMP answers are rate-limited */
	DOUBT_SAMPLED,     /* silent, where some of the silent ports are rejected with ICMP when asked slowly */
};

/* What was seen of an answer. */
struct sighting {
	int64_t rtt_ns;            /* -1: not known */
	uint32_t flow_label;
	uint16_t window, ip_id;
	uint32_t options;          /* of a SYN-ACK: enum option_seen */
	uint8_t hop_limit, traffic_class;
	uint8_t icmp_type, icmp_code;
	uint8_t reporter;          /* who sent the ICMP error: index into scan->reporters */
	bool by_icmp;              /* an ICMP error, whose type, code and reporter follow; else a segment */
	bool own;                  /* in by the loopback interface, though the host is elsewhere */
	bool label_reflected;      /* IPv6: the flow label is that of the SYN */
	bool route_recorded;       /* IPv4: with a record-route option */
	bool from_linux;           /* a SYN-ACK as Linux makes it: options in its order, IP ID 0, DF */
};

struct ask {
	int64_t first_ns, last_ns; /* clock_monotonic(); 0: never */
	struct sighting seen;
	uint8_t state;             /* enum port_state */
	uint8_t doubt;             /* enum doubt */
	uint8_t tries;
	uint8_t answered_try;      /* which one it was, from 1 */
	uint8_t failure;           /* errno, with DOUBT_REFUSED */
	bool in_flight;
};

struct target {
	struct path path;
	const char *name;          /* as the user gave it; not owned */
	bool by_connect;           /* its ports were asked by connect() */
	uint32_t carrier_downs;    /* before the first SYN */
	uint32_t icmp_answers;     /* different ports that ICMP answered */
	uint32_t answers[PORT_UNREACHABLE + 1];
};

#define REPORTERS_MAX 255

struct scan_counts {
	uint64_t sent, received;   /* SYNs; answers that acknowledge one of them */
	uint64_t strays;           /* segments for our ports that do not: forged, or none of our business */
	uint64_t dropped;          /* answers that came and could not be read: the ring was full */
	uint64_t backlog;          /* packets of any kind that this machine dropped meanwhile for want of time */
	unsigned rounds;
};

struct scan_options {
	bool connect;              /* by connect(), in place of SYNs past this host's TCP */
	uint64_t rate;             /* SYNs a second at most, 0: as fast as answers come */
	unsigned ring_bytes;       /* 0: the usual */
	int64_t patience_ns;       /* before a silent port is called filtered; 0: SCAN_PATIENCE_NS */
	bool (*stopped)(void *user);              /* NULL: never */
	void (*progress)(void *user, uint64_t done, uint64_t total); /* ports answered or given up; NULL: nobody looks */
	void *user;
};

struct extra;

struct scan {
	struct scan_options options;
	struct guise guise;
	struct channel *channel;
	uint16_t first_port;       /* of its block */
	struct target *targets;
	size_t target_count;
	uint16_t *ports;           /* in ascending order */
	size_t port_count;
	uint16_t *rank;            /* of each port in `ports`; valid for those only */
	struct port_set set;
	struct ask *asks;          /* target by target */
	size_t ask_count;
	struct address reporters[REPORTERS_MAX + 1]; /* 0 is nobody */
	unsigned reporter_count;
	struct scan_counts counts;
	struct extra *extras;      /* asked just now; NULL: the ports themselves are */
	size_t extra_count;

	/* of the round */
	uint32_t *pending;
	size_t pending_count, sent_of_round, expired_of_round;
	size_t in_flight, answered;
	double srtt_ns, rttvar_ns; /* 0: no answer yet */
	double pace;               /* SYNs a second; 0: none */
	int64_t next_send_ns, next_look_ns;
	int64_t clock_offset_ns;   /* see clock_offset() */
	size_t window;
	unsigned round;            /* from 1 */
	unsigned pace_since;       /* the first round at this pace */
	uint64_t answered_by_try[64], answered_by_tcp;
	bool doubted;              /* total silence was looked into */
	bool limited;              /* the pace is that of a box that limits the rate of answers */
	uint64_t sample_sent, sample_answered; /* at which the present pace began */
	double usual_yield;        /* answers a SYN that this pace brought at best; 0: not known yet */
	int64_t last_answer_ns;
	struct error failure;      /* the link's; status STATUS_OK: none */
};

/* The least time that a silent port is given: a SYN-ACK that got lost comes again after one second (RFC 6298). */
#define SCAN_PATIENCE_NS (1200 * NS_PER_MS)
/* Asks that one scan takes: their memory is 64 bytes each. */
#define SCAN_ASKS_MAX (1u << 21)

/*
 * Prepare to ask `ports` of all `targets`, whose paths are found, of one version, and all local or none; the targets
 * are taken over (freed with free()), also on failure. STATUS_UNSUPPORTED without CAP_NET_RAW, STATUS_IO,
 * STATUS_MEMORY.
 */
enum status scan_new(struct target *targets, size_t count, const struct port_set *ports,
                     const struct scan_options *options, struct scan **ret_scan, struct error *error);
/* Ask all of them. What could not be found out stays PORT_UNKNOWN and says why. */
void scan_run(struct scan *scan);
/* Forget the answers, to ask again; who is asked by connect() goes on to be. */
void scan_again(struct scan *scan);
/* NULL is allowed. */
void scan_free(struct scan *scan);

/* The port and the target of an ask. */
uint16_t scan_port(const struct scan *scan, size_t index);
struct target *scan_target(const struct scan *scan, size_t index);
bool scan_stopped(const struct scan *scan);

#endif
