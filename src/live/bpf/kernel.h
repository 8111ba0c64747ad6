/*
 * The few kernel types that the programs read, with the few members that they read. CO-RE finds the real offsets in the
 * BTF of the running kernel, so order and size do not matter, names do.
 */
#ifndef TCPWHY_LIVE_BPF_KERNEL_H
#define TCPWHY_LIVE_BPF_KERNEL_H

#include "live/event.h"

typedef uint8_t __u8;
typedef uint16_t __u16;
typedef uint32_t __u32;
typedef uint64_t __u64;
typedef int32_t __s32;
typedef short __s16;
typedef long long __s64;
typedef uint16_t __be16;
typedef uint32_t __be32;
typedef uint32_t __wsum;
typedef _Bool bool;
#define false 0
#define true 1

enum bpf_map_type_used { /* include/uapi/linux/bpf.h */
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY, BPF_NOEXIST, BPF_EXIST };
#define BPF_F_MMAPABLE (1u << 10)
struct bpf_raw_tracepoint_args { __u64 args[0]; };

enum bpf_func_id { BPF_FUNC_skc_to_tcp_sock = 137, BPF_FUNC_get_current_task_btf = 158 };

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

/* A function of its own: what is rare stays out of the way of what is not. */
#define APART __noinline __attribute__((unused))

#define RARELY(condition) __builtin_expect(!!(condition), 0)

#define READ(...) BPF_CORE_READ(__VA_ARGS__)
/* The same of what the verifier knows the type of, which takes no call: `typed` is a constant. */
#define GET(typed, pointer, member) ((typed) ? (pointer)->member : READ(pointer, member))

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common { unsigned int inum; };
struct net { struct ns_common ns; __u64 net_cookie; };
typedef struct { struct net *net; } possible_net_t;
struct in6_addr { union { __u8 u6_addr8[16]; } in6_u; };

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned long skc_flags;
};

struct inode { unsigned long i_ino; };
struct socket { struct file *file; struct sock *sk; };
struct socket_alloc { struct socket socket; struct inode vfs_inode; };
struct kernfs_node { __u64 id; };
struct cgroup { struct kernfs_node *kn; };
struct sock_cgroup_data { struct cgroup *cgroup; };
typedef struct { unsigned int val; } kuid_t;

struct sock {
	struct sock_common __sk_common;
	int sk_err;
	struct socket *sk_socket;
	kuid_t sk_uid;
	__u16 sk_protocol;
	__u8 sk_shutdown;
	unsigned long sk_lingertime;
	struct sock_cgroup_data sk_cgrp_data;
};

struct inet_sock { struct sock sk; __be16 inet_sport; };
struct inet_connection_sock {
	struct inet_sock icsk_inet;
	__u8 icsk_retransmits;
	__u8 icsk_probes_out;
	void *icsk_ulp_data;
	struct { __u32 lrcvtime; } icsk_ack;
};

struct tcp_options_received { __u16 saw_tstamp : 1, tstamp_ok : 1; };

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 copied_seq, rcv_nxt, snd_nxt, snd_una, write_seq, lsndtime, rcv_tstamp, total_retrans;
	struct tcp_options_received rx_opt;
	__u64 bytes_received, bytes_acked, bytes_sent, bytes_retrans;
	int linger2;
	__u64 tcp_clock_cache;
	bool is_mptcp;
};

struct mptcp_subflow_context { struct sock *conn; };
struct mptcp_sock { __u64 write_seq, snd_una, bytes_received, bytes_consumed; };

struct net_device { possible_net_t nd_net; };
struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned char *head;
	__u16 transport_header, network_header;
};

struct signal_struct { int group_exit_code; unsigned int flags; };
struct mm_struct { unsigned long start_stack; };
struct file { void *private_data; };
struct fdtable { unsigned int max_fds; struct file **fd; };
struct files_struct { struct fdtable *fdt; };
typedef struct { unsigned long sig[1]; } sigset_t;
struct task_struct {
	sigset_t blocked;
	struct files_struct *files;
	struct mm_struct *mm;
	unsigned int flags;
	int exit_code;
	int pid, tgid;
	char comm[LIVE_COMM_MAX];
	struct signal_struct *signal;
	struct task_struct *group_leader;
};

enum sock_flags { SOCK_LINGER = 4 };

/* The registers with which a program entered the kernel: the first argument of the system call is its descriptor. */
#if defined(__TARGET_ARCH_x86)
struct pt_regs { unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, sp; };
#define FIRST_ARGUMENT di
#define CALL_NUMBER orig_ax
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs { __u64 regs[31], sp, pc, pstate, orig_x0; int syscallno; };
#define FIRST_ARGUMENT orig_x0
#define CALL_NUMBER syscallno
#endif

struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; };
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; };

#pragma clang attribute pop

/* Headers as they are on the wire. */
struct ipv4_header {
	__u8 version_ihl, tos;
	__be16 total;
	__u8 id_fragment[4], ttl, protocol;
	__be16 sum;
	__u8 saddr[4], daddr[4];
};
struct ipv6_header { __be32 class_label; __be16 payload; __u8 next, hop_limit, saddr[16], daddr[16]; };
struct tcp_header { __be16 source, dest; __be32 seq, ack; __u8 offset, flags; __be16 window, sum, urgent; };

#define FAMILY_IPV4 2     /* AF_INET */
#define FAMILY_IPV6 10    /* AF_INET6 */
#define PROTOCOL_TCP 6
#define PROTOCOL_MPTCP 262
#define TASK_EXITING 0x4  /* PF_EXITING, include/linux/sched.h */
#define SIGNAL_GROUP_EXIT 0x4 /* include/linux/sched/signal.h */
#define ERROR_ABORTED 103 /* ECONNABORTED: destroyed by a process, ss -K */
#define SEND_SHUTDOWN 2   /* include/net/sock.h */
#define SIGNAL_KILL 9
#define SIGNAL_PIPE 13
#define FLAG_RST 0x04

#endif
