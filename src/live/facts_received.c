#include "base/clock.h"
#include "base/sequence.h"
#include "live/filling.h"

#define REJECT_NS (2 * NS_PER_MS) /* between the drop of a segment and the RST that netfilter sends for it */
#define HELD_UP_NS NS_PER_S       /* the same on a host that is busy */

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

/*
 * A REJECT drops one segment, and resets within `most_ns`. What drops segment after segment of a connection does not,
 * and a RST with options is none of netfilter's.
 */
static bool is_rejected(const struct live_record *record, const struct live_socket *r, int64_t most_ns)
{
	int64_t since = (int64_t)(record->time_ns - record->drop.time_ns);

	if (!record->has_drop || since < -REJECT_NS || since > most_ns || (r && r->timestamps && r->saw_timestamp))
		return false;
	return !record->drop.before_ns || (r && r->born_ns && record->drop.before_ns < r->born_ns);
}

/* Nobody here sent it, though this host would know. */
static void fill_foreign(struct filling *filling)
{
	const struct live_record *record = filling->record;
	const struct live_socket *r = filling->receiver;
	const struct live_past *past = &record->sender_past;
	bool rejected = is_rejected(record, r, REJECT_NS);

	/* Of a RST that was ignored no socket is told, and then what the receiver remembers has to do. */
	if (record->has_sender_past && is_open(past) && !past->rst_ns && !past->partial && filling->context->complete &&
	    filling->context->sees_no_socket)
		say(filling, is_other_end(past, r) ? FACT_KERNEL_SILENT : FACT_KERNEL_SILENT_PERHAPS);
	if (!filling->context->sees_drops || !(rejected || record->has_sender_past) ||
	    (!rejected && is_rejected(record, r, HELD_UP_NS)))
		return;
	decide(filling, FACT_KERNEL_REJECTED, rejected);
	decide(filling, FACT_KERNEL_REJECTED_OUT, rejected && record->drop.out);
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
	uint32_t since;

	fill_foreign(filling);
	if (!filling->record->has_sender_past && !is_rejected(filling->record, r, REJECT_NS))
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
