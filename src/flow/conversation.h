/*
 * One connection in full: both endpoints' sequence space and state, and what it takes to explain its end. Kept for
 * connections that need an explanation (or for all, where there is no second pass).
 */
#ifndef TCPWHY_FLOW_CONVERSATION_H
#define TCPWHY_FLOW_CONVERSATION_H

#include "flow/flow.h"
#include "flow/look.h"
#include "flow/note.h"
#include "flow/tuple.h"
#include "flow/zeek.h"

/* A moment: which frame, and when. frame 0: never. */
struct moment {
	uint64_t frame;
	int64_t time_ns;
};

/* Something sent again and again. */
struct run {
	struct moment first, last;
	uint32_t count;
	uint32_t seq;           /* where it begins */
};

struct side {
	struct endpoint end;
	struct moment first, last;            /* any segment but RSTs and duplicates */
	struct moment syn, fin, data_first, data_last, progress; /* progress: last acknowledgement of something new */
	struct moment fin_acked;              /* the peer acknowledged the FIN */
	uint32_t isn;                         /* valid where syn.frame */
	uint32_t base;                        /* lowest sequence number, for relative numbers; valid where first.frame */
	uint32_t fin_seq;                     /* sequence number of the FIN itself */
	bool syn_ack;                         /* its SYN carried ACK */
	bool fin_implied;                     /* not captured, but the peer acknowledged it: fin_seq is valid */
	bool window_zero;
	bool gap;                             /* bytes are missing from the capture */
	uint32_t gap_from, gap_to;            /* the last such gap */
	uint8_t window_scale;                 /* valid where both SYNs had the option, see window_scaled */
	uint64_t payload_bytes;               /* new ones, sent */
	uint32_t segments;
	uint32_t good_checksums;
	uint16_t syn_window;
	uint16_t window_last;                 /* unscaled, of the last segment that was no SYN and no RST */
	uint16_t window_peak;                 /* highest since the last time it was reached */
	uint32_t window_peak_acked;           /* acked when the peak was advertised */
	struct moment window_peak_at;
	uint32_t window_falls;                /* times it fell since the peak */
	uint32_t option_bits;                 /* enum option_seen of the SYN */
	uint32_t any_options;                 /* of all segments but RSTs */
	uint32_t ts_last;                     /* highest timestamp value */
	struct look syn_look, look, data_look;/* look: everything but SYN and RST */
	uint16_t ip_id_last;
	uint32_t ip_id_zero, ip_id_near, ip_id_far; /* IDs of 0; steps a little ahead; other steps */
	uint32_t df_set, df_clear;
	uint32_t flow_label_last;
	uint8_t mac[6];                       /* of its packets here; all zero on loopback */
	bool has_mac;
	uint32_t mac_changes;
	struct run retransmits;               /* since the peer last acknowledged something new */
	struct run probes;                    /* keepalive probes since the peer last sent anything */
	struct run syns;                      /* SYNs or SYN-ACKs sent again */
	struct run rsts;                      /* seq: of the first */
};

/* What stays known of the connection before, on the same ports. */
struct predecessor {
	struct flow flow;
	struct side side[2];
};

#define RECENT_NOTES 32
#define RST_NOTES 8

struct conversation {
	struct flow flow;
	struct side side[2];                  /* sequence numbers of both ends: flow.half[] */
	struct zeek zeek;
	struct predecessor *predecessor;      /* NULL where there was none; owned, see conversation_clear() */
	uint32_t recent_count;                /* ever added; the newest is at (recent_count - 1) % RECENT_NOTES */
	uint32_t rst_count;                   /* ever added */
	struct moment ended[2];               /* first RST of each side that could end the connection */
	uint64_t answered[2];                 /* frame that the last RST of each side answered */
	uint64_t number;                      /* from 1, in order of the first frame */
	struct moment handshake;              /* the ACK that finished it */
	uint32_t ticket;                      /* for whoever is given the segments as they come; 0 at first */
	uint32_t duplicates;                  /* frames captured twice */
	uint32_t segments;                    /* without those */
	uint8_t version;
	/* The rings come last: what stands before them is touched by every segment. */
	struct note rsts[RST_NOTES];          /* a ring of the last RSTs of both sides */
	struct note recent[RECENT_NOTES];     /* a ring, no duplicates */
};

/*
 * A zeroed conversation takes its first segment in hand (conversation_take() follows). Where `c` held an older
 * connection on the same ports, `reuse` keeps what matters of it as the predecessor; out of memory only loses that.
 */
void conversation_begin(struct conversation *c, const struct segment *first, unsigned side, bool reuse);
/* Free what it owns. */
void conversation_clear(struct conversation *c);
/*
 * Take a segment (the first one too) with its parsed options; *ret_note is what is remembered of it. Its `marks` tell a
 * duplicate: then nothing else was changed.
 */
void conversation_take(struct conversation *c, struct segment *segment, const struct options *options, unsigned side,
                       struct note *ret_note);
/* The n-th newest note (0 is the newest), NULL past the oldest kept. */
const struct note *conversation_recent(const struct conversation *c, unsigned n);
/* Which side is the client, -1 where nobody can know. A guess from well-known ports counts. */
int conversation_client(const struct conversation *c);
/* The receive window of `side` in bytes, scaled. */
uint32_t conversation_window(const struct conversation *c, unsigned side);
/* Whether both sides sent FIN and had it acknowledged. */
bool conversation_closed(const struct conversation *c);

#endif
