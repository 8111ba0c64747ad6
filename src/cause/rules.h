/* What several causes ask of the evidence, and the numbers that their rules use. For this folder alone. */
#ifndef TCPWHY_CAUSE_RULES_H
#define TCPWHY_CAUSE_RULES_H

#include "base/clock.h"
#include "cause/cause.h"

/*
 * Idle times shorter than this expire nowhere: the shortest usual limit of a box is 60 s (load balancers), its own
 * slack off.
 */
#define IDLE_BOX_NS (59 * NS_PER_S)
/*
 * A program that ends a connection so long after the last exchange does it for being idle: servers' shortest limits
 * are 5 s.
 */
#define IDLE_PROGRAM_NS (10 * NS_PER_S)
/* A proxy that waits for its backend waits for seconds. */
#define BACKEND_WAIT_NS (5 * NS_PER_S)
/* A scanner or health check has what it wants when the handshake is done. */
#define SCAN_AGE_NS (2 * NS_PER_S)
/* A backend that refuses does so within its connect timeout. */
#define REFUSED_AGE_NS (10 * NS_PER_S)
/* What was sent before a RST came may arrive a round trip after that was sent: seconds only on the worst paths. */
#define IN_FLIGHT_MAX_NS (3 * NS_PER_S)
/* Ends tried within a minute that make a scan. */
#define SCAN_ENDS 5
/* Probes or retransmissions in a row that make a peer dead: Linux sends 9 probes by default, some stacks 2 or 3. */
#define DEAD_PROBES 2
#define DEAD_RETRANSMITS 2

/* Somebody had ended the connection with a RST before; one that the sender ignored (it went on) ended nothing. */
static inline bool reset_before(const struct evidence *e)
{
	return yes(e, FACT_EARLIER_RST_BY_SENDER) ||
	       (yes(e, FACT_EARLIER_RST_BY_RECEIVER) && !yes(e, FACT_SENDER_WENT_ON));
}

/*
 * A TIME_WAIT that goes on answering long after a RST was not ended by it: the host ignores them there, or that RST was
 * lost. What it had sent before it got the RST comes soon after.
 */
static inline bool time_wait_outlived(const struct evidence *e)
{
	return yes(e, FACT_RECEIVER_TIME_WAIT) && yes(e, FACT_ANSWERS_ACK) && yes(e, FACT_EARLIER_RST_BY_SENDER) &&
	       e->facts[FACT_ANSWERS_ACK].time_ns - e->facts[FACT_EARLIER_RST_BY_SENDER].time_ns > IN_FLIGHT_MAX_NS;
}

static inline bool sender_closed(const struct evidence *e)
{
	return yes(e, FACT_SENDER_FIN) || yes(e, FACT_SENDER_FIN_IMPLIED);
}

static inline bool says_mptcp(const struct evidence *e)
{
	return yes(e, FACT_MP_FASTCLOSE) || yes(e, FACT_MP_TCPRST_REASON) || yes(e, FACT_KERNEL_SUBFLOW) ||
	       yes(e, FACT_KERNEL_MPTCP_CLOSE);
}

/* A NetScaler tells in the window why; no endpoint made this RST. */
static inline bool says_box(const struct evidence *e)
{
	return yes(e, FACT_NETSCALER_CODE) || yes(e, FACT_PEER_RESET_RELAYED) || yes(e, FACT_BOX_SAYS_EXPIRED);
}

/* A side that sent probes or data again and again had a dead peer, not a wish to abort. */
static inline bool peer_was_dead(const struct evidence *e)
{
	return number(e, FACT_SENDER_PROBES) >= DEAD_PROBES || number(e, FACT_SENDER_RETRANSMITS) >= DEAD_RETRANSMITS;
}

/*
 * It probed, or sent again what it need not, just before: it may have heard nothing, though a capture near its peer
 * shows the answers.
 */
static inline bool may_have_been_deaf(const struct evidence *e)
{
	/* Where nothing of it was captured, nobody knows what it sent last. */
	if (yes(e, FACT_START_MISSING) && no(e, FACT_SENDER_SEEN))
		return true;
	return number(e, FACT_SENDER_PROBES) || number(e, FACT_SENDER_PROBES_ANSWERED) ||
	       number(e, FACT_SENDER_REPEATED_ACKED) >= DEAD_RETRANSMITS;
}

