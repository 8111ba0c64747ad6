#include "live/facts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/sequence.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_ACK 0x10

#define TIME_WAIT_NS (60 * NS_PER_S)  /* TCP_TIMEWAIT_LEN */
#define REJECT_NS (50 * NS_PER_MS)    /* between the drop of a segment and the RST that netfilter sends for it */

/* A record on its way to evidence. */
struct filling {
	struct evidence *e;
	const struct live_record *record;
	const struct facts_context *context;
	const struct live_socket *sender, *receiver; /* NULL where there is none */
	enum live_reason reason;
	uint8_t sender_state, receiver_state;        /* before the reset; 0: unknown */
};

/* A socket that resets as it goes is CLOSE already. */
static uint8_t state_before(const struct live_socket *socket)
{
	return socket->state == STATE_CLOSE ? socket->before : socket->state;
}

static bool peer_had_closed(uint8_t state)
{
	return state == STATE_CLOSE_WAIT || state == STATE_LAST_ACK || state == STATE_CLOSING || state == STATE_TIME_WAIT;
}

static bool had_closed(uint8_t state)
{
	return state == STATE_FIN_WAIT1 || state == STATE_FIN_WAIT2 || state == STATE_CLOSING || state == STATE_LAST_ACK ||
	       state == STATE_TIME_WAIT;
}

static bool had_shaken_hands(uint8_t state)
{
	return state == STATE_ESTABLISHED || peer_had_closed(state) || had_closed(state);
}

static uint64_t unread_bytes(const struct live_socket *socket)
{
	uint32_t unread = socket->rcv_nxt - socket->copied_seq;

	/* The FIN counts one, and nobody reads it. */
	if (unread && peer_had_closed(state_before(socket)))
		unread--;
	return seq_before(socket->rcv_nxt, socket->copied_seq) ? 0 : unread;
}

/* Written, and not acknowledged; a FIN is no byte. */
static uint64_t unsent_bytes(const struct live_socket *socket)
{
	uint32_t unsent = socket->write_seq - socket->snd_una;
	uint8_t state = state_before(socket);

	if (unsent && (state == STATE_FIN_WAIT1 || state == STATE_CLOSING || state == STATE_LAST_ACK ||
	               state == STATE_SYN_SENT || state == STATE_SYN_RECV))
		unsent--;
	return seq_before(socket->write_seq, socket->snd_una) ? 0 : unsent;
}

static uint64_t bytes_received(const struct live_socket *socket)
{
	return socket->bytes_received - (socket->bytes_received && peer_had_closed(state_before(socket)));
}

/* The kernel counts the SYN of the side that opened, and the FIN. */
static uint64_t bytes_acked(const struct live_socket *socket)
{
	uint8_t state = state_before(socket);
	uint64_t extra = (socket->opened == LIVE_OPENED_HERE) + (state == STATE_FIN_WAIT2 || state == STATE_TIME_WAIT);

	return socket->bytes_acked > extra ? socket->bytes_acked - extra : 0;
}

static int64_t idle_ns(const struct filling *filling, const struct live_socket *socket)
{
	uint32_t sent = socket->now_ticks - socket->sent_ticks, received = socket->now_ticks - socket->received_ticks;

	/* 0: never sent or received. */
	if (!socket->sent_ticks && !socket->received_ticks)
		return 0;
	if (!socket->sent_ticks || (socket->received_ticks && received < sent))
		sent = received;
	return (int64_t)sent * filling->context->tick_ns;
}

static void say(struct filling *filling, enum fact fact)
{
	evidence_yes(filling->e, fact, 0, 0);
	filling->e->facts[fact].origin = ORIGIN_KERNEL;
}

static void say_number(struct filling *filling, enum fact fact, uint64_t number)
{
	evidence_number(filling->e, fact, number, 0, 0);
	filling->e->facts[fact].origin = ORIGIN_KERNEL;
}

static void decide(struct filling *filling, enum fact fact, bool is_so)
{
	evidence_decide(filling->e, fact, is_so, 0, 0);
	filling->e->facts[fact].origin = ORIGIN_KERNEL;
}

/* A count that is yes where there is anything. */
static void count(struct filling *filling, enum fact fact, uint64_t number)
{
	if (number)
		say_number(filling, fact, number);
	else
		decide(filling, fact, false);
}

