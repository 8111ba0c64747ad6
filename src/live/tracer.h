/*
 * The programs in the kernel, loaded and attached, and what they tell. Everything is held by file descriptors of this
 * process: when it ends, however it ends, nothing is left attached. Several tracers do not disturb each other.
 */
#ifndef TCPWHY_LIVE_TRACER_H
#define TCPWHY_LIVE_TRACER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "live/dropped.h"
#include "live/reasons.h"

struct tracer;

struct tracer_options {
	uint32_t netns;           /* inode number of the only network namespace; 0: all */
	bool calls;               /* tell of calls that fail, of followed processes: runs at every send and receive */
	bool stacks;              /* copy the stack of user space with what processes do; see tracer_on_stack() */
	bool counts_states;       /* know of changes of state that were not seen, too: they are many; see tracer_counts() */
	uint32_t shown_a_second;  /* events a second and processor in full; the rest is counted. 0: TRACER_SHOWN */
};

#define TRACER_SHOWN 1000

/* NULL on failure: STATUS_IO where rights are missing or the verifier refused, STATUS_UNSUPPORTED for the kernel. */
struct tracer *tracer_open(const struct tracer_options *options, struct error *error);
/* Give up the rights that it took to load and attach; but_to_look: keep those to look at other processes. */
void tracer_drop_rights(bool but_to_look);
/* Whether this process sees others by the numbers that the kernel's events have: not so in a PID namespace. */
bool tracer_knows_pids(void);
/* Follow this process, and from now on its children: live_process.followed. False where the map is full. */
bool tracer_follow(struct tracer *tracer, uint32_t pid);
bool tracer_follows(const struct tracer *tracer, uint32_t pid);

typedef void tracer_event_fn(void *user, const struct live_event *event);
/*
 * Hand over what has happened, waiting up to `timeout_ms` for it. STATUS_OK, STATUS_IDLE when nothing came or a signal
 * did, STATUS_IO.
 */
enum status tracer_poll(struct tracer *tracer, int timeout_ms, struct error *error);
void tracer_on_event(struct tracer *tracer, tracer_event_fn *fn, void *user);
/* Stacks come by a way of their own, at once, but not always before the event that names them. */
typedef void tracer_stack_fn(void *user, const struct live_stack *stack);
void tracer_on_stack(struct tracer *tracer, tracer_stack_fn *fn, void *user);

const struct reasons *tracer_reasons(const struct tracer *tracer);
/* tcp_send_reset speaks of RSTs without a socket, too (since Linux 6.10). */
bool tracer_sees_no_socket(const struct tracer *tracer);
/* Segments that netfilter dropped, and RSTs that TCP ignored, are seen (since Linux 5.17). */
bool tracer_sees_drops(const struct tracer *tracer);
/* A SIGPIPE is tied to the socket that was written to (since Linux 5.15). */
bool tracer_sees_pipes(const struct tracer *tracer);
/* Stacks can be copied (since Linux 5.15). */
bool tracer_sees_stacks(const struct tracer *tracer);
/* tracer_owners() can answer (since Linux 5.8). */
bool tracer_finds_owners(const struct tracer *tracer);
struct btf;
/* Arguments of a raw tracepoint, the hidden first one not counted; -1 where the kernel has no such tracepoint. */
int tracer_arguments(const struct btf *btf, const char *tracepoint);
/*
 * The sums over all processors. What the programs were not run for is among LIVE_COUNT_MAP_FULL: it is found some 20 ms
 * later, by tracer_poll().
 */
void tracer_counts(const struct tracer *tracer, uint64_t ret_counts[LIVE_COUNTS]);

/* Why nobody knows whether the programs were run for each event; "" where it is known. */
const char *tracer_uncounted(const struct tracer *tracer);

/* What is remembered of segments that netfilter dropped, at the place of those of this sender; zeros: nothing. */
void tracer_dropped(const struct tracer *tracer, const struct live_tuple *sender, struct live_dropped *ret_dropped);

struct storm_row {
	struct live_storm_key key;
	uint64_t count;
};
/* What was counted only since the last call: the largest `max` rows, unordered; returns how many. */
size_t tracer_storm(struct tracer *tracer, struct storm_row *rows, size_t max);

/* A socket, as live_socket names it. */
struct tracer_held {
	uint64_t address, inode;
};
/* A process that holds a socket. */
struct tracer_owner {
	uint64_t socket;          /* live_socket.address */
	uint32_t pid, fd;
	char command[LIVE_COMM_MAX];
};
/*
 * Who holds these sockets: the first holder of each, in no order; returns how many were found. Walks all open files of
 * the host (bpf_iter task), the first 65536 of a process, so ask for many at once. 0 where this kernel cannot tell.
 */
size_t tracer_owners(struct tracer *tracer, const struct tracer_held *sockets, size_t count,
                     struct tracer_owner *owners);

/* NULL is allowed. */
void tracer_close(struct tracer *tracer);

#endif
