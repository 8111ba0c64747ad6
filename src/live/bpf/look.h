/* Reading kernel structures into what the tracer gets. */
#ifndef TCPWHY_LIVE_BPF_LOOK_H
#define TCPWHY_LIVE_BPF_LOOK_H

#include "live/bpf/ends.h"

static __always_inline const struct tcp_sock *tcp_of(const struct sock *sk)
{
	return (const struct tcp_sock *)sk;
}

/* The TCP socket that a typed `sk` is, since Linux 5.9; or NULL. */
static __always_inline const struct tcp_sock *typed_tcp(const struct sock *sk)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_skc_to_tcp_sock) ?
	       (const struct tcp_sock *)bpf_skc_to_tcp_sock((void *)sk) : 0;
}

/* A member of it, with it or without. */
#define GET_TCP(tcp, sk, member) ({ \
	const struct tcp_sock *typed_ = (tcp); \
	typed_ ? typed_->member : READ(tcp_of(sk), member); \
})

static __always_inline void look_net(struct live_tuple *tuple, const struct net *net, bool typed)
{
	tuple->netns = GET(typed, net, ns.inum);
	/* Before Linux 5.12 the cookie may not be there yet. */
	tuple->net = bpf_core_field_exists(net->net_cookie) ? GET(typed, net, net_cookie) : 0;
	if (!tuple->net)
		tuple->net = tuple->netns;
}

/* An IPv4 connection of an IPv6 socket, ::ffff:a.b.c.d. */
static __always_inline void unmap(struct live_tuple *tuple)
{
	if (*(uint64_t *)tuple->local || ((uint32_t *)tuple->local)[2] != bpf_htonl(0xffff))
		return;
	tuple->version = 4;
	*(uint32_t *)tuple->local = ((uint32_t *)tuple->local)[3];
	*(uint32_t *)tuple->remote = ((uint32_t *)tuple->remote)[3];
	for (int i = 1; i < 4; i++)
		((uint32_t *)tuple->local)[i] = ((uint32_t *)tuple->remote)[i] = 0;
}

static __always_inline void look_address(uint8_t to[16], const struct in6_addr *address, bool typed)
{
	const uint64_t *words = (const uint64_t *)address->in6_u.u6_addr8;

	if (!typed) {
		bpf_core_read(to, 16, &address->in6_u);
		return;
	}
	((uint64_t *)to)[0] = words[0];
	((uint64_t *)to)[1] = words[1];
}

/* Into what is zero. Not for TIME_WAIT sockets. `typed`: see GET(). */
static __always_inline void look_tuple(struct live_tuple *tuple, const struct sock *sk, bool typed)
{
	look_net(tuple, GET(typed, sk, __sk_common.skc_net.net), typed);
	tuple->local_port = GET(typed, sk, __sk_common.skc_num);
	/* It is 0 already where a socket resets as it goes; inet_sport is not. */
	if (RARELY(!tuple->local_port))
		tuple->local_port = bpf_ntohs(READ((const struct inet_sock *)sk, inet_sport));
	tuple->remote_port = bpf_ntohs(GET(typed, sk, __sk_common.skc_dport));
	if (GET(typed, sk, __sk_common.skc_family) == FAMILY_IPV6) {
		tuple->version = 6;
		look_address(tuple->local, &sk->__sk_common.skc_v6_rcv_saddr, typed);
		look_address(tuple->remote, &sk->__sk_common.skc_v6_daddr, typed);
		unmap(tuple);
	} else {
		tuple->version = 4;
		*(uint32_t *)tuple->local = GET(typed, sk, __sk_common.skc_rcv_saddr);
		*(uint32_t *)tuple->remote = GET(typed, sk, __sk_common.skc_daddr);
	}
}

