#include "live/facts.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/sequence.h"
#include "live/filling.h"
#include "live/pairing.h"

#define FIN_WAIT2_MIN_NS (5 * NS_PER_S)

/* close() shuts down both directions before anything else; connect(AF_UNSPEC) leaves them as they are. */
static bool is_closing(const struct filling *filling)
{
	return filling->sender->shutdown == 3 || filling->record->sender.process.exiting;
}

/*
 * A socket that lives resets for a timer or for tcp_abort(). Which of them, the error tells that follows; a keepalive
 * timer has sent probes. Of an orphan nobody can say: it may have been one too many.
 */
static enum live_reason living_reason(const struct live_socket *s, int error)
{
	if (s->state == STATE_FIN_WAIT2 && !s->held)
		return REASON_STATE;
	if (error == ECONNABORTED || (!s->probes && (s->held || !had_closed(s->state))))
		return REASON_STATE;
	return error == ETIMEDOUT && s->held ? REASON_KEEPALIVE : REASON_NONE;
}

/*
 * Before Linux 6.12 no reason is given for a RST that a socket sends by itself, but each of the few functions that send
 * one leaves the socket in a state of its own. Not for MPTCP, which has more ways.
 */
static enum live_reason derived_reason(const struct live_socket *s, bool closing, int error)
{
	uint8_t before = state_before(s);

	if (s->mptcp)
		return REASON_NONE;
	if (s->state != STATE_CLOSE)
		return living_reason(s, s->error ? s->error : error);
	if (s->held)
		return closing && unread_bytes(s) ? REASON_ABORT_ON_CLOSE : REASON_STATE;
	/* __tcp_close() has shut down what it gives up as an orphan; inet_child_forget() has not. */
	if (!had_closed(before))
		return REASON_STATE;
	return before == STATE_FIN_WAIT2 && s->linger2 < 0 ? REASON_ABORT_ON_LINGER : REASON_ABORT_ON_MEMORY;
}

bool facts_is_timer(const struct live_event *event, const struct reasons *reasons)
{
	enum live_reason reason = reasons_get(reasons, event->reason);

	if (reason == REASON_NONE && event->socket.state != STATE_CLOSE)
		return derived_reason(&event->socket, false, 0) != REASON_STATE;
	return reason == REASON_KEEPALIVE || reason == REASON_ABORT_ON_MEMORY;
}

/* It lived, and nobody can say more: no program had closed it. */
static void fill_unexplained(struct filling *filling)
{
	static const enum fact excluded[] = {
		FACT_KERNEL_UNREAD, FACT_KERNEL_LINGER_ZERO, FACT_KERNEL_EXIT, FACT_KERNEL_DISCONNECT,
		FACT_KERNEL_LISTENER_CLOSED, FACT_KERNEL_QUEUE_OVERFLOW, FACT_KERNEL_LINGER2, FACT_KERNEL_SHUTDOWN,
	};

	if (filling->sender->mptcp)
		return;
	for (size_t i = 0; i < sizeof excluded / sizeof *excluded; i++)
		decide(filling, excluded[i], false);
}

/*
 * Orphans in FIN_WAIT2 may be destroyed from outside, too: before their time, which is seconds at least. That state
 * began with an ACK: the last that came, or one before it.
 */
static bool is_over(const struct filling *filling, const struct live_socket *s)
{
	return (s->now_ticks - s->acked_ticks) * filling->context->tick_ns >= FIN_WAIT2_MIN_NS;
}