/* close() shuts down both directions before anything else; connect(AF_UNSPEC) leaves them as they are. */
static bool is_closing(const struct filling *filling)
{
	return filling->sender->shutdown == 3 || filling->record->sender.process.exiting;
}

/* What the kernel did and for whom, of a RST that a socket sent by itself. */
static void fill_abort(struct filling *filling)
{
	const struct live_socket *s = filling->sender;
	const struct live_record *record = filling->record;
	enum live_reason reason = filling->reason;
	bool going = s->state == STATE_CLOSE, thrown = reason == REASON_STATE || reason == REASON_NONE;
	bool unread = reason == REASON_ABORT_ON_CLOSE || (reason == REASON_NONE && going && is_closing(filling) && unread_bytes(s));
	bool subflow = s->mptcp && reason != REASON_ABORT_ON_CLOSE;
	bool orphan_timer = thrown && !going && s->state == STATE_FIN_WAIT2 && !s->held;
	bool linger = thrown && going && s->held && is_closing(filling) && s->lingers && !s->linger_ticks && !unread;

	if (unread && !s->mptcp)
		say_number(filling, FACT_KERNEL_UNREAD, unread_bytes(s));
	else
		decide(filling, FACT_KERNEL_UNREAD, false);
	decide(filling, FACT_KERNEL_LINGER_ZERO, linger);
	decide(filling, FACT_KERNEL_EXIT, record->sender.process.exiting && record->sender.act == ACT_EXIT);
	decide(filling, FACT_KERNEL_DISCONNECT, thrown && going && s->held && !is_closing(filling) && !unread);
	decide(filling, FACT_KERNEL_DESTROYED, thrown && !going && !orphan_timer && reason == REASON_STATE && !subflow);
	decide(filling, FACT_KERNEL_SUBFLOW, subflow);
	decide(filling, FACT_KERNEL_LISTENER_CLOSED, thrown && going && !s->held);
	decide(filling, FACT_KERNEL_QUEUE_OVERFLOW, false);
	decide(filling, FACT_KERNEL_LINGER2, reason == REASON_ABORT_ON_LINGER);
	decide(filling, FACT_KERNEL_SHUTDOWN, false);
	decide(filling, FACT_KERNEL_KEEPALIVE, reason == REASON_KEEPALIVE);
	decide(filling, FACT_KERNEL_FIN_WAIT2, orphan_timer);
	decide(filling, FACT_KERNEL_MEMORY, reason == REASON_ABORT_ON_MEMORY);
	if (s->mptcp && reason == REASON_ABORT_ON_CLOSE)
		say(filling, FACT_MP_FASTCLOSE);
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

/* The segment that a RST answers, by its flags. */
static void fill_trigger(struct filling *filling)
{
	const struct live_segment *t = &filling->record->segment;
	bool ack = t->flags & TCP_ACK, syn = t->flags & TCP_SYN;

	decide(filling, FACT_RST_BARE, ack);
	decide(filling, FACT_RST_ACK_FLAG, !ack);
	decide(filling, FACT_ANSWERS_SYN, syn && !ack);
	decide(filling, FACT_ANSWERS_SYN_ACK, syn && ack && filling->reason != REASON_INVALID_ACK);
	if (!ack && !syn)
		say(filling, FACT_ANSWERS_ODD_FLAGS);
	if (syn)
		return;
	count(filling, FACT_ANSWERS_DATA, t->payload);
	decide(filling, FACT_ANSWERS_FIN, t->flags & TCP_FIN);
	decide(filling, FACT_ANSWERS_ACK, ack && !t->payload && !(t->flags & TCP_FIN));
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
		bool gave_up = past->error == ETIMEDOUT;

		decide(filling, FACT_KERNEL_GAVE_UP, false);
		if (gave_up)
			say_number(filling, FACT_KERNEL_GAVE_UP, record->time_ns - past->end_ns);
		else if (!past->fin_ns && !past->reset)
			say_number(filling, FACT_KERNEL_VANISHED, record->time_ns - past->end_ns);
	}
	if (past->last == STATE_SYN_SENT && past->opened == LIVE_OPENED_HERE) {
		say(filling, FACT_SYN_SEEN);
		decide(filling, FACT_SYN_SCANTY, false);
		decide(filling, FACT_HANDSHAKE_SEEN, false);
	}
	if (!past->fin_ns)
		return;
	say(filling, FACT_SENDER_FIN);
	say_number(filling, FACT_FIN_TO_RST, record->time_ns - past->fin_ns);
	if (record->has_segment && record->segment.flags & TCP_ACK) {
		bool after = record->segment.ack == past->fin_end;

		decide(filling, FACT_ANSWERS_AFTER_ACK_OF_FIN, after);
		decide(filling, FACT_ANSWERS_BEFORE_ACK_OF_FIN, !after);
		if (after)
			say(filling, FACT_SENDER_FIN_ACKED);
	}
}

