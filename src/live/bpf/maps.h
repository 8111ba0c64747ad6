/* What the programs remember, bounded each: what was used or has changed longest ago goes when there is no room. */
#ifndef TCPWHY_LIVE_BPF_MAPS_H
#define TCPWHY_LIVE_BPF_MAPS_H

#include "live/bpf/kernel.h"
#include "live/dropped.h"

#define RING_BYTES (4u << 20)

/* Of the pass over all descriptors: where it begins in each process; whether any process has more. */
uint32_t first_fd, more_fds;

/* Set by the loader before the programs are verified. */
const volatile uint32_t only_netns = 0;       /* 0: every network namespace */
const volatile bool has_reason = false;       /* tcp_send_reset has a third argument */
const volatile uint64_t secret = 0;           /* of the hashes of tuples */
const volatile uint64_t tick_ns = 0;          /* a jiffy */
const volatile uint32_t shown_a_second = 0;   /* events a second and CPU in full */
const volatile bool has_drop_socket = false;  /* kfree_skb tells which socket dropped */
const volatile bool has_registers = false;    /* bpf_task_pt_regs() is there */
const volatile bool counts_states = false;    /* the runs of on_state are counted */
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

/*
 * Sockets, each at the place that a hash of the address of its struct sock selects: who called connect(), for a socket
 * has its port only after its state; and which end is its. Another may take the place: then the end is found by its
 * tuple, and who opened it is not known.
 */
#define SOCKETS 8192 /* a power of two */
struct known {
	uint64_t socket;                /* 0: nothing, or being written */
	uint64_t born_ns;               /* of connect() */
	uint64_t seal;                  /* of all of that but what may change: see seal_of() */
	uint32_t number;                /* of its end; 0: none yet */
	uint32_t opener;
	char command[LIVE_COMM_MAX];    /* of the opener */
	uint8_t dials;                  /* it called connect(): what is said of that counts */
	uint8_t reset;                  /* while it did: as live_past */
	uint8_t crossed;                /* its SYN and that of its peer crossed */
	uint8_t padding[13];            /* a line of the cache */
};
static struct known sockets[SOCKETS] __attribute__((aligned(64)));

/*
 * Both ends of a connection that are on this host, alive or not, in a ring: the one that began longest ago goes. What
 * is used together lies together, for fetching memory takes longer than all else. How they are written and read while
 * others do so: see ends.h; what is told of them: copy_past().
 */
#define ENDS 32768 /* a power of two */
struct end {
	/* The first line of the cache: how it is found. */
	struct live_tuple tuple;        /* version 0: nothing */
	uint32_t made_ticks;            /* jiffies */
	uint32_t padding;
	/* The second: what each change of state looks at or writes. What has no comment here has one in live_past. */
	uint64_t socket;                /* address of its struct sock */
	uint64_t born_ns;
	uint32_t number;                /* the how manieth end it is; 0: nothing */
	uint32_t begun, made;           /* how often somebody began to write it anew, and who was done with it */
	uint32_t changes;               /* that were finished */
	uint32_t spoiled;               /* what is here is not to be trusted */
	uint32_t snd_nxt;               /* when it was established, or its peer closed */
	uint32_t awaits;                /* sequence number of the first byte of its peer; where `counted` */
	uint32_t first;
	uint16_t remote_port;
	uint8_t changing;               /* it is being changed */
	uint8_t opened;
	uint8_t state, before, from, last;
	/* From here on zero at birth. What lies in the other lines is left as it is then: has_… tells that it counts. */
	uint8_t reset, counted, partial;
	uint8_t has_fin, has_end, has_closer, has_rst;
	uint8_t more_padding;
	/* The third: how it ends. */
	uint64_t fin_ns;
	union {
		uint64_t end_ns;
		uint64_t fin_ticks;     /* until has_end: jiffies when the FIN was made ready */
	};
	uint32_t fin_end;
	int32_t error;                  /* where has_end */
	struct live_process closer;     /* … up to what counts of a process that exits only */
	/* The fourth. */
	uint64_t rst_ns;
	char opener_command[LIVE_COMM_MAX]; /* where `opened` here */
	uint32_t opener;
	uint32_t last_padding;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE); /* begins where a page does */
	__uint(max_entries, ENDS);
	__type(key, uint32_t);
	__type(value, struct end);
} ends SEC(".maps");

/* The end that began last. Written at each, so by itself in its lines of the cache. */
struct { uint32_t number, padding[31]; } last __attribute__((aligned(128))) = { 0 };

/*
 * Where ends are: for each hash of a tuple the place of the end that was entered last, from which links lead back to
 * those before. So little is written at a birth, and in so few lines of the cache, that it waits for no memory.
 */
#define HEADS 8192 /* a power of two */
static uint16_t heads[HEADS];
struct link {
	uint32_t tags;                  /* of the end that has this place in the ring: see tags_of() */
	uint16_t lap;                   /* of the ring, in which it was entered */
	uint16_t older;                 /* as a head: ENTERED and a place, or 0 */
};
static struct link links[ENDS] __attribute__((aligned(64)));
#define TUPLE_TAG 0xffff0000
#define BOTH_TAGS 0xffffffff
#define ENTERED 0x8000
#define SOME_MAY_BE 1 /* entries, where no search goes */
_Static_assert(ENDS <= ENTERED, "a head tells a place");

/* Jiffies when an end was lost, though the ring had room for it; 0: never. */
static uint64_t lost_ticks;

/* What most hosts never meet need not be looked for. */
bool late_synacks = false; /* a SYN-ACK was sent again */
bool crossing = false;     /* two SYNs crossed */
bool following = false;    /* set by the loader: there are processes that are asked for */

/* Segments that netfilter dropped, each at the place that the tuple of its sender selects. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DROPPED);
	__type(key, uint32_t);
	__type(value, struct live_dropped);
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