/* What the kernel did and for whom, of a RST that a socket sent by itself. */
static void fill_abort(struct filling *filling)
{
	const struct live_socket *s = filling->sender;
	const struct live_record *record = filling->record;
	bool known = filling->reason != REASON_NONE;
	enum live_reason reason = known ? filling->reason
	                                : derived_reason(s, is_closing(filling), record->sender.error);
	bool going = s->state == STATE_CLOSE, thrown = reason == REASON_STATE;
	bool unread = reason == REASON_ABORT_ON_CLOSE;
	bool subflow = s->mptcp && !unread;
	bool orphan_timer = thrown && !going && s->state == STATE_FIN_WAIT2 && !s->held;
	bool linger = thrown && going && s->held && is_closing(filling) && s->lingers && !s->linger_ticks && !unread;

	if (reason == REASON_NONE) {
		fill_unexplained(filling);
		return;
	}
	if (unread && !s->mptcp)
		say_number(filling, FACT_KERNEL_UNREAD, unread_bytes(s));
	else
		decide(filling, FACT_KERNEL_UNREAD, false);
	decide(filling, FACT_KERNEL_LINGER_ZERO, linger);
	decide(filling, FACT_KERNEL_EXIT, record->sender.process.exiting && record->sender.act == ACT_EXIT);
	decide(filling, FACT_KERNEL_DISCONNECT, (thrown && going && s->held && !is_closing(filling) && !unread) ||
	       (s->mptcp && unread && record->sender.act == ACT_DISCONNECT));
	if (!orphan_timer || is_over(filling, s)) {
		decide(filling, FACT_KERNEL_DESTROYED, thrown && !going && !orphan_timer && !subflow);
		decide(filling, FACT_KERNEL_FIN_WAIT2, orphan_timer);
		decide(filling, FACT_KERNEL_KEEPALIVE, reason == REASON_KEEPALIVE);
	}
	decide(filling, FACT_KERNEL_SUBFLOW, subflow);
	decide(filling, FACT_KERNEL_LISTENER_CLOSED, thrown && going && !s->held);
	decide(filling, FACT_KERNEL_QUEUE_OVERFLOW, false);
	decide(filling, FACT_KERNEL_LINGER2, reason == REASON_ABORT_ON_LINGER);
	decide(filling, FACT_KERNEL_SHUTDOWN, false);
	decide(filling, FACT_KERNEL_MEMORY, reason == REASON_ABORT_ON_MEMORY);
	/* Whatever ends an MPTCP connection as a whole gives this reason. */
	if (s->mptcp && reason == REASON_ABORT_ON_CLOSE && record->sender.act != ACT_DISCONNECT)
		say(filling, FACT_KERNEL_MPTCP_CLOSE);
}

/* The conversation, by one of its two sockets. */
static void fill_conversation(struct filling *filling, const struct live_socket *s, bool is_sender)
{
	uint8_t state = is_sender ? filling->sender_state : filling->receiver_state;
	int64_t idle = idle_ns(filling, s);

	decide(filling, FACT_HANDSHAKE_SEEN, had_shaken_hands(state));
	decide(filling, FACT_HANDSHAKE_OPEN, state == STATE_SYN_SENT || state == STATE_SYN_RECV);
	if (s->opened != LIVE_OPENED_UNKNOWN)
		decide(filling, FACT_SENDER_IS_INITIATOR, (s->opened == LIVE_OPENED_HERE) == is_sender);
	if (state != STATE_SYN_SENT) {
		count(filling, is_sender ? FACT_SENDER_DATA : FACT_RECEIVER_DATA, bytes_acked(s) + unsent_bytes(s));
		count(filling, is_sender ? FACT_RECEIVER_DATA : FACT_SENDER_DATA, bytes_received(s));
		count(filling, is_sender ? FACT_SENDER_UNACKED : FACT_RECEIVER_UNACKED, unsent_bytes(s));
	}
	if (s->born_ns && filling->record->time_ns > s->born_ns) {
		say_number(filling, FACT_AGE, filling->record->time_ns - s->born_ns);
		say(filling, FACT_SYN_SEEN);
	}
	if (idle > 0 && had_shaken_hands(state))
		say_number(filling, FACT_IDLE_BEFORE, (uint64_t)idle);
}

static void fill_ends_closed(struct filling *filling)
{
	uint8_t s = filling->sender_state, r = filling->receiver_state;

	if (s)
		decide(filling, FACT_SENDER_FIN, had_closed(s));
	else if (peer_had_closed(r))
		say(filling, FACT_SENDER_FIN);
	if (s == STATE_FIN_WAIT2 || s == STATE_TIME_WAIT || (!s && peer_had_closed(r)))
		say(filling, FACT_SENDER_FIN_ACKED);
	if (s)
		decide(filling, FACT_RECEIVER_FIN, peer_had_closed(s));
	else if (r)
		decide(filling, FACT_RECEIVER_FIN, had_closed(r));
	if (peer_had_closed(s))
		say(filling, FACT_RECEIVER_FIN_ACKED);
}

