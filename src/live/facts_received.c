#include "base/clock.h"
#include "live/filling.h"

#define REJECT_NS (10 * NS_PER_MS) /* between the drop of a segment and the RST that netfilter sends for it */

/* Nobody here sent it, though this host would know. */
static void fill_foreign(struct filling *filling)
{
	const struct live_record *record = filling->record;
	int64_t since = record->has_drop ? (int64_t)(record->time_ns - record->drop.time_ns) : INT64_MAX;
	bool rejected = since > -REJECT_NS && since < REJECT_NS;

	/* Only an end that is open would have to know; what is over may be another's by now. */
	bool open = record->has_sender_past && record->sender_past.state != STATE_CLOSE && !record->sender_past.fin_ns;

	if (open && !record->sender_past.rst_ns && filling->context->complete &&
	    filling->context->sees_no_socket)
		say(filling, FACT_KERNEL_SILENT);
	if (!filling->context->sees_drops)
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
	if (!r)
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
	/* Of MPTCP it may be a subflow alone that ends, or all: its options would tell, and nobody sees them. */
	if (r->timestamps && !r->mptcp) {
		decide(filling, FACT_SHAPE_ACTIVE, r->saw_timestamp);
		decide(filling, FACT_SHAPE_PASSIVE, !r->saw_timestamp);
		decide(filling, FACT_RST_BARE, !r->saw_timestamp);
		decide(filling, FACT_RST_TIMESTAMP, r->saw_timestamp);
	}
	if (r->saw_timestamp && r->timestamps)
		return;
	if (filling->receiver_state == STATE_CLOSE_WAIT && r->changed_ns && since) {
		say_number(filling, FACT_ANSWERS_DATA, since);
		say(filling, FACT_ANSWERS_AFTER_ACK_OF_FIN);
	} else if (unsent_bytes(r)) {
		say_number(filling, FACT_ANSWERS_DATA, unsent_bytes(r));
	}
}
