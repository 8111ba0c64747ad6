#include <errno.h>

#include "base/clock.h"
#include "base/sequence.h"
#include "live/filling.h"

#define TIME_WAIT_NS (60 * NS_PER_S) /* TCP_TIMEWAIT_LEN */
/* See pair_goodbye(): where events are missing, that RST may be among them. */
#define RST_FOLLOWS_NS (10 * NS_PER_MS)

/* A socket that connects resets for nothing but an ACK that it cannot take: tcp_rcv_synsent_state_process(). */
static bool rejects_ack(const struct filling *filling)
{
	return filling->reason == REASON_INVALID_ACK ||
	       (filling->reason == REASON_NONE && filling->record->state == STATE_SYN_SENT);
}

/* The segment that a RST answers, by its flags. */
static void fill_trigger(struct filling *filling)
{
	const struct live_segment *t = &filling->record->segment;
	bool ack = t->flags & TCP_ACK, syn = t->flags & TCP_SYN;

	decide(filling, FACT_RST_BARE, ack);
	decide(filling, FACT_RST_ACK_FLAG, !ack);
	decide(filling, FACT_ANSWERS_SYN, syn && !ack);
	decide(filling, FACT_ANSWERS_SYN_ACK, syn && ack && !rejects_ack(filling));
	if (!ack && !syn)
		say(filling, FACT_ANSWERS_ODD_FLAGS);
	if (syn)
		return;
	count(filling, FACT_ANSWERS_DATA, t->payload);
	decide(filling, FACT_ANSWERS_FIN, t->flags & TCP_FIN);
	decide(filling, FACT_ANSWERS_ACK, ack && !t->payload && !(t->flags & TCP_FIN));
}

/* What another processor did while the event began is not in the future. */
static uint64_t since(const struct live_record *record, uint64_t then_ns)
{
	return record->time_ns > then_ns ? record->time_ns - then_ns : 0;
}

/* What this host remembers of a connection that it has no more. */
static void fill_past(struct filling *filling)
{
	const struct live_record *record = filling->record;
	const struct live_past *past = &record->sender_past;

	say(filling, FACT_SENDER_SEEN);
	say(filling, FACT_SENDER_KNEW);
	if (past->opened != LIVE_OPENED_UNKNOWN)
		decide(filling, FACT_SENDER_IS_INITIATOR, past->opened == LIVE_OPENED_HERE);
	if (past->reset == 1)
		say(filling, FACT_EARLIER_RST_BY_SENDER);
	if (past->reset == 2)
		say(filling, FACT_EARLIER_RST_BY_RECEIVER);
	if (past->end_ns) {
		/* tcp_write_err() reports what ICMP or the neighbour had said before, where that is known. */
		bool gave_up = past->error == ETIMEDOUT || past->error == EHOSTUNREACH || past->error == ENETUNREACH;

		decide(filling, FACT_KERNEL_GAVE_UP, false);
		if (gave_up)
			say_number(filling, FACT_KERNEL_GAVE_UP, since(record, past->end_ns));
		else if (!past->fin_ns && !had_closed(past->last) && !past->reset &&
		         (!past->error || past->error == ECONNABORTED) &&
		         (filling->context->complete || since(record, past->end_ns) >= RST_FOLLOWS_NS))
			say_number(filling, FACT_KERNEL_VANISHED, since(record, past->end_ns));
	}
	if (past->end_ns && past->fin_ns && !past->reset && !past->error && past->last == STATE_LAST_ACK)
		say(filling, FACT_BOTH_CLOSED);
	if (past->last == STATE_SYN_SENT && past->opened == LIVE_OPENED_HERE) {
		say(filling, FACT_SYN_SEEN);
		decide(filling, FACT_SYN_SCANTY, false);
		decide(filling, FACT_HANDSHAKE_SEEN, false);
	}
	/* When it closed may be forgotten, its states are not. */
	if (past->fin_ns || had_closed(past->last))
		say(filling, FACT_SENDER_FIN);
	if (!past->fin_ns)
		return;
	say_number(filling, FACT_FIN_TO_RST, since(record, past->fin_ns));
	if (record->has_segment && record->segment.flags & TCP_ACK) {
		bool after = record->segment.ack == past->fin_end;

		decide(filling, FACT_ANSWERS_AFTER_ACK_OF_FIN, after);
		decide(filling, FACT_ANSWERS_BEFORE_ACK_OF_FIN, seq_before(record->segment.ack, past->fin_end));
		if (after)
			say(filling, FACT_SENDER_FIN_ACKED);
	}
}

/* Whether an end of the sender that began since then would be remembered. */
static bool forgot_nothing_since(const struct filling *filling, uint64_t born_ns)
{
	const struct live_record *record = filling->record;
	int64_t ago = (int64_t)(record->time_ns - born_ns);

	return record->forgot_ticks == LIVE_NEVER || ago < ((int64_t)record->forgot_ticks - 1) * filling->context->tick_ns;
}

