/*
 * Plays conversations between two hosts and writes the frames that a capture at some point of the path would hold. The
 * players keep sequence numbers, timestamps, windows, IP IDs and flow labels as their kernels would; a script only says
 * who sends what, and when. Time passes in the script alone: everything is the same in every run.
 */
#ifndef TCPWHY_TESTS_PLAY_H
#define TCPWHY_TESTS_PLAY_H

#include "analysis/analysis.h"
#include "base/clock.h"

enum end { CLIENT, SERVER };

/* Routers between the two, and how long a packet takes from one end to the other. */
#define PLAY_HOPS 8
#define PLAY_MIDDLE 3
#define PLAY_TRIP_NS (8 * NS_PER_MS)
#define PLAY_FRAMES_MAX 256
#define PLAY_PAYLOAD_MAX 9000

enum vantage { AT_CLIENT, IN_MIDDLE, AT_SERVER, VANTAGES };

/* How a kernel marks its packets. */
struct stack {
	const char *name;
	uint8_t hop_limit;
	bool timestamps;
	bool counts_ids;       /* one IP ID counter for all packets, RSTs too; else one a connection, RSTs of no socket 0 */
	bool random_ids;
	bool aborts_in_full;   /* an abort carries the window and the options of the connection */
	bool answers_with_ack; /* once it has closed, it answers a late segment with RST-ACK */
	bool copies_class;     /* an answer repeats the DSCP of what it answers */
};

extern const struct stack stack_linux, stack_windows, stack_bsd;

/* Under which conditions the same script is played. */
struct setting {
	const struct stack *stack[2];
	uint8_t version;
	bool timestamps;
	enum vantage vantage;
	unsigned cut;          /* so many frames are missing at the start */
	bool lossy;            /* the first data segment is lost on its last hops and sent again */
	bool doubled;          /* every frame is captured twice, the second time one router further on */
	bool from_client_only, from_server_only;
	uint32_t captured_max; /* 0: whole frames */
	bool offloaded;        /* the card of the host at the vantage fills in the checksums */
	uint32_t isn[2];       /* 0: some number */
};

struct packet {
	struct segment segment;
	uint8_t options[40];
	int64_t sent_ns;
	int from, to;          /* hops from the client at which it begins, and is lost or received */
	bool subject;          /* the RST that the scenario is about */
	bool delivered;
	bool on_loopback;      /* seen without link addresses */
	uint8_t mac_last;      /* last byte of the source's link address; 0: that of the end */
};

struct host {
	struct endpoint end;
	const struct stack *stack;
	uint32_t isn, next, expects;
	bool heard_any, fin_sent, gone, unread;
	struct packet heard;   /* the last packet that arrived */
	uint32_t ts_offset, ts_recent;
	uint16_t ip_id, window;
	uint8_t class, mac_last;
	uint32_t label;
	uint32_t extra_options;   /* enum option_seen to carry on every segment */
};

struct play {
	struct setting setting;
	struct host host[2];
	int64_t now_ns;
	bool lost_one;
	unsigned count;
	struct packet packets[PLAY_FRAMES_MAX];
	struct icmp_error icmp;   /* .frame 0: none; sent after all else */
	struct segment icmp_quotes;
};

void play_begin(struct play *play, const struct setting *setting);
/* Another connection of the same two hosts, between other ports. */
void play_ports(struct play *play, uint16_t client, uint16_t server);
/* The host starts a connection afresh: new ISN, nothing sent, nothing heard. */
void play_renew(struct play *play, enum end who);

void play_wait(struct play *play, int64_t ns);
/* Wait until everything sent has arrived. */
void play_settle(struct play *play);

/*
 * Send with the current numbers. All of these return the packet, which may be changed until the next call; what was
 * sent arrives after PLAY_TRIP_NS, and only then its receiver knows.
 */
struct packet *play_send(struct play *play, enum end who, unsigned flags, uint32_t payload_len);
struct packet *play_tell(struct play *play, enum end who, uint32_t payload_len);
struct packet *play_ack(struct play *play, enum end who);
struct packet *play_fin(struct play *play, enum end who);
/* A keepalive probe: one before the next number, without payload. */
struct packet *play_probe(struct play *play, enum end who);
/* RST of a socket that knows the connection. */
struct packet *play_abort(struct play *play, enum end who);
/* RST made from the last packet that `who` received, by a kernel that has no socket for it. */
struct packet *play_answer(struct play *play, enum end who);
/* The same for any packet. */
struct packet *play_answer_to(struct play *play, enum end who, const struct packet *trigger);
/* Anything in the name of `who`; the numbers as given, no options, sent by the host itself unless changed. */
struct packet *play_forge(struct play *play, enum end who, unsigned flags, uint32_t seq, uint32_t ack);
/* Send the same again, now. */
struct packet *play_again(struct play *play, const struct packet *packet);

/* SYN, SYN-ACK, ACK, each when the one before has arrived; ends settled. */
void play_syn(struct play *play);
void play_shake(struct play *play);
/* Data, its acknowledgement, settled. Lost and sent again first where the setting says so. */
void play_say(struct play *play, enum end who, uint32_t payload_len);
/* FIN and its acknowledgement, settled. */
void play_close(struct play *play, enum end who);
/* A request and a response. */
void play_exchange(struct play *play);
/* Mark the RST that the scenario is about. */
void play_subject(struct packet *packet);
/* Append an option as it is on the wire. */
void play_option(struct packet *packet, const void *bytes, size_t len);

/* A sink's verdict(), into a struct told_all. */
void play_take_verdict(void *all, const struct verdict *verdict);

/* What came out, of the RST that was marked or of the ending. */
struct told {
	bool found;
	uint64_t frame;
	enum cause_id cause;
	enum certainty certainty;
	enum acceptance accepted;
	enum part part;
	enum harm harm;
	enum role sender;
	enum sealed sealed;
	uint64_t lost_bytes;
	bool lost_known, is_ending;
	unsigned candidate_count;
	uint8_t candidates[CANDIDATES_MAX];
	struct evidence evidence;
};

struct told_all {
	unsigned count;
	struct told told[PLAY_FRAMES_MAX];
	uint64_t subject_frame;    /* 0: not captured from here */
	uint64_t duplicates;
};

/* Write the frames and explain them; `ret` may be large, keep it static. */
void play_explain(const struct play *play, struct told_all *ret);
/*
 * The same from several vantages at once (one bit each), read as captures of one traffic: `clock` says by how much each
 * capture's clock is off and drifts; `surveyed`: each is read twice, as a large one is. The subject's frame is that at
 * the vantage whose evidence tells it.
 */
struct play_clock {
	int64_t shift_ns;
	int64_t drift_ppb;   /* gained, nanoseconds a second */
};
void play_explain_together(const struct play *play, unsigned vantages, const struct play_clock clock[VANTAGES],
                           bool surveyed, struct told_all *ret);
/* Write them as a capture file (pcap, Ethernet). */
bool play_write(const struct play *play, const char *path);
/* The verdict of the subject, or of the ending where there is none; NULL where there is no such verdict. */
const struct told *told_subject(const struct told_all *all);
bool told_names(const struct told *told, enum cause_id cause);

#endif
