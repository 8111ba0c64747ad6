#include <string.h>

#include "base/clock.h"
#include "base/sequence.h"
#include "live/filling.h"

#define REJECT_NS (2 * NS_PER_MS) /* between the drop of a segment and the RST that netfilter sends for it */
#define HELD_UP_NS NS_PER_S       /* the same on a host that is busy */
#define SENT_AGAIN_NS (120 * NS_PER_S) /* TCP_RTO_MAX: within it what was dropped silently is sent again */

/*
 * Whether the end that is taken for the sender's is the other end of this connection: it began where the receiver began
 * to count. A transparent proxy has two connections whose addresses and ports are the same.
 */
static bool is_other_end(const struct live_past *past, const struct live_socket *r)
{
	return past->counted && r && past->first == r->rcv_nxt - (uint32_t)r->bytes_received;
}

/* Only an end that is open would have to know; what is over may be another's by now. */
static bool is_open(const struct live_past *past)
{
	return past->state != STATE_CLOSE && !past->fin_ns;
}

/* Whether netfilter of this host sent the RST. */
enum rejection { REJECTION_NO, REJECTION_PERHAPS, REJECTION_YES };

/* What is remembered there is a segment of the receiver. */
static bool is_own(const struct live_dropped *dropped, const struct live_tuple *receiver)
{
	const struct live_tuple *sender = &dropped->sender;

	return sender->version == receiver->version && sender->local_port == receiver->local_port &&
	       sender->remote_port == receiver->remote_port &&
	       memcmp(sender->local, receiver->local, sizeof sender->local) == 0 &&
	       memcmp(sender->remote, receiver->remote, sizeof sender->remote) == 0;
}

/* Whether that was dropped so shortly before, in this connection, that it may be what was sent again. 0: nothing. */
static bool may_be_before(const struct live_record *record, uint64_t time_ns, const struct live_socket *r)
{
	return time_ns && (int64_t)(record->time_ns - time_ns) < SENT_AGAIN_NS && !(r && r->born_ns && time_ns < r->born_ns);
}

/*
 * A REJECT drops a segment, and resets at once; a RST with options is none of netfilter's. What drops silently drops
 * segment after segment: where there was one before, it may be that, and another's RST, or two segments that were sent
 * at once. Where others' segments took the place of what may have been it, nobody knows.
 */
static enum rejection rejection_of(const struct filling *filling)
{
	const struct live_record *record = filling->record;
	const struct live_socket *r = filling->receiver;
	const struct live_dropped *dropped = &record->dropped;
	const struct live_drop *drop = &dropped->drop;
	uint64_t earliest = record->time_ns > HELD_UP_NS ? record->time_ns - HELD_UP_NS : 0;
	int64_t since = (int64_t)(record->time_ns - drop->time_ns);

	if (!drop->time_ns || (r && r->timestamps && r->saw_timestamp))
		return REJECTION_NO;
	if (dropped->seal != live_dropped_seal(dropped))
		return drop->time_ns >= earliest ? REJECTION_PERHAPS : REJECTION_NO;
	if (!is_own(dropped, &record->receiver.tuple) ||
	    (filling->context->netns && drop->netns != filling->context->netns))
		return drop->forgot_ns >= earliest ? REJECTION_PERHAPS : REJECTION_NO;
	if (since < -REJECT_NS)
		return drop->before_ns >= earliest || drop->forgot_ns >= earliest ? REJECTION_PERHAPS : REJECTION_NO;
	if (since > HELD_UP_NS)
		return REJECTION_NO;
	return since > REJECT_NS || may_be_before(record, drop->before_ns, r) || may_be_before(record, drop->forgot_ns, r)
	       ? REJECTION_PERHAPS : REJECTION_YES;
}