static void fill_active(struct filling *filling)
{
	say(filling, FACT_SHAPE_ACTIVE);
	decide(filling, FACT_SHAPE_PASSIVE, false);
	say(filling, FACT_RST_ACK_FLAG);
	say(filling, FACT_RST_SEQ_OWN_NEXT);
	say(filling, FACT_SENDER_SEEN);
	say(filling, FACT_SENDER_KNEW);
	if (peer_had_closed(filling->sender_state))
		say(filling, FACT_RST_ACKS_FIN);
	if (filling->sender)
		fill_abort(filling);
}

static enum tcp_state receiver_state(uint8_t state)
{
	switch (state) {
	case STATE_SYN_SENT: return TCP_STATE_SYN_SENT;
	case STATE_SYN_RECV: return TCP_STATE_SYN_RECEIVED;
	case STATE_ESTABLISHED: return TCP_STATE_ESTABLISHED;
	case STATE_FIN_WAIT1:
	case STATE_FIN_WAIT2: return TCP_STATE_FIN_WAIT;
	case STATE_CLOSE_WAIT: return TCP_STATE_CLOSE_WAIT;
	case STATE_CLOSING:
	case STATE_LAST_ACK: return TCP_STATE_CLOSING;
	case STATE_TIME_WAIT: return TCP_STATE_TIME_WAIT;
	default: return TCP_STATE_UNKNOWN;
	}
}

static struct endpoint endpoint_of(const uint8_t bytes[16], uint32_t version, uint16_t port)
{
	struct endpoint end = { .address.version = (uint8_t)version, .port = port };

	memcpy(end.address.bytes, bytes, version == 4 ? 4 : 16);
	return end;
}

/* An end without a RST: its program gets an error all the same. */
static void fill_ending(struct filling *filling)
{
	struct evidence *e = filling->e;
	const struct live_tuple *tuple = &filling->record->receiver.tuple;
	int error = filling->record->receiver.error;

	e->is_ending = true;
	e->src = endpoint_of(tuple->local, tuple->version, tuple->local_port);
	e->dst = endpoint_of(tuple->remote, tuple->version, tuple->remote_port);
	if (error == EHOSTUNREACH || error == ENETUNREACH)
		say(filling, FACT_KERNEL_UNREACHABLE);
	else
		say(filling, error == ETIMEDOUT ? FACT_KERNEL_TIMED_OUT : FACT_KERNEL_ICMP);
	if (filling->receiver_state == STATE_SYN_SENT)
		say(filling, FACT_SYN_SEEN);
	else
		say(filling, FACT_SENDER_SEEN);
	if (filling->receiver && error == ETIMEDOUT)
		count(filling, FACT_RECEIVER_RETRANSMITS, filling->receiver->retransmits);
}

/*
 * What cannot have reached a program: unread at the sender, thrown away there before it was sent, and what its peer had
 * written and will never see acknowledged, less what lies among the unread.
 */
static void fill_loss(struct filling *filling)
{
	const struct live_socket *s = filling->sender, *r = filling->receiver;
	struct evidence *e = filling->e;

	if (filling->record->passive) {
		e->lost_known = r || filling->record->has_segment;
		e->lost_bytes = r && filling->receiver_state != STATE_SYN_SENT ? unsent_bytes(r) : filling->record->segment.payload;
		return;
	}
	if (!s)
		return;
	e->lost_bytes = unread_bytes(s) + unsent_bytes(s);
	if (s->mptcp) {
		/* What one subflow loses another may bring; of the other end, the numbers of a subflow tell nothing. */
		e->lost_known = s->mptcp_counted && no(e, FACT_KERNEL_SUBFLOW) && (r || e->lost_bytes);
		return;
	}
	/* What has arrived can be read still, acknowledged or not. */
	if (r && seq_after(r->rcv_nxt, s->snd_una))
		e->lost_bytes -= r->rcv_nxt - s->snd_una < unsent_bytes(s) ? r->rcv_nxt - s->snd_una : unsent_bytes(s);
	if (r && seq_after(r->write_seq, s->rcv_nxt))
		e->lost_bytes += r->write_seq - s->rcv_nxt;
	/* What the other end had on its way is not known where that is elsewhere. */
	e->lost_known = r || e->lost_bytes;
}

static void fill_roles(struct filling *filling)
{
	struct evidence *e = filling->e;

	if (yes(e, FACT_SENDER_IS_INITIATOR))
		e->sender_role = ROLE_CLIENT;
	else if (no(e, FACT_SENDER_IS_INITIATOR))
		e->sender_role = ROLE_SERVER;
	else if (yes(e, FACT_ANSWERS_SYN))
		e->sender_role = ROLE_SERVER;
	else if (yes(e, FACT_ANSWERS_SYN_ACK))
		e->sender_role = ROLE_CLIENT;
}

