/* What the programs remember, bounded each: the least recently used entry goes when a map is full. */
#ifndef TCPWHY_LIVE_BPF_MAPS_H
#define TCPWHY_LIVE_BPF_MAPS_H

#include "live/bpf/kernel.h"

#define RING_BYTES (4u << 20)

/* Of the pass over all descriptors: where it begins in each process; whether any process has more. */
uint32_t first_fd, more_fds;

/* Set by the loader before the programs are verified. */
const volatile uint32_t only_netns = 0;       /* 0: every network namespace */
const volatile bool has_reason = false;       /* tcp_send_reset has a third argument */
const volatile uint32_t shown_a_second = 0;   /* events a second and CPU in full */
const volatile bool has_drop_socket = false;  /* kfree_skb tells which socket dropped */
const volatile bool has_registers = false;    /* bpf_task_pt_regs() is there */
#define DROP_REASONS 128
const volatile uint8_t drop_meaning[DROP_REASONS] = { 0 }; /* by skb_drop_reason: enum live_ignored or netfilter */

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LIVE_COUNTS);
	__type(key, uint32_t);
	__type(value, uint64_t);
} counts SEC(".maps");

/* How many events this second has had. */
struct bucket { uint64_t second, used; };
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct bucket);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct live_storm_key);
	__type(value, uint64_t);
} storm SEC(".maps");

/* A socket, by the address of its struct sock. */
struct known {
	uint64_t born_ns, changed_ns;
	uint32_t snd_nxt, opener;
	char opener_command[LIVE_COMM_MAX];
	uint8_t before, opened, reset, padding[5];
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, uint64_t);
	__type(value, struct known);
} known SEC(".maps");

/* Both ends of a connection that are on this host, alive or not. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct live_tuple);
	__type(value, struct live_past);
} past SEC(".maps");

/* In which network namespace an end is: its tuple without one. Namespaces may use the same addresses. */
struct home { uint64_t net, ambiguous_ns; uint32_t netns, padding; };
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct live_tuple);
	__type(value, struct home);
} homes SEC(".maps");

/* Segments that netfilter dropped, by the tuple of who sent them, without a network namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct live_tuple);
	__type(value, struct live_drop);
} drops SEC(".maps");

/* How often a SYN-ACK was sent again, by the tuple of who sent it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct live_tuple);
	__type(value, uint32_t);
} synacks SEC(".maps");

struct port { uint32_t netns; uint32_t port; };
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct port);
	__type(value, struct live_listener);
} listeners SEC(".maps");

/* The signal that ends a process: who sent it. */
struct killed { uint32_t killer, signal, stack; char command[LIVE_COMM_MAX]; };
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, uint32_t);
	__type(value, struct killed);
} killed SEC(".maps");

/* Processes that are asked for, and their children. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, uint32_t);
	__type(value, uint32_t);
} followed SEC(".maps");

/* Sockets whose holder is looked for, with the inode numbers of their files: addresses are soon used again. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, uint64_t);
	__type(value, uint64_t);
} wanted SEC(".maps");

static __always_inline void count(uint32_t what)
{
	uint64_t *value = bpf_map_lookup_elem(&counts, &what);

	if (value)
		(*value)++;
}

#endif
