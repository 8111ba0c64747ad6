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
	uint64_t now = bpf_ktime_get_boot_ns();
	struct live_event *event;

	if (only_netns && tuple->netns != only_netns)
		return 0;
	if (kind == LIVE_SENT || kind == LIVE_RECEIVED)
		count(kind == LIVE_SENT ? LIVE_COUNT_SENT : LIVE_COUNT_RECEIVED);
	if (!within_rate(now)) {
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