/* The tuple as the receiver of the segment sees it, and the segment. False where it cannot be read. */
static __always_inline bool look_segment(struct live_tuple *tuple, struct live_segment *segment,
                                         const struct sk_buff *skb, const struct sock *sk)
{
	unsigned char *head = READ(skb, head);
	uint16_t network = READ(skb, network_header), transport = READ(skb, transport_header);
	struct net_device *dev = READ(skb, dev);
	struct tcp_header tcp;
	uint32_t total;
	uint8_t version;

	if (bpf_probe_read_kernel(&version, 1, head + network) || bpf_probe_read_kernel(&tcp, sizeof tcp, head + transport))
		return false;
	if (version >> 4 == 4) {
		struct ipv4_header ip;

		if (bpf_probe_read_kernel(&ip, sizeof ip, head + network))
			return false;
		__builtin_memcpy(tuple->local, ip.daddr, 4);
		__builtin_memcpy(tuple->remote, ip.saddr, 4);
		total = bpf_ntohs(ip.total);
		segment->hop_limit = ip.ttl;
		tuple->version = 4;
	} else {
		struct ipv6_header ip;

		if (bpf_probe_read_kernel(&ip, sizeof ip, head + network))
			return false;
		__builtin_memcpy(tuple->local, ip.daddr, 16);
		__builtin_memcpy(tuple->remote, ip.saddr, 16);
		total = bpf_ntohs(ip.payload) + sizeof ip;
		segment->hop_limit = ip.hop_limit;
		tuple->version = 6;
	}
	/* Where the socket is known, the device is forgotten: tcp_v4_rcv(). */
	if (sk)
		look_net(tuple, READ(sk, __sk_common.skc_net.net), false);
	else if (dev)
		look_net(tuple, READ(dev, nd_net.net), false);
	tuple->local_port = bpf_ntohs(tcp.dest);
	tuple->remote_port = bpf_ntohs(tcp.source);
	segment->seq = bpf_ntohl(tcp.seq);
	segment->ack = bpf_ntohl(tcp.ack);
	segment->flags = tcp.flags;
	segment->window = bpf_ntohs(tcp.window);
	total -= (uint16_t)(transport - network) + (tcp.offset >> 4) * 4;
	segment->payload = total > 0xffff ? 0 : total;
	return true;
}

static __always_inline bool is_tcp(const struct sk_buff *skb)
{
	unsigned char *header = READ(skb, head) + READ(skb, network_header);
	uint8_t version, protocol;

	if (bpf_probe_read_kernel(&version, 1, header))
		return false;
	if (version >> 4 != 4 && version >> 4 != 6)
		return false;
	/* Behind extension headers of IPv6 nobody looks. */
	return !bpf_probe_read_kernel(&protocol, 1, header + (version >> 4 == 4 ? 9 : 6)) && protocol == PROTOCOL_TCP &&
	       READ(skb, transport_header) != 0xffff && READ(skb, transport_header) > READ(skb, network_header);
}