static void fill_reset(struct filling *filling)
{
	const struct live_record *record = filling->record;
	const struct live_tuple *tuple = record->sent ? &record->sender.tuple : NULL;
	struct evidence *e = filling->e;

	if (tuple) {
		e->src = endpoint_of(tuple->local, tuple->version, tuple->local_port);
		e->dst = endpoint_of(tuple->remote, tuple->version, tuple->remote_port);
		say(filling, FACT_KERNEL_SENT);
	} else {
		tuple = &record->receiver.tuple;
		e->src = endpoint_of(tuple->remote, tuple->version, tuple->remote_port);
		e->dst = endpoint_of(tuple->local, tuple->version, tuple->local_port);
	}
	if (filling->receiver)
		fill_conversation(filling, filling->receiver, false);
	if (filling->sender)
		fill_conversation(filling, filling->sender, true);
	fill_ends_closed(filling);
	if (!record->sent)
		fill_received_only(filling);
	else if (record->passive)
		fill_passive(filling);
	else
		fill_active(filling);
	e->receiver_state = receiver_state(filling->receiver_state);
	e->accepted = record->received ? ACCEPTANCE_YES : ACCEPTANCE_UNKNOWN;
	if (record->echo || (record->passive && record->has_sender_past && record->sender_past.reset))
		e->part = PART_ECHO;
	if (record->ignored)
		fill_ignored(filling);
	fill_loss(filling);
}

bool facts_is_ending(const struct live_record *record)
{
	switch (record->receiver.error) {
	case ETIMEDOUT:
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENOPROTOOPT:
	case EPROTO: return true;
	default: return false;
	}
}

/*
 * Handshakes are no sockets yet: until a new connection is established, what is remembered of its ends is that of an
 * older one with the same addresses and ports. Its sequence numbers lie behind (RFC 9293 section 3.4.1).
 */
static bool is_of_older(const struct live_record *record, enum live_reason reason)
{
	const struct live_past *past = &record->sender_past;
	const struct live_segment *segment = &record->segment;

	if (!past->end_ns || !record->passive || !record->has_segment)
		return false;
	return begins_anew(segment) || reason == REASON_INVALID_SYN ||
	       (record->receiver.has_socket && record->receiver.socket.born_ns > past->end_ns) ||
	       (past->fin_ns && segment->flags & TCP_ACK && seq_after(segment->ack, past->fin_end));
}

static void forget_older(struct live_record *record)
{
	struct live_end *sender = &record->sender;

	record->has_sender_past = false;
	if (sender->process.pid && sender->process.pid == record->sender_past.closer.pid) {
		sender->process = (struct live_process){ 0 };
		sender->act = ACT_UNKNOWN;
	}
}

/* A listener answers for what nobody has any more, too: who holds it need not be who closed that. */
static void take_who_closed(struct live_record *record)
{
	if (record->has_sender_past && met_nobody(record) && record->sender_past.closer.pid)
		live_take_closer(&record->sender, &record->sender_past);
}

void facts_fill(struct evidence *ret_evidence, struct testimony *ret_testimony, struct live_record *record,
                const struct facts_context *context)
{
	struct filling filling = {
		.e = ret_evidence,
		.record = record,
		.context = context,
		.reason = reasons_get(context->reasons, record->reason),
		.sender = record->sender.has_socket && record->state != STATE_LISTEN ? &record->sender.socket : NULL,
		.receiver = record->receiver.has_socket && record->receiver.socket.state != STATE_LISTEN
		            ? &record->receiver.socket : NULL,
	};

	if (record->has_sender_past && is_of_older(record, filling.reason))
		forget_older(record);
	take_who_closed(record);
	*ret_evidence = (struct evidence){
		.time_ns = (int64_t)record->time_ns + context->realtime_offset_ns,
		.sealed = SEALED_TIME,
		.testimony = ret_testimony,
	};
	if (filling.sender)
		filling.sender_state = state_before(filling.sender);
	if (filling.receiver)
		filling.receiver_state = state_before(filling.receiver);
	if (record->sent || record->received || record->ignored)
		fill_reset(&filling);
	else
		fill_ending(&filling);
	fill_roles(&filling);
	fill_testimony(ret_testimony, &filling);
}
