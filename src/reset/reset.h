/*
 * One RST, from its arrival to the sealing of its evidence. Facts about what came before are taken when it arrives;
 * facts about what follows are added as it follows; then the evidence is sealed and says so.
 */
#ifndef TCPWHY_RESET_RESET_H
#define TCPWHY_RESET_RESET_H

#include "base/clock.h"
#include "flow/conversation.h"
#include "reset/evidence.h"

/* Sealing: after so many more segments of the conversation … */
#define SEAL_SEGMENTS 32
/* … or so long after: a retransmission comes within a few seconds (RFC 6298), a new attempt at connecting too. */
#define SEAL_NS (10 * NS_PER_S)

struct reset {
	struct evidence evidence;
	struct note rst;
	struct note trigger;           /* the segment that it answers */
	bool has_trigger;
	unsigned side;                 /* who sent it, by its address */
	uint32_t receiver_next;        /* SND.NXT of the receiver when the RST came */
	bool receiver_next_known, sender_acked_known;
	uint32_t sender_next, sender_ts; /* what the sender had sent: a segment of a receiver that goes on knows it */
	bool sender_next_known, sender_ts_known;
	int64_t round_trip_ns;         /* 0: unknown */
	uint32_t segments_after;
	struct moment receiver_went_on, sender_went_on, sender_unaware, sender_got_it;
	struct moment challenged, syn_again, syn_accepted;
	struct conversation *conversation; /* NULL once it is gone; then complete */
	bool complete;                 /* nothing follows in its conversation: what its facts rest on has been taken */
	bool sealed;
};

/* `c` has taken the RST already. *reset is filled. */
void reset_begin(struct reset *reset, struct conversation *c, const struct note *rst, const struct segment *segment,
                 const struct options *options);
/* A later segment of the same conversation; `note` as conversation_take() gave it. */
void reset_observe(struct reset *reset, const struct conversation *c, const struct note *note);
/* A new connection on the same ports began. */
void reset_replaced(struct reset *reset, const struct segment *syn);
/* Whether nothing more is awaited at `now_ns`; tells why. */
enum sealed reset_due(const struct reset *reset, int64_t now_ns);
/* Nothing follows in the conversation: take from it what is still needed, so that it may go before the sealing. */
void reset_complete(struct reset *reset, const struct conversation *c);
/* The evidence is what it will be; `c` may be NULL where it is complete. */
void reset_seal(struct reset *reset, const struct conversation *c, enum sealed why);

/*
 * Evidence for a conversation that ended without a RST, although one side gave up: false where it did not end so.
 * `icmp` is an ICMP error about it, or NULL.
 */
struct icmp_error;
bool reset_ending(struct evidence *evidence, const struct conversation *c, const struct icmp_error *icmp);

#endif