/* A request is a struct sock up to its common part: it has no inet_sport. */
static __always_inline void look_request(struct live_tuple *tuple, const struct sock *request)
{
	bool v6 = READ(request, __sk_common.skc_family) == FAMILY_IPV6;

	look_net(tuple, READ(request, __sk_common.skc_net.net), false);
	tuple->version = v6 ? 6 : 4;
	tuple->local_port = READ(request, __sk_common.skc_num);
	tuple->remote_port = bpf_ntohs(READ(request, __sk_common.skc_dport));
	if (v6) {
		BPF_CORE_READ_INTO(&tuple->local, request, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&tuple->remote, request, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	} else {
		BPF_CORE_READ_INTO((uint32_t *)tuple->local, request, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((uint32_t *)tuple->remote, request, __sk_common.skc_daddr);
	}
}

/* A thread has a name of its own; the process is called as its first thread is. */
static APART void look_command(char command[LIVE_COMM_MAX], struct task_struct *task)
{
	const char *name = READ(task, group_leader)->comm;

	bpf_probe_read_kernel_str(command, LIVE_COMM_MAX, name);
}

/* Since Linux 5.11 the verifier knows the type of the task at hand, which lets it be read without calls. */
#define HAS_TYPED_TASK bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)

static __always_inline struct task_struct *current_task(void)
{
	return HAS_TYPED_TASK ? bpf_get_current_task_btf() : (struct task_struct *)bpf_get_current_task();
}

/* The same of the task at hand, which most often is the first: that takes fewer readings. */
static __always_inline void look_own_command(char command[LIVE_COMM_MAX], struct task_struct *task)
{
	bool typed = HAS_TYPED_TASK;
	const uint64_t *name;

	if (GET(typed, task, pid) != GET(typed, task, tgid)) {
		look_command(command, task);
	} else if (typed) {
		name = (const uint64_t *)task->comm;
		((uint64_t *)command)[0] = name[0];
		((uint64_t *)command)[1] = name[1];
	} else {
		bpf_get_current_comm(command, LIVE_COMM_MAX);
	}
}

/* How a process ends, and who ends it. */
static APART void look_exit(struct live_process *process, const struct task_struct *task)
{
	uint32_t pid = bpf_get_current_pid_tgid() >> 32;
	struct killed *by = bpf_map_lookup_elem(&killed, &pid);

	process->exiting = 1;
	process->killer = process->killer_stack = 0;
	__builtin_memset(process->killer_command, 0, sizeof process->killer_command);
	process->exit_code = READ(task, signal, group_exit_code);
	if (!process->exit_code)
		process->exit_code = READ(task, exit_code);
	if (by && by->signal == (process->exit_code & 0x7f)) {
		process->killer = by->killer;
		process->killer_stack = by->stack;
		__builtin_memcpy(process->killer_command, by->command, sizeof by->command);
	}
}

/* All of it but what counts only where it exits, which is left as it is where it does not. */
static __always_inline void look_process(struct live_process *process)
{
	struct task_struct *task = current_task();
	bool typed = HAS_TYPED_TASK;
	uint32_t pid = GET(typed, task, tgid); /* a key, which must not lie in the event: see add_peer() */

	process->pid = pid;
	process->thread = GET(typed, task, pid);
	process->cgroup = bpf_get_current_cgroup_id();
	look_own_command(process->command, task);
	process->stack = 0;
	process->exiting = process->followed = process->made = process->padding = 0;
	if (following)
		process->followed = !!bpf_map_lookup_elem(&followed, &pid);
	if (GET(typed, task, flags) & TASK_EXITING)
		look_exit(process, task);
}

/* A subflow has no bytes of its own: what it carried is counted by the connection. */
static __always_inline void look_mptcp(struct live_socket *socket, const struct tcp_sock *tcp)
{
	const struct mptcp_subflow_context *subflow = 0;
	const struct mptcp_sock *whole = 0;

	if (!bpf_core_field_exists(whole->bytes_consumed) || !bpf_core_field_exists(subflow->conn))
		return;
	subflow = READ(tcp, inet_conn.icsk_ulp_data);
	whole = (const struct mptcp_sock *)READ(subflow, conn);
	if (!whole)
		return;
	socket->mptcp_unread = READ(whole, bytes_received) - READ(whole, bytes_consumed);
	socket->mptcp_unsent = READ(whole, write_seq) - READ(whole, snd_una);
	socket->mptcp_counted = 1;
}

static __always_inline void look_counters(struct live_socket *socket, const struct sock *sk)
{
	const struct tcp_sock *tcp = tcp_of(sk);

	socket->bytes_acked = READ(tcp, bytes_acked);
	socket->bytes_received = READ(tcp, bytes_received);
	socket->bytes_sent = READ(tcp, bytes_sent) - READ(tcp, bytes_retrans);
	socket->rcv_nxt = READ(tcp, rcv_nxt);
	socket->copied_seq = READ(tcp, copied_seq);
	socket->snd_una = READ(tcp, snd_una);
	socket->snd_nxt = READ(tcp, snd_nxt);
	socket->write_seq = READ(tcp, write_seq);
	socket->now_ticks = (uint32_t)bpf_jiffies64();
	socket->sent_ticks = READ(tcp, lsndtime);
	socket->acked_ticks = READ(tcp, rcv_tstamp);
	socket->received_ticks = READ(tcp, inet_conn.icsk_ack.lrcvtime);
	socket->total_retransmits = READ(tcp, total_retrans);
	socket->linger2 = READ(tcp, linger2);
	socket->retransmits = READ(tcp, inet_conn.icsk_retransmits);
	socket->probes = READ(tcp, inet_conn.icsk_probes_out);
	socket->timestamps = BPF_CORE_READ_BITFIELD_PROBED(tcp, rx_opt.tstamp_ok);
	socket->saw_timestamp = BPF_CORE_READ_BITFIELD_PROBED(tcp, rx_opt.saw_tstamp);
	if (bpf_core_field_exists(tcp->is_mptcp))
		socket->mptcp = READ(tcp, is_mptcp);
	if (socket->mptcp)
		look_mptcp(socket, tcp);
}

/* What is remembered of a socket, from the end of its tuple. An MPTCP socket shares that with its first subflow. */
static __always_inline void look_back(struct live_socket *socket, const struct live_tuple *tuple, bool is_mptcp)
{
	const struct end *end = find(tuple);
	struct reading reading;

	if (!end)
		return;
	reading = begin_reading(end);
	if (end->socket != socket->address && !is_mptcp)
		return;
	socket->before = end->before;
	socket->opened = end->opened;
	socket->born_ns = end->born_ns;
	socket->remembered = 1;
	socket->snd_nxt_then = end->snd_nxt;
	if (socket->opened == LIVE_OPENED_HERE) {
		socket->opener = end->opener;
		__builtin_memcpy(socket->opener_command, end->opener_command, sizeof end->opener_command);
	}
	if (is_whole(end, tuple, reading))
		return;
	socket->before = socket->opened = socket->remembered = 0;
	socket->born_ns = 0;
	socket->opener = 0;
}

/* … of one that asks for a connection. */
static __always_inline void look_back_dialing(struct live_socket *socket)
{
	const struct known *dial = dial_of(socket->address);
	bool sent = socket->state == STATE_SYN_SENT;

	if (!sent && !(dial && dial->crossed)) {
		socket->opened = LIVE_OPENED_THERE;
		return;
	}
	socket->before = sent ? STATE_CLOSE : STATE_SYN_SENT;
	socket->opened = LIVE_OPENED_HERE;
	if (!dial)
		return;
	socket->born_ns = dial->born_ns;
	socket->opener = dial->opener;
	__builtin_memcpy(socket->opener_command, dial->command, sizeof dial->command);
}

/* A full socket: neither TIME_WAIT nor a request; `tuple` is its. */
static __always_inline void look_socket(struct live_socket *socket, const struct sock *sk,
                                        const struct live_tuple *tuple)
{
	struct socket *holder = READ(sk, sk_socket);
	struct cgroup *cgroup = bpf_core_field_exists(sk->sk_cgrp_data.cgroup) ? READ(sk, sk_cgrp_data.cgroup) : 0;

	socket->address = (uint64_t)sk;
	socket->state = READ(sk, __sk_common.skc_state);
	socket->held = !!holder;
	if (holder)
		socket->inode = READ((struct socket_alloc *)holder, vfs_inode.i_ino);
	if (cgroup && !((uint64_t)cgroup & 1))
		socket->cgroup = READ(cgroup, kn, id);
	socket->uid = READ(sk, sk_uid.val);
	socket->error = READ(sk, sk_err);
	socket->shutdown = READ(sk, sk_shutdown);
	socket->linger_ticks = READ(sk, sk_lingertime);
	socket->lingers = READ(sk, __sk_common.skc_flags) >> bpf_core_enum_value(enum sock_flags, SOCK_LINGER) & 1;
	look_counters(socket, sk);
	if (socket->state == STATE_SYN_SENT || socket->state == STATE_SYN_RECV)
		look_back_dialing(socket);
	else if (socket->state != STATE_LISTEN)
		look_back(socket, tuple, READ(sk, sk_protocol) == PROTOCOL_MPTCP);
}

#endif
