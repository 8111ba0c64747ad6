/*
 * The programs in the kernel. Raw tracepoints, which take a NULL argument for what it is; where none can be NULL and it
 * counts, typed ones. None of them runs for a segment of a healthy connection: they hang on resets, errors, changes of
 * state, deadly signals and the ends of processes.
 */
#include "live/bpf/begin.h"

char LICENSE[] SEC("license") = "GPL";

/*
 * What the other end has done, if it is on this host. The tuple is that of the event, on the stack: before Linux 6.6 no
 * map takes a key out of a ring buffer.
 */
static __always_inline void add_peer(struct live_event *event, const struct live_tuple *tuple, const struct end *own)
{
	struct live_tuple peer;
	struct found found;

	turn(&peer, tuple);
	found = find_anywhere(&peer, own);
	event->ambiguous = found.shared || find_anywhere(tuple, 0).shared;
	if (!found.end)
		return;
	event->has_peer = copy_past(&event->peer, found.end, &peer);
	event->peer_elsewhere = found.end->tuple.net != tuple->net;
}

static __always_inline void add_past(struct live_event *event, const struct live_tuple *tuple)
{
	struct port port = { tuple->netns, tuple->local_port };
	struct live_listener *listener = bpf_map_lookup_elem(&listeners, &port);
	const struct end *end = find(tuple);

	if (end)
		event->has_past = copy_past(&event->past, end, tuple);
	event->forgot_ticks = end && !event->has_past ? 0 : forgot_ticks(tuple);
	if (listener) {
		event->listener = *listener;
		event->has_listener = 1;
	}
	add_peer(event, tuple, end);
}

/* tcp_send_reset(sk, skb, reason): sk may be NULL, a listener, or TIME_WAIT; skb is NULL for an active one. */
SEC("raw_tp/tcp_send_reset")
int on_send_reset(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sock *sk = (const struct sock *)ctx->args[0];
	const struct sk_buff *skb = (const struct sk_buff *)ctx->args[1];
	uint32_t reason = has_reason ? (uint32_t)ctx->args[2] : 0xffffffff;
	uint8_t state = sk ? READ(sk, __sk_common.skc_state) : 0;
	bool full = sk && state != STATE_TIME_WAIT && state != STATE_NEW_SYN_RECV;
	struct live_tuple tuple = { 0 };
	struct live_segment segment = { 0 };
	struct live_event *event;

	count(LIVE_COUNT_RUNS + LIVE_RUN_SENT);
	if (skb) {
		if (!look_segment(&tuple, &segment, skb, sk))
			return 0;
	} else if (sk) {
		look_tuple(&tuple, sk, false);
	} else {
		return 0;
	}
	event = begin(&tuple, LIVE_SENT, reason);
	if (event) {
		event->passive = !!skb;
		if (!skb)
			look_act(&event->process);
		event->state = state;
		event->segment = segment;
		event->has_segment = !!skb;
		if (full) {
			look_socket(&event->socket, sk, &tuple);
			event->has_socket = 1;
		}
		add_past(event, &tuple);
		if (skb && full && state != STATE_LISTEN)
			event->past.reset = 0; /* that was this very answer, see tcp_reset() */
		if (skb) {
			uint32_t *again = bpf_map_lookup_elem(&synacks, &tuple);

			event->synacks = !again ? 0 : *again > 255 ? 255 : *again;
		}
		bpf_ringbuf_submit(event, 0);
	}
	if (skb)
		remember_answer(&tuple);
	else
		remember_reset(&tuple, sk, 1);
	return 0;
}

SEC("raw_tp/tcp_receive_reset")
int on_receive_reset(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sock *sk = (const struct sock *)ctx->args[0];
	struct live_tuple tuple = { 0 };
	struct live_event *event;

	count(LIVE_COUNT_RUNS + LIVE_RUN_RECEIVED);
	look_tuple(&tuple, sk, false);
	event = begin(&tuple, LIVE_RECEIVED, 0xffffffff);
	if (event) {
		event->state = READ(sk, __sk_common.skc_state);
		look_socket(&event->socket, sk, &tuple);
		event->has_socket = 1;
		add_past(event, &tuple);
		bpf_ringbuf_submit(event, 0);
	}
	remember_reset(&tuple, sk, 2);
	return 0;
}