/* A SYN, or another segment that is not of the handshake, met a listener that had closed. */
static void fill_listener(struct filling *filling)
{
	const struct live_record *record = filling->record;
	uint64_t born = filling->receiver ? filling->receiver->born_ns : record->receiver_past.born_ns;
	bool closed = !record->state && record->has_listener && record->listener.closed_ns;

	if (closed && record->segment.flags & TCP_SYN)
		say_number(filling, FACT_KERNEL_LISTENED, record->time_ns - record->listener.closed_ns);
	/* Its side of the connection was never more than a request in the queue. */
	decide(filling, FACT_KERNEL_LISTENER_CLOSED, closed && !(record->segment.flags & TCP_SYN) &&
	       !record->has_sender_past && born && born < record->listener.closed_ns);
}

/* The reasons that say which step of the protocol failed. */
static void fill_passive_reason(struct filling *filling)
{
	const struct live_record *record = filling->record;
	bool to_listener = record->state == STATE_LISTEN, syn = record->segment.flags & TCP_SYN;
	bool held = filling->sender && filling->sender->held && had_closed(filling->sender_state);

	decide(filling, FACT_KERNEL_NO_SOCKET, !record->state || (to_listener && filling->reason == REASON_FLAGS));
	decide(filling, FACT_KERNEL_QUEUE_OVERFLOW, filling->reason == REASON_INVALID_SYN && !syn);
	decide(filling, FACT_KERNEL_SHUTDOWN, held && record->segment.payload);
	decide(filling, FACT_KERNEL_LINGER2, filling->sender && filling->sender->linger2 < 0 && !record->segment.payload);
	if (filling->reason == REASON_INVALID_SYN && syn)
		say(filling, FACT_OLD_HANDSHAKE_OPEN);
	if (filling->reason == REASON_INVALID_ACK) {
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
static bool is_time_wait(const struct live_past *past, uint64_t now_ns)
{
	return past->end_ns && past->fin_ns && !past->reset && (past->last == STATE_FIN_WAIT2 || past->last == STATE_CLOSING) &&
	       now_ns - past->end_ns < TIME_WAIT_NS;
}

/* What is left at the receiver of the connection, or of an older one with the same ports. */
static void fill_receiver_past(struct filling *filling)
{
	const struct live_record *record = filling->record;
	const struct live_past *receiver = &record->receiver_past, *sender = &record->sender_past;
	bool waits = is_time_wait(receiver, record->time_ns);

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

static void fill_passive(struct filling *filling)
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
	         !(record->segment.flags & TCP_SYN))
		say(filling, FACT_ANSWERS_FIRST_SEGMENT);
}

/* Nobody here sent it, though this host would know. */
static void fill_foreign(struct filling *filling)
{
	const struct live_record *record = filling->record;
	int64_t since = record->has_drop ? (int64_t)(record->time_ns - record->drop.time_ns) : INT64_MAX;
	bool rejected = since > -REJECT_NS && since < REJECT_NS;

	if (record->has_sender_past && !record->sender_past.rst_ns && filling->context->complete &&
	    filling->context->sees_no_socket)
		say(filling, FACT_KERNEL_SILENT);
	if (!filling->context->sees_drops)
		return;
	decide(filling, FACT_KERNEL_REJECTED, rejected);
	decide(filling, FACT_KERNEL_REJECTED_OUT, rejected && record->drop.out);
}

/* Its receiver went on. */
static void fill_ignored(struct filling *filling)
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
static void fill_received_only(struct filling *filling)
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
	if (r->timestamps) {
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
	if (s) {
		e->lost_known = true;
		e->lost_bytes = unread_bytes(s) + unsent_bytes(s);
		if (r && seq_after(r->write_seq, s->rcv_nxt))
			e->lost_bytes += r->write_seq - s->rcv_nxt;
	}
}

static const char *state_name(uint8_t state)
{
	static const char *const names[] = {
		[STATE_ESTABLISHED] = "ESTABLISHED", [STATE_SYN_SENT] = "SYN_SENT", [STATE_SYN_RECV] = "SYN_RECV",
		[STATE_FIN_WAIT1] = "FIN_WAIT1", [STATE_FIN_WAIT2] = "FIN_WAIT2", [STATE_TIME_WAIT] = "TIME_WAIT",
		[STATE_CLOSE] = "CLOSE", [STATE_CLOSE_WAIT] = "CLOSE_WAIT", [STATE_LAST_ACK] = "LAST_ACK",
		[STATE_LISTEN] = "LISTEN", [STATE_CLOSING] = "CLOSING", [STATE_NEW_SYN_RECV] = "SYN_RECV",
	};

	return state < sizeof names / sizeof *names ? names[state] : NULL;
}

static void fill_actor(struct actor *actor, const struct live_end *end, uint64_t now_ns)
{
	const struct live_process *process = &end->process;

	if (!process->pid)
		return;
	*actor = (struct actor){
		.known = true,
		.pid = process->pid,
		.act = end->act,
		.ago_ns = end->act_ns && end->act_ns < now_ns ? (int64_t)(now_ns - end->act_ns) : 0,
		.exit_code = -1,
		.fd = end->fd - 1,
	};
	snprintf(actor->command, sizeof actor->command, "%.*s", (int)sizeof process->command, process->command);
	if (end->act != ACT_EXIT)
		return;
	actor->signal = process->exit_code & 0x7f;
	if (!actor->signal)
		actor->exit_code = process->exit_code >> 8 & 0xff;
	else if (process->killer && process->killer != process->pid)
		actor->killer = process->killer;
	snprintf(actor->killer_command, sizeof actor->killer_command, "%.*s", (int)sizeof process->killer_command,
	         process->killer_command);
}

static void fill_witness(struct witness *witness, const struct live_end *end, const struct live_socket *socket,
                         uint8_t state, uint64_t now_ns)
{
	witness->here = end->has_socket || end->process.pid;
	witness->netns = end->tuple.netns;
	witness->error = end->error;
	witness->pipe = end->pipe;
	witness->call = end->call;
	witness->state = state_name(state);
	fill_actor(&witness->actor, end, now_ns);
	if (!socket)
		return;
	witness->counted = true;
	witness->unread = unread_bytes(socket);
	witness->unsent = unsent_bytes(socket);
	witness->received = bytes_received(socket);
	witness->acked = bytes_acked(socket);
	witness->retransmits = socket->total_retransmits;
}

/* close() is what is seen; the evidence tells what it really was. */
static enum act act_of(const struct evidence *e, enum act act)
{
	if (act != ACT_CLOSE)
		return act;
	if (yes(e, FACT_KERNEL_DISCONNECT))
		return ACT_DISCONNECT;
	if (yes(e, FACT_KERNEL_DESTROYED))
		return ACT_DESTROY;
	if (yes(e, FACT_KERNEL_LISTENER_CLOSED))
		return ACT_UNLISTEN;
	return yes(e, FACT_KERNEL_SHUTDOWN) ? ACT_SHUTDOWN : ACT_CLOSE;
}

static void fill_testimony(struct testimony *testimony, const struct filling *filling)
{
	const struct live_record *record = filling->record;

	*testimony = (struct testimony){
		.reason = reasons_name(filling->context->reasons, record->reason),
		.meaning = reasons_meaning(filling->reason),
	};
	fill_witness(&testimony->sender, &record->sender, filling->sender,
	             filling->sender_state ? filling->sender_state : record->state, record->time_ns);
	fill_witness(&testimony->receiver, &record->receiver, filling->receiver, filling->receiver_state,
	             record->time_ns);
	testimony->sender.here |= record->sent || record->has_sender_past;
	testimony->receiver.here |= record->received || record->has_receiver_past;
	testimony->sender.actor.act = act_of(filling->e, testimony->sender.actor.act);
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

void facts_fill(struct evidence *ret_evidence, struct testimony *ret_testimony, const struct live_record *record,
                const struct facts_context *context)
{
	struct filling filling = {
		.e = ret_evidence,
		.record = record,
		.context = context,
		.reason = reasons_get(context->reasons, record->reason),
		.sender = record->sender.has_socket && record->state != STATE_LISTEN ? &record->sender.socket : NULL,
		.receiver = record->receiver.has_socket ? &record->receiver.socket : NULL,
	};

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