/* Nobody here sent it, though this host would know. */
static void fill_foreign(struct filling *filling, enum rejection rejection)
{
	const struct live_record *record = filling->record;
	const struct live_socket *r = filling->receiver;
	const struct live_past *past = &record->sender_past;

	/*
	 * Within one namespace nobody looks at what is sent elsewhere. Of a RST that was ignored no socket is told, and then
	 * what the receiver remembers has to do.
	 */
	if (record->has_sender_past && is_open(past) && !past->rst_ns && !past->partial && filling->context->complete &&
	    !filling->context->netns && filling->context->sees_no_socket)
		say(filling, is_other_end(past, r) ? FACT_KERNEL_SILENT : FACT_KERNEL_SILENT_PERHAPS);
	if (!filling->context->sees_drops || rejection == REJECTION_PERHAPS ||
	    (rejection == REJECTION_NO && !record->has_sender_past))
		return;
	decide(filling, FACT_KERNEL_REJECTED, rejection == REJECTION_YES);
	decide(filling, FACT_KERNEL_REJECTED_OUT, rejection == REJECTION_YES && record->dropped.drop.out);
}

/* Its receiver went on. */
void fill_ignored(struct filling *filling)
{
	struct evidence *e = filling->e;

	e->accepted = ACCEPTANCE_NO;
	e->part = PART_IGNORED;
	say(filling, FACT_RECEIVER_WENT_ON);
	/* A handshake is no socket yet: its listener answers for it. */
	if (filling->record->receiver.has_socket && filling->record->receiver.socket.state == STATE_LISTEN)
		say(filling, FACT_HANDSHAKE_OPEN);
	if (filling->record->ignored == LIVE_IGNORED_WINDOW)
		say(filling, FACT_KERNEL_OUT_OF_WINDOW);
	if (filling->record->ignored == LIVE_IGNORED_CHALLENGE)
		say(filling, FACT_RECEIVER_CHALLENGED);
	if (filling->record->ignored == LIVE_IGNORED_UNSIGNED) {
		say(filling, FACT_SIGNATURE_IN_USE);
		say(filling, FACT_RST_UNSIGNED);
	}
}

/* A RST of which only the receiver is here. Its timestamp option tells a socket's RST from the answer of none. */
void fill_received_only(struct filling *filling)
{
	const struct live_socket *r = filling->receiver;
	enum rejection rejection = rejection_of(filling);
	uint32_t since;

	fill_foreign(filling, rejection);
	if (!filling->record->has_sender_past && rejection != REJECTION_YES)
		say(filling, FACT_KERNEL_RECEIVER_ALONE);
	if (!r || filling->record->ignored)
		return;
	since = r->snd_nxt - r->snd_nxt_then;
	if (filling->receiver_state == STATE_SYN_SENT) {
		say(filling, FACT_ANSWERS_SYN);
		say(filling, FACT_RST_ACK_FLAG);
		decide(filling, FACT_SENDER_SEEN, false);
		return;
	}
	say(filling, FACT_SENDER_SEEN);
	say(filling, FACT_SENDER_KNEW);
	if (r->mptcp)
		say(filling, FACT_MPTCP_IN_USE);
	if (had_shaken_hands(filling->receiver_state) && unsent_bytes(r))
		decide(filling, FACT_RECEIVER_DATA_NEVER_ACKED, !bytes_acked(r));
	/* Of MPTCP it may be a subflow alone that ends, or all: its options would tell, and nobody sees them. */
	if (r->timestamps && !r->mptcp && filling->receiver_state != STATE_SYN_RECV) {
		decide(filling, FACT_SHAPE_ACTIVE, r->saw_timestamp);
		decide(filling, FACT_SHAPE_PASSIVE, !r->saw_timestamp);
		decide(filling, FACT_RST_BARE, !r->saw_timestamp);
		decide(filling, FACT_RST_TIMESTAMP, r->saw_timestamp);
	}
	if (r->saw_timestamp && r->timestamps)
		return;
	/* All of it was sent after the FIN had come, and none of it was taken. */
	if (filling->receiver_state == STATE_CLOSE_WAIT && r->remembered && since && no(filling->e, FACT_SHAPE_ACTIVE) &&
	    !seq_before(r->snd_una, r->snd_nxt_then)) {
		say_number(filling, FACT_ANSWERS_DATA, since);
		say(filling, FACT_ANSWERS_AFTER_ACK_OF_FIN);
	} else if (unsent_bytes(r)) {
		say_number(filling, FACT_ANSWERS_DATA, unsent_bytes(r));
	}
}
