#include "live/filling.h"

#include "base/sequence.h"

uint8_t state_before(const struct live_socket *socket)
{
	return socket->state == STATE_CLOSE ? socket->before : socket->state;
}

bool peer_had_closed(uint8_t state)
{
	return state == STATE_CLOSE_WAIT || state == STATE_LAST_ACK || state == STATE_CLOSING || state == STATE_TIME_WAIT;
}

bool had_closed(uint8_t state)
{
	return state == STATE_FIN_WAIT1 || state == STATE_FIN_WAIT2 || state == STATE_CLOSING || state == STATE_LAST_ACK ||
	       state == STATE_TIME_WAIT;
}

bool had_shaken_hands(uint8_t state)
{
	return state == STATE_ESTABLISHED || peer_had_closed(state) || had_closed(state);
}

uint64_t unread_bytes(const struct live_socket *socket)
{
	uint32_t unread = socket->rcv_nxt - socket->copied_seq;

	if (socket->mptcp)
		return socket->mptcp_unread;
	/* The FIN counts one, and nobody reads it. */
	if (unread && peer_had_closed(state_before(socket)))
		unread--;
	return seq_before(socket->rcv_nxt, socket->copied_seq) ? 0 : unread;
}

uint64_t unsent_bytes(const struct live_socket *socket)
{
	uint32_t unsent = socket->write_seq - socket->snd_una;
	uint8_t state = state_before(socket);

	if (socket->mptcp)
		return socket->mptcp_unsent;
	if (unsent && (state == STATE_FIN_WAIT1 || state == STATE_CLOSING || state == STATE_LAST_ACK ||
	               state == STATE_SYN_SENT || state == STATE_SYN_RECV))
		unsent--;
	return seq_before(socket->write_seq, socket->snd_una) ? 0 : unsent;
}

uint64_t bytes_received(const struct live_socket *socket)
{
	return socket->bytes_received - (socket->bytes_received && peer_had_closed(state_before(socket)));
}

/* The kernel counts the SYN of the side that opened, and the FIN. */
uint64_t bytes_acked(const struct live_socket *socket)
{
	uint8_t state = state_before(socket);
	bool fin_acked = state == STATE_FIN_WAIT2 || state == STATE_TIME_WAIT;
	uint64_t extra = (socket->opened == LIVE_OPENED_HERE) + fin_acked;
	uint64_t used = socket->bytes_acked + (uint32_t)(socket->snd_nxt - socket->snd_una);

	/* Who opened a connection that is older than the tracer is not known; but what is no payload can be counted. */
	if (socket->opened == LIVE_OPENED_UNKNOWN)
		extra = used > socket->bytes_sent + (had_closed(state) && !fin_acked) ? 1 + fin_acked : fin_acked;
	return socket->bytes_acked > extra ? socket->bytes_acked - extra : 0;
}

void say(struct filling *filling, enum fact fact)
{
	evidence_yes(filling->e, fact, 0, 0);
	fact_add(&filling->e->from_kernel, fact);
}

void say_number(struct filling *filling, enum fact fact, uint64_t number)
{
	evidence_number(filling->e, fact, number, 0, 0);
	fact_add(&filling->e->from_kernel, fact);
}

void decide(struct filling *filling, enum fact fact, bool is_so)
{
	evidence_decide(filling->e, fact, is_so, 0, 0);
	fact_add(&filling->e->from_kernel, fact);
}

void count(struct filling *filling, enum fact fact, uint64_t number)
{
	if (number)
		say_number(filling, fact, number);
	else
		decide(filling, fact, false);
}

int64_t idle_ns(const struct filling *filling, const struct live_socket *socket)
{
	uint32_t sent = socket->now_ticks - socket->sent_ticks, received = socket->now_ticks - socket->received_ticks;

	/* 0: never sent or received. */
	if (!socket->sent_ticks && !socket->received_ticks)
		return -1;
	if (!socket->sent_ticks || (socket->received_ticks && received < sent))
		sent = received;
	return (int64_t)sent * filling->context->tick_ns;
}
