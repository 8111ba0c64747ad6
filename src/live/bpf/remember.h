/* What is kept of ends and listeners, for resets that come later. */
#ifndef TCPWHY_LIVE_BPF_REMEMBER_H
#define TCPWHY_LIVE_BPF_REMEMBER_H

#include "live/bpf/act.h"

/* After this time two namespaces with the same addresses are no longer mistaken for each other. */
#define AMBIGUOUS_NS 60000000000ull

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

static __always_inline bool is_ambiguous(const struct home *home)
{
	return home->ambiguous_ns && bpf_ktime_get_boot_ns() - home->ambiguous_ns < AMBIGUOUS_NS;
}

static __always_inline void remember_reset(const struct live_tuple *tuple, const struct sock *sk, uint8_t direction)
{
	struct live_past *past_of = bpf_map_lookup_elem(&past, tuple);
	uint64_t address = (uint64_t)sk;
	struct known *was = bpf_map_lookup_elem(&known, &address);

	if (past_of) {
		past_of->reset = direction;
		if (direction == 1)
			past_of->rst_ns = bpf_ktime_get_boot_ns();
	}
	if (was)
		was->reset = direction;
}

/* An answer to a segment ends nothing that lives, but whoever gets it will know that a kernel made it. */
static __always_inline void remember_answer(const struct live_tuple *tuple)
{
	struct live_past *past_of = bpf_map_lookup_elem(&past, tuple);

	if (past_of)
		past_of->rst_ns = bpf_ktime_get_boot_ns();
}

static __always_inline void remember_listener(const struct sock *sk, bool opened)
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

/* A connection began: note where this end of it is. */
static __always_inline void settle(struct live_tuple *tuple)
{
	struct home home = { tuple->net, 0, tuple->netns, 0 }, *was;
	struct live_past *other;

	bpf_map_delete_elem(&synacks, tuple);
	tuple->net = 0;
	tuple->netns = 0;
	was = bpf_map_lookup_elem(&homes, tuple);
	if (was)
		home.ambiguous_ns = was->ambiguous_ns;
	if (was && was->net != home.net) {
		tuple->net = was->net;
		tuple->netns = was->netns;
		other = bpf_map_lookup_elem(&past, tuple);
		/* An orphan goes with its namespace, and nobody says so. */
		if (other && other->state != STATE_CLOSE && !other->fin_ns)
			home.ambiguous_ns = bpf_ktime_get_boot_ns();
		tuple->net = 0;
		tuple->netns = 0;
	}
	if (bpf_map_update_elem(&homes, tuple, &home, BPF_ANY))
		count(LIVE_COUNT_MAP_FULL);
}

/* A RST that came in, a timer or ICMP ended it, not the process that runs: that is only interrupted. */
static __always_inline bool is_ended_from_outside(const struct sock *sk, const struct known *is, int new)
{
	int error = READ(sk, sk_err);

	return new == STATE_CLOSE && (is->reset == 2 || (error && error != ERROR_ABORTED));
}

/*
 * What is remembered of an end: when it began, that a FIN is about to be sent or that there is nothing left to send
 * one, and whose doing that was.
 */
static __always_inline void remember(const struct sock *sk, const struct known *is, int old, int new)
{
	bool closes = new == STATE_FIN_WAIT1 || new == STATE_LAST_ACK || new == STATE_CLOSE;
	struct live_past one = { 0 }, *was;
	struct live_tuple tuple = { 0 };

	look_tuple(&tuple, sk);
	was = bpf_map_lookup_elem(&past, &tuple);
	/* What an older connection of the same ports left is not this one's. */
	if (was && !was->end_ns && (new != STATE_ESTABLISHED || old == STATE_ESTABLISHED))
		one = *was;
	one.born_ns = is->born_ns;
	one.opened = is->opened;
	one.reset = is->reset;
	one.state = (uint8_t)new;
	if (new == STATE_ESTABLISHED) {
		one.first = READ(tcp_of(sk), snd_nxt);
		one.counted = 1;
	}
	if (new == STATE_CLOSE) {
		one.end_ns = is->changed_ns;
		one.last = (uint8_t)old;
		one.error = READ(sk, sk_err);
	} else if (closes) {
		one.fin_ns = is->changed_ns;
		one.fin_end = READ(tcp_of(sk), write_seq) + 1;
	}
	if (closes && !one.closer.pid) {
		one.from = (uint8_t)old;
		if (!is_ended_from_outside(sk, is, new)) {
			look_process(&one.closer);
			look_act(&one.closer);
			/* close() shuts down both directions. */
			if (!one.closer.exiting && READ(sk, sk_shutdown) == SEND_SHUTDOWN)
				one.closer.made = LIVE_MADE_SHUTDOWN;
		}
	}
	if (bpf_map_update_elem(&past, &tuple, &one, BPF_ANY))
		count(LIVE_COUNT_MAP_FULL);
	if (new == STATE_ESTABLISHED)
		settle(&tuple);
}

#endif