static inline bool idle_for(const struct evidence *e, int64_t ns)
{
	return number(e, FACT_IDLE_BEFORE) >= (uint64_t)ns;
}

/* Several captures: somebody between two of them made it, and kept back what it answers. */
static inline bool answered_on_the_way(const struct evidence *e)
{
	return yes(e, FACT_NOT_SENT) && yes(e, FACT_TRIGGER_STOPPED) && !yes(e, FACT_LOOPBACK_ONLY);
}

/* … unless the capture near its sender lost a burst of packets: the segment, and the RST that answers it. */
static inline bool may_be_missed(const struct evidence *e)
{
	return !yes(e, FACT_NOTHING_DROPPED) && !yes(e, FACT_SENDER_STAYED) && number(e, FACT_MADE_ON_THE_WAY) <= 1;
}

/*
 * … or made it, and let everything pass. That the capture near the sender merely missed it is out of the question where
 * the sender went on, or several are missing.
 */
static inline bool forged_on_the_way(const struct evidence *e)
{
	return yes(e, FACT_NOT_SENT) && !yes(e, FACT_TRIGGER_STOPPED) && !yes(e, FACT_LOOPBACK_ONLY) &&
	       !idle_for(e, IDLE_BOX_NS) && (yes(e, FACT_SENDER_STAYED) || number(e, FACT_MADE_ON_THE_WAY) > 1);
}

/* A keepalive timer that is set to seconds; the default is two hours. */
#define TIMER_IDLE_NS (2 * NS_PER_S)

/*
 * The kernel that sent it was looked at, and does not say whether it was a timer's; or it was not, and that of the
 * receiver does not count probes.
 */
static inline bool may_have_been_timer(const struct evidence *e)
{
	if (fact_in(&e->from_kernel, FACT_SHAPE_ACTIVE) && !yes(e, FACT_KERNEL_SENT) && idle_for(e, TIMER_IDLE_NS))
		return true;
	return yes(e, FACT_KERNEL_SENT) && !yes(e, FACT_KERNEL_KEEPALIVE) && !no(e, FACT_KERNEL_KEEPALIVE);
}

/* A socket that knew the connection ended it: what abort and all its refinements need. */
static inline bool aborted(const struct evidence *e)
{
	return yes(e, FACT_SHAPE_ACTIVE) && !yes(e, FACT_ANSWERS_SYN) && !yes(e, FACT_EARLIER_RST_BY_SENDER) &&
	       !says_mptcp(e) && !says_box(e) && !yes(e, FACT_BOX_SAYS_REFUSED) && !peer_was_dead(e) &&
	       !yes(e, FACT_BOTH_CLOSED) && !yes(e, FACT_KERNEL_KEEPALIVE) && !yes(e, FACT_LOOPBACK_ONLY);
}

/* A SYN met a RST, and its host had not answered otherwise. */
static inline bool refused_syn(const struct evidence *e)
{
	return yes(e, FACT_ANSWERS_SYN) && !yes(e, FACT_SENDER_SEEN) && !yes(e, FACT_SENDER_WENT_ON) &&
	       !yes(e, FACT_LOOPBACK_ONLY) && !yes(e, FACT_OLD_HANDSHAKE_OPEN) && !says_mptcp(e);
}

/* As far as anybody saw, the handshake was not finished. */
static inline bool may_be_opening(const struct evidence *e)
{
	return yes(e, FACT_HANDSHAKE_OPEN) || (no(e, FACT_HANDSHAKE_SEEN) && !no(e, FACT_HANDSHAKE_OPEN));
}

