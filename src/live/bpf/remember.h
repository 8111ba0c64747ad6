/* What is kept of ends and listeners, for resets that come later. */
#ifndef TCPWHY_LIVE_BPF_REMEMBER_H
#define TCPWHY_LIVE_BPF_REMEMBER_H

#include "live/bpf/act.h"

static __always_inline void turn(struct live_tuple *turned, const struct live_tuple *tuple)
{
	__builtin_memcpy(turned->local, tuple->remote, sizeof turned->local);
	__builtin_memcpy(turned->remote, tuple->local, sizeof turned->remote);
	turned->net = 0;
	turned->netns = 0;
	turned->local_port = tuple->remote_port;
	turned->remote_port = tuple->local_port;
	turned->version = tuple->version;
	turned->padding = 0;
}

static __always_inline void note_rst(struct end *end)
{
	end->rst_ns = bpf_ktime_get_ns();
	in_order();
	end->has_rst = 1;
}

static __always_inline void remember_reset(const struct live_tuple *tuple, const struct sock *sk, uint8_t direction)
{
	struct end *end;
	uint32_t number;

	if (READ(sk, __sk_common.skc_state) == STATE_SYN_SENT) {
		struct known *dial = dial_of((uint64_t)sk);

		if (dial)
			dial->reset = direction;
		return;
	}
	end = hold(tuple, &number);
	if (!end)
		return;
	/* A program may have reused the ports while this processor was held up. */
	if (end->socket == (uint64_t)sk) {
		end->reset = direction;
		if (direction == 1)
			note_rst(end);
	}
	let_go(end, number);
}

/*
 * An answer to a segment ends nothing that lives, but whoever gets it will know that a kernel made it. Should the place
 * be another's by now, that one is taken for one that sent a RST, which settles nothing.
 */
static __always_inline void remember_answer(const struct live_tuple *tuple)
{
	struct end *end = find(tuple);

	if (end)
		note_rst(end);
}

static APART void remember_listener(const struct sock *sk, bool opened)
{
	struct live_listener listener = { 0 }, *was;
	struct port port = { READ(sk, __sk_common.skc_net.net, ns.inum),
	                     bpf_ntohs(READ((const struct inet_sock *)sk, inet_sport)) };

	if (!opened && (was = bpf_map_lookup_elem(&listeners, &port)))
		listener.opened_ns = was->opened_ns;
	if (opened)
		listener.opened_ns = bpf_ktime_get_ns();
	else
		listener.closed_ns = bpf_ktime_get_ns();
	look_process(&listener.process);
	if (opened)
		introduce();
	else
		look_act(&listener.process);
	if (bpf_map_update_elem(&listeners, &port, &listener, BPF_ANY))
		count(LIVE_COUNT_MAP_FULL);
}

static __always_inline void remember_dial(uint64_t socket)
{
	struct known *known = known_at(socket);
	struct task_struct *task = current_task();

	known->socket = 0;
	in_order();
	known->born_ns = bpf_ktime_get_ns();
	known->number = 0;
	known->opener = GET(HAS_TYPED_TASK, task, tgid);
	look_own_command(known->command, task);
	known->dials = 1;
	known->reset = known->crossed = 0;
	known->seal = seal_of(known, socket);
	in_order();
	known->socket = socket;
	introduce();
}

/* From now on its end is found by it. */
static __always_inline void remember_socket(struct known *known, uint64_t socket, uint32_t number)
{
	if (known->socket != socket) {
		known->socket = 0;
		in_order();
		known->dials = 0;
	}
	known->number = number;
	in_order();
	known->socket = socket;
}

/* Its SYN and that of its peer crossed: it is no child of a listener. */
static APART void note_crossing(uint64_t socket)
{
	struct known *dial = dial_of(socket);

	if (dial)
		dial->crossed = 1;
	crossing = true;
}

/*
 * A RST that came in, a timer or ICMP ended it, not the process that runs: that is only interrupted. Nor did it where
 * the FIN had been sent before, or where a listener was gone when the handshake became complete.
 */