/* An error that a program will get. Fires without one, too. */
SEC("raw_tp/inet_sk_error_report")
int on_error(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sock *sk = (const struct sock *)ctx->args[0];
	uint16_t protocol = READ(sk, sk_protocol);
	struct live_tuple tuple = { 0 };
	struct live_event *event;

	count(LIVE_COUNT_RUNS + LIVE_RUN_ERROR);
	if (!READ(sk, sk_err) || (protocol != PROTOCOL_TCP && protocol != PROTOCOL_MPTCP))
		return 0;
	look_tuple(&tuple, sk, false);
	event = begin(&tuple, LIVE_ERROR, 0xffffffff);
	if (!event)
		return 0;
	event->state = READ(sk, __sk_common.skc_state);
	look_socket(&event->socket, sk, &tuple);
	event->has_socket = 1;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * Up to ten times for each connection of this host, so it does least of all: the verifier knows the type of its socket,
 * which is never NULL, and lets it be read without calls. Nobody asks when a FIN was acknowledged, nor for the child of
 * a listener before the handshake is done: it is born as a copy of its listener, which goes on.
 */
SEC("tp_btf/inet_sock_set_state")
int on_state(uint64_t *ctx)
{
	const struct sock *sk = (const struct sock *)ctx[0];
	int old = (int)ctx[1], new = (int)ctx[2];
	uint16_t protocol = sk->sk_protocol;

	if (counts_states)
		count(LIVE_COUNT_RUNS + LIVE_RUN_STATE);
	if (new == old || new == STATE_FIN_WAIT2 || new == STATE_CLOSING || (new == STATE_SYN_RECV && old != STATE_SYN_SENT) ||
	    (protocol != PROTOCOL_TCP && protocol != PROTOCOL_MPTCP))
		return 0;
	if (new == STATE_LISTEN || (old == STATE_LISTEN && new == STATE_CLOSE))
		remember_listener(sk, new == STATE_LISTEN);
	else if (protocol == PROTOCOL_MPTCP)
		remember_mptcp(sk, old, new);
	else if (new == STATE_SYN_SENT)
		remember_dial(ctx[0]);
	else if (new == STATE_SYN_RECV)
		note_crossing(ctx[0]);
	else
		remember(sk, ctx[0], old, new);
	return 0;
}

/* The TCP socket that the current system call writes to; NULL where it is a pipe, or cannot be told. */
static __always_inline const struct sock *written_to(uint32_t *ret_fd)
{
#ifdef FIRST_ARGUMENT
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *registers = (struct pt_regs *)bpf_task_pt_regs(task);
	struct file **files = READ(task, files, fdt, fd), *file = 0;
	struct socket *socket;
	const struct sock *sk;

	*ret_fd = (uint32_t)READ(registers, FIRST_ARGUMENT);
	if (*ret_fd >= READ(task, files, fdt, max_fds) || bpf_probe_read_kernel(&file, sizeof file, files + *ret_fd) || !file)
		return 0;
	socket = READ(file, private_data);
	if (!socket || READ(socket, file) != file)
		return 0;
	sk = READ(socket, sk);
	return sk && READ(sk, sk_protocol) == PROTOCOL_TCP ? sk : 0;
#else
	*ret_fd = 0;
	return 0;
#endif
}

/* A blocked signal is delivered to nobody, whether it is ignored or not: it waits. */
static __always_inline bool blocks(struct task_struct *task, int signal)
{
	unsigned long mask = BPF_CORE_READ(task, blocked.sig[0]);

	return mask >> (signal - 1) & 1;
}

static __always_inline void tell_pipe(int result)
{
	struct live_tuple tuple = { 0 };
	const struct sock *sk;
	struct live_event *event;
	uint32_t fd = 0;

	sk = has_registers ? written_to(&fd) : 0;
	if (!sk)
		return;
	look_tuple(&tuple, sk, false);
	event = begin(&tuple, LIVE_SIGPIPE, 0xffffffff);
	if (!event)
		return;
	event->result = result;
	event->state = blocks((struct task_struct *)bpf_get_current_task(), SIGNAL_PIPE);
	event->fd = fd;
	look_act(&event->process);
	bpf_ringbuf_submit(event, 0);
}

/* signal_generate(sig, info, task, group, result) */
SEC("raw_tp/signal_generate")
int on_signal(struct bpf_raw_tracepoint_args *ctx)
{
	int signal = (int)ctx->args[0], result = (int)ctx->args[4];
	struct task_struct *task = (struct task_struct *)ctx->args[2];
	uint32_t pid = READ(task, tgid);
	struct killed by = { 0 };

	if (signal == SIGNAL_PIPE) {
		tell_pipe(result);
		return 0;
	}
	/* What does not end processes by itself is not remembered: SIGCHLD, SIGWINCH, SIGURG, SIGCONT and the stops. */
	if (result || signal >= 17)
		return 0;
	by.signal = (uint32_t)signal;
	by.killer = bpf_get_current_pid_tgid() >> 32;
	look_command(by.command, (struct task_struct *)bpf_get_current_task());
	if (by.killer != pid)
		by.stack = current_stack();
	bpf_map_update_elem(&killed, &pid, &by, BPF_ANY);
	return 0;
}

/* On its way in a segment may have a socket already: that of its receiver. */
static __always_inline bool sent_by(const struct sock *sk, const struct live_tuple *receiver)
{
	uint8_t state = READ(sk, __sk_common.skc_state);
	struct live_tuple own = { 0 };

	if (state == STATE_TIME_WAIT || state == STATE_NEW_SYN_RECV)
		return false;
	look_tuple(&own, sk, false);
	return own.local_port == receiver->remote_port && own.remote_port == receiver->local_port;
}

/*
 * kfree_skb(skb, location, reason): segments that are thrown away. Healthy ones are not (they are consumed), so this
 * does not run for them. Of interest: what netfilter drops, for a RST that follows may be its REJECT; and RSTs that
 * TCP ignores.
 */
SEC("raw_tp/kfree_skb")
int on_drop(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sk_buff *skb = (const struct sk_buff *)ctx->args[0];
	uint32_t reason = (uint32_t)ctx->args[2];
	uint8_t meaning = reason < DROP_REASONS ? drop_meaning[reason] : 0;
	struct live_tuple tuple = { 0 };
	struct live_segment segment = { 0 };
	const struct sock *sk;

	if (!meaning)
		return 0;
	/* TCP has taken the device from it by then. */
	sk = has_drop_socket ? (const struct sock *)ctx->args[3] : 0;
	if (!sk)
		sk = READ(skb, sk);
	if (!is_tcp(skb) || !look_segment(&tuple, &segment, skb, sk))
		return 0;
	if (meaning == LIVE_DROP_NETFILTER) {
		struct live_dropped dropped = {
			.drop = {
				.time_ns = bpf_ktime_get_ns(), .netns = tuple.netns, .out = sk && sent_by(sk, &tuple),
			},
		};

		turn(&dropped.sender, &tuple);
		remember_drop(&dropped);
	} else if (segment.flags & FLAG_RST) {
		struct live_event *event = begin(&tuple, LIVE_IGNORED, meaning);

		if (!event)
			return 0;
		event->segment = segment;
		event->has_segment = 1;
		if (sk) {
			/* Where these reasons come from a socket is a full one: tcp_validate_incoming(). */
			look_socket(&event->socket, sk, &tuple);
			event->has_socket = 1;
		}
		add_past(event, &tuple);
		bpf_ringbuf_submit(event, 0);
	}
	return 0;
}

/* tcp_retransmit_synack(sk, req) */
SEC("raw_tp/tcp_retransmit_synack")
int on_synack(struct bpf_raw_tracepoint_args *ctx)
{
	struct live_tuple tuple = { 0 };
	uint32_t one = 1, *value;

	late_synacks = true;
	look_request(&tuple, (const struct sock *)ctx->args[1]);
	value = bpf_map_lookup_elem(&synacks, &tuple);
	if (value)
		__sync_fetch_and_add(value, 1);
	else
		bpf_map_update_elem(&synacks, &tuple, &one, BPF_ANY);
	return 0;
}

static __always_inline int failed_call(const struct sock *sk, int result, uint8_t call)
{
	uint32_t pid = bpf_get_current_pid_tgid() >> 32;
	struct live_tuple tuple = { 0 };
	struct live_event *event;

	/* EAGAIN is no failure; only processes that are followed are asked for. */
	if (result >= 0 || result == -11 || !bpf_map_lookup_elem(&followed, &pid) ||
	    READ(sk, sk_protocol) != PROTOCOL_TCP)
		return 0;
	look_tuple(&tuple, sk, false);
	event = begin(&tuple, LIVE_CALL, 0xffffffff);
	if (!event)
		return 0;
	event->state = call;
	event->result = result;
	look_act(&event->process);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* sock_send_length(sk, result, flags) */
SEC("raw_tp/sock_send_length")
int on_send(struct bpf_raw_tracepoint_args *ctx)
{
	return failed_call((const struct sock *)ctx->args[0], (int)ctx->args[1], LIVE_CALL_SEND);
}

SEC("raw_tp/sock_recv_length")
int on_receive(struct bpf_raw_tracepoint_args *ctx)
{
	return failed_call((const struct sock *)ctx->args[0], (int)ctx->args[1], LIVE_CALL_RECEIVE);
}

/* Only where stacks are wanted. */
SEC("raw_tp/sched_process_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	(void)ctx;
	if (has_registers && wants_stacks)
		look_end();
	return 0;
}

/* Children of processes that are followed are followed. */
SEC("raw_tp/sched_process_fork")
int on_fork(struct bpf_raw_tracepoint_args *ctx)
{
	uint32_t parent, child, one = 1;

	if (!following)
		return 0;
	parent = READ((struct task_struct *)ctx->args[0], tgid);
	child = READ((struct task_struct *)ctx->args[1], tgid);
	if (parent != child && bpf_map_lookup_elem(&followed, &parent) &&
	    bpf_map_update_elem(&followed, &child, &one, BPF_ANY))
		count(LIVE_COUNT_MAP_FULL);
	return 0;
}

/* Who holds a socket: struct tracer_owner of live/tracer.h. */
struct owner { uint64_t socket; uint32_t pid, fd; char command[LIVE_COMM_MAX]; };

/* Descriptors of a process that are looked at in one pass, as many as the verifier lets a loop have. */
#define FDS_MAX 1024
/* The kernel makes room for them by 64 at least. */
#define FDS_AT_ONCE 8

/*
 * The socket of a file, if it is one that is wanted. The files are read without being held: bpf_iter task_file holds
 * each that it visits, and then what a program closes at that moment is closed by the tracer, later and in its name.
 */
static __always_inline void tell_owner(struct bpf_iter__task *ctx, struct task_struct *task, struct file *file,
                                       uint32_t fd)
{
	struct socket *socket = READ(file, private_data);
	struct owner owner = { .fd = fd };
	uint64_t *inode;

	if (!socket || READ(socket, file) != file)
		return;
	owner.socket = (uint64_t)READ(socket, sk);
	inode = bpf_map_lookup_elem(&wanted, &owner.socket);
	if (!inode || *inode != READ((struct socket_alloc *)socket, vfs_inode.i_ino))
		return;
	owner.pid = (uint32_t)task->tgid;
	BPF_CORE_READ_STR_INTO(&owner.command, task, comm);
	bpf_seq_write(ctx->meta->seq, &owner, sizeof owner);
}

SEC("iter/task")
int on_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct file **files, *some[FDS_AT_ONCE];
	uint32_t max;

	if (!task || task->pid != task->tgid)
		return 0;
	files = READ(task, files, fdt, fd);
	max = READ(task, files, fdt, max_fds);
	for (uint32_t fd = 0; fd < FDS_MAX && first_fd + fd < max; fd += FDS_AT_ONCE) {
		if (bpf_probe_read_kernel(some, sizeof some, files + first_fd + fd))
			break;
		for (uint32_t i = 0; i < FDS_AT_ONCE; i++)
			if (some[i])
				tell_owner(ctx, task, some[i], first_fd + fd + i);
	}
	if (max > first_fd + FDS_MAX)
		more_fds = 1;
	return 0;
}