/* A SYN, or another segment that is not of the handshake, met a listener that had closed. */
static void fill_listener(struct filling *filling)
{
	const struct live_record *record = filling->record;
	uint64_t born = filling->receiver ? filling->receiver->born_ns : record->receiver_past.born_ns;
	bool closed = !record->state && record->has_listener && record->listener.closed_ns;
	bool waits = closed && !(record->segment.flags & TCP_SYN) && !record->has_sender_past;

	if (closed && (record->segment.flags & TCP_SYN || !record->has_sender_past))
		say_number(filling, FACT_KERNEL_LISTENED, since(record, record->listener.closed_ns));
	/* Its side of the connection was never more than a request in the queue; the other side knows since when. */
	if (!waits || (born && forgot_nothing_since(filling, born)))
		decide(filling, FACT_KERNEL_LISTENER_CLOSED, waits && born < record->listener.closed_ns);
}

/* The reasons that say which step of the protocol failed. */
static void fill_passive_reason(struct filling *filling)
{
	const struct live_record *record = filling->record;
	bool to_listener = record->state == STATE_LISTEN, syn = record->segment.flags & TCP_SYN;
	bool held = filling->sender && filling->sender->held && had_closed(filling->sender_state) &&
	            !(record->has_sender_past && live_was_closed(&record->sender_past));

	/* A listener answers for its queue, and for what belongs to no connection: without a reason nobody can tell. */
	if (!to_listener || filling->reason != REASON_NONE) {
		decide(filling, FACT_KERNEL_NO_SOCKET, !record->state || (to_listener && filling->reason == REASON_FLAGS));
		decide(filling, FACT_KERNEL_TO_LISTENER, to_listener && filling->reason == REASON_FLAGS);
		decide(filling, FACT_KERNEL_QUEUE_OVERFLOW, filling->reason == REASON_INVALID_SYN && !syn);
	}
	decide(filling, FACT_KERNEL_SHUTDOWN, held && record->segment.payload);
	decide(filling, FACT_KERNEL_LINGER2, filling->sender && filling->sender->linger2 < 0 && !filling->sender->held &&
	                                     had_closed(filling->sender_state) && !record->segment.payload);
	if (filling->reason == REASON_INVALID_SYN && syn)
		say(filling, FACT_OLD_HANDSHAKE_OPEN);
	if (rejects_ack(filling)) {
		say(filling, FACT_HANDSHAKE_OPEN);
		say(filling, syn ? FACT_ANSWERS_WRONG_ACK : FACT_ANSWERS_CHALLENGE);
	}
	if (filling->reason == REASON_MPTCP)
		say(filling, FACT_KERNEL_SUBFLOW);
	if (record->synacks)
		say_number(filling, FACT_SYN_ACK_REPEATS, record->synacks);
	fill_listener(filling);
}

/* It had closed first, and the other side, too: what is left of it is TIME_WAIT. */
static bool is_time_wait(const struct live_record *record, const struct live_past *past)
{
	bool first = past->last == STATE_FIN_WAIT2 || past->last == STATE_CLOSING;

	return past->end_ns && past->fin_ns && !past->reset && first && since(record, past->end_ns) < TIME_WAIT_NS;
}

/* What is left at the receiver of the connection, or of an older one with the same ports. */
static void fill_receiver_past(struct filling *filling)
{
	const struct live_record *record = filling->record;
	const struct live_past *receiver = &record->receiver_past, *sender = &record->sender_past;
	bool waits = is_time_wait(record, receiver);

	if (filling->sender && filling->sender_state == STATE_SYN_SENT) {
		say(filling, FACT_SYN_AGAIN);
		decide(filling, FACT_OLD_CONNECTION, receiver->state != STATE_CLOSE && receiver->state != STATE_SYN_SENT);
		decide(filling, FACT_OLD_TIME_WAIT, waits);
		return;
	}
	if (!waits || filling->receiver || !record->has_sender_past || !sender->end_ns || !sender->fin_ns || sender->reset)
		return;
	say(filling, FACT_RECEIVER_TIME_WAIT);
	say(filling, FACT_BOTH_CLOSED);
}

void fill_passive(struct filling *filling)
{
	const struct live_record *record = filling->record;

	say(filling, FACT_SHAPE_PASSIVE);
	decide(filling, FACT_SHAPE_ACTIVE, false);
	if (record->has_segment)
		fill_trigger(filling);
	fill_passive_reason(filling);
	if (record->state == STATE_TIME_WAIT) {
		say(filling, FACT_SENDER_FIN);
		say(filling, FACT_SENDER_SEEN);
		say(filling, FACT_SENDER_KNEW);
	}
	if (record->has_sender_past)
		fill_past(filling);
	if (record->has_receiver_past)
		fill_receiver_past(filling);
	if (filling->receiver && had_shaken_hands(filling->receiver_state) && unsent_bytes(filling->receiver))
		decide(filling, FACT_RECEIVER_DATA_NEVER_ACKED, !bytes_acked(filling->receiver));
	/* The other end has been in this conversation: there was somebody to talk to. */
	if (!record->has_sender_past && filling->receiver && had_shaken_hands(filling->receiver_state))
		say(filling, FACT_SENDER_SEEN);
	else if (!record->has_sender_past && !filling->receiver && !filling->sender && record->state != STATE_TIME_WAIT &&
	         (record->segment.flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		say(filling, FACT_ANSWERS_FIRST_SEGMENT);
}