/* A segment of a running conversation met somebody who did not know it. */
static inline bool met_stranger(const struct evidence *e)
{
	return yes(e, FACT_SHAPE_PASSIVE) && yes(e, FACT_RST_BARE) && yes(e, FACT_SENDER_SEEN) && !sender_closed(e) &&
	       !reset_before(e) && !may_be_opening(e) && !yes(e, FACT_ANSWERS_HANDSHAKE_ACK) &&
	       !yes(e, FACT_ANSWERS_SYN_ACK) && !yes(e, FACT_SYN_ACK_REPEATS) && !says_box(e) && !says_mptcp(e) &&
	       !yes(e, FACT_LOOPBACK_ONLY) && !yes(e, FACT_RST_UNSIGNED);
}

/* A segment out of nothing met somebody who did not know the connection; all before it passed elsewhere, if at all. */
static inline bool came_from_nowhere(const struct evidence *e)
{
	return yes(e, FACT_ANSWERS_FIRST_SEGMENT) && yes(e, FACT_SHAPE_PASSIVE) && yes(e, FACT_RST_BARE) &&
	       !yes(e, FACT_ANSWERS_SYN_ACK) && !reset_before(e) && !yes(e, FACT_LOOPBACK_ONLY) &&
	       !yes(e, FACT_LEAKED_TWIN) && !yes(e, FACT_ANSWERS_ODD_FLAGS);
}

static inline bool younger_than(const struct evidence *e, int64_t ns)
{
	return yes(e, FACT_AGE) && number(e, FACT_AGE) < (uint64_t)ns;
}

/* By what the kernel of the receiver of the RST counts: nobody had sent a byte. */
static inline bool only_shook_hands(const struct evidence *e)
{
	return yes(e, FACT_KERNEL_RECEIVER_ALONE) && no(e, FACT_RECEIVER_DATA) && no(e, FACT_SENDER_DATA) &&
	       younger_than(e, REFUSED_AGE_NS);
}

/*
 * What came first after a handshake met a server that has no connection for it: the ACK that finished it, or the data
 * behind it where the ACK was lost, or the server waits for data before it accepts (TCP_DEFER_ACCEPT). A SYN-ACK that
 * was repeated tells of a queue that had been full all the time: accept-queue-ghost.
 */
static inline bool met_nobody_behind_handshake(const struct evidence *e)
{
	return (yes(e, FACT_ANSWERS_HANDSHAKE_ACK) || only_shook_hands(e) ||
	        (yes(e, FACT_ANSWERS_DATA) && yes(e, FACT_RECEIVER_DATA_NEVER_ACKED))) &&
	       yes(e, FACT_SHAPE_PASSIVE) && !yes(e, FACT_ANSWERS_WRONG_ACK) && !yes(e, FACT_SYN_ACK_REPEATS) &&
	       !reset_before(e) && no(e, FACT_SENDER_IS_INITIATOR) && !sender_closed(e) && !says_mptcp(e) && !says_box(e) &&
	       !yes(e, FACT_LOOPBACK_ONLY);
}

/* The network layer says that a kernel without a socket made the RST, not a firewall. */
static inline bool made_by_kernel(const struct evidence *e)
{
	return yes(e, FACT_CLASS_COPIED) || yes(e, FACT_LABEL_FRESH);
}

/* … or the other way round. */
static inline bool made_by_firewall(const struct evidence *e)
{
	return yes(e, FACT_CLASS_DROPPED) || yes(e, FACT_LABEL_ZERO);
}

/* An own SYN was answered by something that is no answer to it. */
static inline bool connect_met_old_state(const struct evidence *e)
{
	return yes(e, FACT_ANSWERS_CHALLENGE) && yes(e, FACT_RST_BARE) && !yes(e, FACT_FAKE_SEGMENT);
}

/* The box that shook hands, not the host behind it that sent the data, reset a connection that had been idle. */
static inline bool box_expired(const struct evidence *e)
{
	return yes(e, FACT_HOPS_LIKE_HANDSHAKE) && idle_for(e, IDLE_BOX_NS);
}

/* Numbers that fit an abort, but also what some stacks answer to late data; what came before was not captured. */
static inline bool may_be_late_answer(const struct evidence *e)
{
	return yes(e, FACT_START_MISSING) && (yes(e, FACT_ANSWERS_DATA) || yes(e, FACT_ANSWERS_FIN)) &&
	       no(e, FACT_RST_TIMESTAMP);
}

#endif
