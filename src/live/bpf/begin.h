/* How an event begins: whether there is room for one more in full, or it is counted only. */
#ifndef TCPWHY_LIVE_BPF_BEGIN_H
#define TCPWHY_LIVE_BPF_BEGIN_H

#include "live/bpf/remember.h"

/* Whether one more event of this second is handed over in full. */
static __always_inline bool within_rate(uint64_t now_ns)
{
	uint32_t zero = 0;
	struct bucket *bucket = bpf_map_lookup_elem(&buckets, &zero);
	uint64_t second = now_ns >> 30;

	if (!bucket)
		return false;
	if (bucket->second != second) {
		bucket->second = second;
		bucket->used = 0;
	}
	return bucket->used++ < shown_a_second;
}

/*
 * How much of what is handed over in a second one source has had. A storm must not crowd out what happens elsewhere,
 * whichever end of it this host is: on one port, with one host, or from everywhere to one port.
 */
struct share_key { uint8_t remote[16]; uint64_t net; uint16_t local_port, remote_port; uint32_t padding; };
struct share { uint64_t second; uint32_t used, padding; };
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct share_key);
	__type(value, struct share);
} shares SEC(".maps");

#define EIGHTHS_OF_PORT_AND_HOST 3 /* … at each end of a connection: both may be here */
#define EIGHTHS_OF_PORT 4
#define EIGHTHS_OF_HOST 7

static __always_inline bool within_share(const struct share_key *key, uint64_t second, uint32_t eighths)
{
	struct share first = { .second = second, .used = 1 }, *share = bpf_map_lookup_elem(&shares, key);

	if (!share) {
		bpf_map_update_elem(&shares, key, &first, BPF_ANY);
		return true;
	}
	if (share->second != second) {
		share->second = second;
		share->used = 0;
	}
	return share->used++ < shown_a_second / 8 * eighths;
}

static __always_inline bool is_fair(const struct live_tuple *tuple, uint64_t now_ns)
{
	struct share_key key = { .net = tuple->net };
	uint64_t second = now_ns >> 30;

	/* Small limits are for looking at what is counted only. */
	if (shown_a_second < 8)
		return true;
	__builtin_memcpy(key.remote, tuple->remote, sizeof key.remote);
	key.local_port = tuple->local_port;
	if (!within_share(&key, second, EIGHTHS_OF_PORT_AND_HOST))
		return false;
	key.local_port = 0;
	key.remote_port = tuple->remote_port;
	if (!within_share(&key, second, EIGHTHS_OF_PORT_AND_HOST))
		return false;
	key.remote_port = 0;
	if (!within_share(&key, second, EIGHTHS_OF_HOST))
		return false;
	__builtin_memset(key.remote, 0, sizeof key.remote);
	key.local_port = tuple->local_port;
	return within_share(&key, second, EIGHTHS_OF_PORT);
}

/* Too many to be shown: count it with its like. */
static __always_inline void count_only(const struct live_tuple *tuple, uint32_t kind, uint32_t reason)
{
	struct live_storm_key key = { 0 };
	uint64_t one = 1, *value;

	count(LIVE_COUNT_SAMPLED_OUT);
	__builtin_memcpy(key.remote, tuple->remote, sizeof key.remote);
	key.netns = tuple->netns;
	key.reason = reason;
	key.local_port = tuple->local_port;
	key.version = (uint8_t)tuple->version;
	key.kind = (uint8_t)kind;
	value = bpf_map_lookup_elem(&storm, &key);
	if (value)
		__sync_fetch_and_add(value, 1);
	else if (bpf_map_update_elem(&storm, &key, &one, BPF_ANY))
		count(LIVE_COUNT_MAP_FULL);
}

/* An event to be filled, or NULL; counts either way. */
static __always_inline struct live_event *begin(const struct live_tuple *tuple, uint32_t kind, uint32_t reason)
{
	uint64_t now = bpf_ktime_get_ns();
	struct live_event *event;

	if (only_netns && tuple->netns != only_netns)
		return 0;
	if (kind == LIVE_SENT || kind == LIVE_RECEIVED)
		count(kind == LIVE_SENT ? LIVE_COUNT_SENT : LIVE_COUNT_RECEIVED);
	if (!is_fair(tuple, now) || !within_rate(now)) {
		count_only(tuple, kind, reason);
		return 0;
	}
	event = bpf_ringbuf_reserve(&events, sizeof *event, 0);
	if (!event) {
		count(LIVE_COUNT_LOST);
		count_only(tuple, kind, reason);
		return 0;
	}
	__builtin_memset(event, 0, sizeof *event);
	event->time_ns = now;
	event->kind = kind;
	event->reason = reason;
	event->tuple = *tuple;
	event->has_tuple = 1;
	look_process(&event->process);
	return event;
}

#endif