static __always_inline bool is_ended_from_outside(uint8_t reset, int error, int old)
{
	if (reset == 2)
		return true;
	if (error)
		return error != ERROR_ABORTED;
	return old != STATE_ESTABLISHED && old != STATE_CLOSE_WAIT && old != STATE_SYN_SENT;
}

static __always_inline void note_closer(struct end *end, const struct sock *sk, int old, int new)
{
	if (end->has_closer)
		return;
	end->from = (uint8_t)old;
	if (new == STATE_CLOSE && is_ended_from_outside(end->reset, sk->sk_err, old))
		return;
	look_process(&end->closer);
	look_act(&end->closer);
	/* close() shuts down both directions. */
	if (!end->closer.exiting && sk->sk_shutdown == SEND_SHUTDOWN)
		end->closer.made = LIVE_MADE_SHUTDOWN;
	in_order();
	end->has_closer = end->closer.pid != 0;
}

/*
 * When it ends. Where that is the quiet end of what has sent its FIN, nobody needs to know it to the millisecond, and
 * the clock takes longer than all else that is done then: jiffies do, by which it is never later than it was, nor
 * before the FIN.
 */
static __always_inline uint64_t end_of(const struct end *end, int error)
{
	uint64_t ticks;

	if (!end->has_fin || error)
		return bpf_ktime_get_ns();
	ticks = bpf_jiffies64() - end->fin_ticks;
	return end->fin_ns + (ticks ? ticks - 1 : 0) * tick_ns;
}

/* It ends, or makes its FIN ready: `sk` is typed. */
static __always_inline void note_end(struct end *end, const struct sock *sk, int old, int new)
{
	if (new == STATE_CLOSE) {
		end->last = (uint8_t)old;
		end->error = sk->sk_err;
		end->end_ns = end_of(end, end->error);
		in_order();
		end->has_end = 1;
	} else {
		end->fin_ns = bpf_ktime_get_ns();
		end->fin_ticks = bpf_jiffies64();
		end->fin_end = GET_TCP(typed_tcp(sk), sk, write_seq) + 1;
		in_order();
		end->has_fin = 1;
	}
}

/* What a change of state tells: `sk` is typed. */
static __always_inline void note_state(struct end *end, const struct sock *sk, int old, int new)
{
	const struct tcp_sock *tcp;

	end->before = (uint8_t)old;
	end->state = (uint8_t)new;
	/* A FIN is made ready, or there is nothing left to send one. */
	if (new == STATE_CLOSE || new == STATE_FIN_WAIT1 || new == STATE_LAST_ACK) {
		note_end(end, sk, old, new);
		note_closer(end, sk, old, new);
		return;
	}
	tcp = typed_tcp(sk);
	end->snd_nxt = GET_TCP(tcp, sk, snd_nxt);
	if (new == STATE_ESTABLISHED) {
		end->first = end->snd_nxt;
		end->awaits = GET_TCP(tcp, sk, rcv_nxt);
		end->counted = 1;
	}
}

static __always_inline void note_opener(struct end *end, const struct known *dial)
{
	uint64_t *to = (uint64_t *)end->opener_command;
	const uint64_t *command;

	end->opened = LIVE_OPENED_HERE;
	end->opener = dial ? dial->opener : 0;
	to[0] = to[1] = 0;
	if (!dial)
		return;
	command = (const uint64_t *)dial->command;
	to[0] = command[0];
	to[1] = command[1];
	end->born_ns = dial->born_ns;
}

/*
 * When the child of a listener is born: TCP has just noted when the segment came that completes the handshake. Asking
 * the clock itself takes long, and waits for all memory that is being fetched.
 */
static __always_inline uint64_t child_ns(const struct sock *sk, int new)
{
	if (new != STATE_ESTABLISHED || !bpf_core_field_exists(tcp_of(sk)->tcp_clock_cache))
		return bpf_ktime_get_ns();
	return GET_TCP(typed_tcp(sk), sk, tcp_clock_cache);
}

/* Who began it. A child of a listener has no program yet. */
static __always_inline void note_birth(struct end *end, const struct sock *sk, struct known *known, uint64_t socket,
                                       int old, int new)
{
	const struct known *dial = old == STATE_SYN_SENT || crossing ? dial_at(known, socket) : 0;

	if (old != STATE_SYN_SENT && !(dial && dial->crossed)) {
		end->opened = LIVE_OPENED_THERE;
		end->born_ns = child_ns(sk, new);
		return;
	}
	note_opener(end, dial);
	if (dial && new == STATE_CLOSE)
		end->reset = dial->reset;
}

