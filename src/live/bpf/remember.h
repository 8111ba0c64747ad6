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
	end->past.reset = direction;
	if (direction == 1)
		end->past.rst_ns = bpf_ktime_get_boot_ns();
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
		end->past.rst_ns = bpf_ktime_get_boot_ns();
}

static APART void remember_listener(const struct sock *sk, bool opened)
{
	struct live_listener listener = { 0 }, *was;
	struct port port = { READ(sk, __sk_common.skc_net.net, ns.inum),
	                     bpf_ntohs(READ((const struct inet_sock *)sk, inet_sport)) };

	if (!opened && (was = bpf_map_lookup_elem(&listeners, &port)))
		listener.opened_ns = was->opened_ns;
	if (opened)
		listener.opened_ns = bpf_ktime_get_boot_ns();
	else
		listener.closed_ns = bpf_ktime_get_boot_ns();
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

	if (!known)
		return;
	known->socket = 0;
	in_order();
	known->born_ns = bpf_ktime_get_boot_ns();
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
static __always_inline void remember_socket(uint64_t socket, uint32_t number)
{
	struct known *known = known_at(socket);

	if (!known)
		return;
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
 * the FIN had been sent before.
 */
static __always_inline bool is_ended_from_outside(const struct live_past *past, int error, int old)
{
	if (past->reset == 2)
		return true;
	if (error)
		return error != ERROR_ABORTED;
	return old != STATE_ESTABLISHED && old != STATE_CLOSE_WAIT && old != STATE_SYN_SENT && old != STATE_SYN_RECV;
}

static __always_inline void note_closer(struct live_past *past, const struct sock *sk, int old, int new)
{
	if (past->closer.pid)
		return;
	past->from = (uint8_t)old;
	if (new == STATE_CLOSE && is_ended_from_outside(past, sk->sk_err, old))
		return;
	look_process(&past->closer);
	look_act(&past->closer);
	/* close() shuts down both directions. */
	if (!past->closer.exiting && sk->sk_shutdown == SEND_SHUTDOWN)
		past->closer.made = LIVE_MADE_SHUTDOWN;
}

/* What a change of state tells: `sk` is typed. A FIN is made ready, or there is nothing left to send one. */
static __always_inline void note_state(struct end *end, const struct sock *sk, int old, int new)
{
	struct live_past *past = &end->past;

	end->before = (uint8_t)old;
	past->state = (uint8_t)new;
	if (new == STATE_CLOSE) {
		past->last = (uint8_t)old;
		past->error = sk->sk_err;
		past->end_ns = bpf_ktime_get_boot_ns();
		note_closer(past, sk, old, new);
	} else if (new == STATE_FIN_WAIT1 || new == STATE_LAST_ACK) {
		past->fin_ns = bpf_ktime_get_boot_ns();
		past->fin_end = GET_TCP(sk, write_seq) + 1;
		note_closer(past, sk, old, new);
	} else {
		end->snd_nxt = GET_TCP(sk, snd_nxt);
	}
}

/* Who began it. A child of a listener has no program yet. */
static __always_inline void note_birth(struct end *end, uint64_t socket, int old, int new)
{
	const struct known *dial = old == STATE_SYN_SENT || crossing ? dial_of(socket) : 0;

	if (old != STATE_SYN_SENT && !(dial && dial->crossed)) {
		end->past.opened = LIVE_OPENED_THERE;
		end->past.born_ns = bpf_ktime_get_boot_ns();
		return;
	}
	end->past.opened = LIVE_OPENED_HERE;
	if (!dial)
		return;
	end->past.born_ns = dial->born_ns;
	if (new == STATE_CLOSE)
		end->past.reset = dial->reset;
	end->opener = dial->opener;
	__builtin_memcpy(end->opener_command, dial->command, sizeof dial->command);
}

/* The first that is seen of it: its birth, or all that came before was not seen or is forgotten. */
static __always_inline void note_first(struct end *end, uint64_t socket, int old, int new)
{
	end->socket = socket;
	if (old == STATE_SYN_SENT || old == STATE_SYN_RECV)
		note_birth(end, socket, old, new);
	else
		end->past.partial = 1;
}

static __always_inline void note_start(struct end *end, const struct sock *sk)
{
	end->past.first = end->snd_nxt;
	end->awaits = GET_TCP(sk, rcv_nxt);
	end->past.counted = 1;
}

/* To be finished by done(). NULL where there is no room. */
static __always_inline struct end *begin_end(const struct live_tuple *tuple, uint64_t socket, int old, int new)
{
	struct end *end = make(tuple);

	if (!end)
		return 0;
	note_first(end, socket, old, new);
	remember_socket(socket, end->number);
	return end;
}

/* `socket` is the address of `sk`. */
static __always_inline void remember(const struct sock *sk, uint64_t socket, int old, int new)
{
	bool born = old == STATE_SYN_SENT || old == STATE_SYN_RECV, fresh = false;
	struct live_tuple tuple = { 0 };
	struct end *end = 0;
	uint32_t number;

	if (!born)
		end = hold_by_socket(socket, bpf_ntohs(sk->__sk_common.skc_dport), &number);
	if (!end) {
		look_tuple(&tuple, sk, true);
		end = born ? 0 : hold(&tuple, &number);
		/* What an older connection of the same ports left is not this one's. */
		if (end && (end->past.end_ns || end->socket != socket)) {
			end->changing = 0;
			end = 0;
		}
		fresh = !end;
		if (fresh)
			end = begin_end(&tuple, socket, old, new);
		if (!end)
			return;
	}
	note_state(end, sk, old, new);
	if (new == STATE_ESTABLISHED)
		note_start(end, sk);
	if (!fresh) {
		let_go(end, number);
		return;
	}
	done(end, &tuple);
	if (late_synacks && new == STATE_ESTABLISHED)
		bpf_map_delete_elem(&synacks, &tuple);
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
	note_closer(&end->past, sk, old, new);
	let_go(end, number);
}

#endif
