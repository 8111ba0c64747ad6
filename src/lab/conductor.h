/*
 * The conductor: plays the steps of a scenario one after the other. Before each step it lets the wires come to rest, so
 * that what a step brings about has arrived before the next begins; only HOLD, DELAY and PENDING let things cross.
 */
#ifndef TCPWHY_LAB_CONDUCTOR_H
#define TCPWHY_LAB_CONDUCTOR_H

#include "base/clock.h"
#include "lab/command.h"
#include "lab/diag.h"
#include "lab/message.h"
#include "lab/network.h"
#include "lab/program.h"

#define SEEN_MAX 65536  /* segments that may pass while one thing happens: waits look back at them */
#define TRACKS_MAX 32   /* directions of connections whose numbers are followed */

/* A segment that passed a port. */
struct seen {
	uint8_t port;
	bool out;
	uint16_t flags;       /* enum lab_flag */
};

/* What one end said last in one direction of a connection. */
struct track {
	struct endpoint src, dst;
	uint32_t next, ack;   /* one past what it sent, and what it expects */
};

struct conductor {
	const struct scenario *scenario;
	const struct lab_options *options;
	int caller;                              /* lab/message.h */
	struct network network;
	struct program programs[PARTIES];
	struct command commands[PARTIES];        /* in place of the programs, where the user has some */
	const struct step *orders[PARTIES];      /* the last call that each was told to make */
	bool off[PARTIES];
	bool news;                               /* this turn: more came than stops of a traced command */
	struct seen seen[SEEN_MAX];
	size_t seen_count, overlooked;           /* overlooked: those that there was no room for */
	size_t cursors[PARTIES];                 /* up to where each party's WAIT_PACKET has looked */
	struct track tracks[TRACKS_MAX];
	size_t track_count, untracked;           /* segments of further directions, whose numbers nobody knows */
	int64_t ahead_ns;                        /* how far the lab's clock is set forward … */
	int64_t ahead_at_start_ns[PARTIES];      /* … and was when each party's last call began */
	struct error error;
};

/* Play it all, and tell the caller, the end included. Call in a fresh network namespace. */
void conductor_play(const struct scenario *scenario, const struct lab_options *options, int caller);

/* ---- for the steps */
/* The time by the lab's clock. */
int64_t conductor_now(const struct conductor *conductor);
/* What the end `src` said last to `dst`; NULL where nothing was seen, or conductor->untracked. */
struct track *conductor_track(struct conductor *conductor, const struct endpoint *src, const struct endpoint *dst);
/* Let frames and answers come, for at most `ns`. */
void conductor_turn(struct conductor *conductor, int64_t ns);
/*
 * Turn until `is_so`. STATUS_LIMIT, and what was waited for in vain, past the deadline (CONDUCTOR_PATIENCE_NS, longer
 * in real time, shorter for a command that has ended without having sent anything). A condition that cannot be looked
 * at says so in conductor->error, which ends the wait as well.
 */
typedef bool (*conductor_condition)(struct conductor *conductor, const struct step *step);
enum status conductor_wait(struct conductor *conductor, const struct step *step, conductor_condition is_so);
/* The kernel's longest timer that a scenario waits for is one of some seconds (a SYN-ACK that is repeated). */
#define CONDUCTOR_PATIENCE_NS (8 * NS_PER_S)

/* ---- words.c */
/* The step in words, translated: "the server: close()". */
#define STEP_TEXT_MAX 256
void step_text(char text[STEP_TEXT_MAX], const struct step *step);

/* ---- steps.c */
enum status step_play(struct conductor *conductor, const struct step *step);
/* What is known of the socket of the step; `state` is -1, which is none, where it cannot be seen: conductor->error. */
struct socket_view step_look(struct conductor *conductor, const struct step *step);
/* Put that onto the time line. */
void step_remark(struct conductor *conductor, const struct step *step);

/* ---- forge.c */
enum status step_forge(struct conductor *conductor, const struct step *step);
enum status step_send_raw(struct conductor *conductor, const struct step *step);

/* ---- command_steps.c */
/*
 * Play a step of a host that runs a command of the user's. The command follows a story of its own: calls that the
 * scenario has for it are left out, and waits for its socket end after COMMAND_PATIENCE_NS.
 */
enum status command_step(struct conductor *conductor, const struct step *step);
/* Let the commands come to their end, for some seconds. */
void command_finish(struct conductor *conductor);
/* Longer than an interpreter or a Java machine takes to start. */
#define COMMAND_PATIENCE_NS (10 * NS_PER_S)

/* ---- expect.c */
/* Whether a call came out as the step says; tells the caller where it did not. */
void expect_check(struct conductor *conductor, const struct step *step, const struct lab_call *call);

#endif