/* The first that is seen of it: its birth, or all that came before was not seen or is forgotten. */
static __always_inline void remember_first(const struct sock *sk, struct known *known, uint64_t socket, int old,
                                           int new)
{
	struct end *end = make();
	uint64_t hash;

	if (!end) {
		forget();
		return;
	}
	look_tuple(&end->tuple, sk, true);
	hash = hash_of(&end->tuple);
	enter(end, hash);
	end->remote_port = end->tuple.remote_port;
	end->socket = socket;
	if (old == STATE_SYN_SENT || old == STATE_SYN_RECV)
		note_birth(end, sk, known, socket, old, new);
	else
		end->partial = 1;
	remember_socket(known, socket, end->number);
	note_state(end, sk, old, new);
	done(end, hash);
	if (late_synacks && new == STATE_ESTABLISHED)
		bpf_map_delete_elem(&synacks, &end->tuple);
}

/* Of an end that its socket does not lead to. */
static APART void remember_by_tuple(const struct sock *sk, uint64_t socket, int old, int new)
{
	struct live_tuple tuple = { 0 };
	struct end *end;
	uint32_t number;

	look_tuple(&tuple, sk, true);
	end = hold(&tuple, &number);
	if (end && !end->has_end && end->socket == socket) {
		note_state(end, sk, old, new);
		let_go(end, number);
		return;
	}
	/* What an older connection of the same ports left is not this one's. */
	if (end)
		end->changing = 0;
	remember_first(sk, known_at(socket), socket, old, new);
}

/* `socket` is the address of `sk`. */
static __always_inline void remember(const struct sock *sk, uint64_t socket, int old, int new)
{
	struct known *known = known_at(socket);
	struct end *end;
	uint32_t number;

	if (old == STATE_SYN_SENT || old == STATE_SYN_RECV) {
		remember_first(sk, known, socket, old, new);
		return;
	}
	end = hold_known(known, socket, bpf_ntohs(sk->__sk_common.skc_dport), &number);
	if (!end) {
		remember_by_tuple(sk, socket, old, new);
		return;
	}
	note_state(end, sk, old, new);
	let_go(end, number);
}

/* Where two are at a place at once neither is kept, and the time, of either, tells that. */
static __always_inline void remember_drop(struct live_dropped *dropped)
{
	uint32_t place = live_dropped_place(&dropped->sender);
	struct live_dropped *at = bpf_map_lookup_elem(&drops, &place);
	uint32_t begun;
	bool alone;

	if (!at)
		return;
	begun = FRESH(at->begun);
	alone = begun == FRESH(at->done);
	__sync_fetch_and_add(&at->begun, 1);
	alone = alone && FRESH(at->begun) == begun + 1;
	dropped->drop.forgot_ns = at->drop.forgot_ns;
	if (at->seal && same_ends(&at->sender, &dropped->sender))
		dropped->drop.before_ns = at->drop.time_ns;
	else if (at->drop.time_ns)
		dropped->drop.forgot_ns = at->drop.time_ns;
	dropped->seal = live_dropped_seal(dropped);
	at->seal = 0;
	in_order();
	at->sender = dropped->sender;
	at->drop = dropped->drop;
	in_order();
	at->seal = alone && FRESH(at->begun) == begun + 1 ? dropped->seal : 0;
	in_order();
	__sync_fetch_and_add(&at->done, 1);
}

/* An MPTCP socket shares the tuple of its first subflow, which tells all but who closed. */
static APART void remember_mptcp(const struct sock *sk, int old, int new)
{
	struct live_tuple tuple = { 0 };
	struct end *end;
	uint32_t number;

	if (new != STATE_FIN_WAIT1 && new != STATE_LAST_ACK && new != STATE_CLOSE)
		return;
	look_tuple(&tuple, sk, true);
	end = hold(&tuple, &number);
	if (!end)
		return;
	note_closer(end, sk, old, new);
	let_go(end, number);
}

#endif
