#include "live/tracer.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/capability.h>

#include "base/clock.h"
#include "base/text.h"
#include "live/bpf/reset.skel.h"
#include "live/refusal.h"
#include "live/unseen.h"

#define OWNERS_BATCH 64
#define FDS_A_PASS 1024  /* FDS_MAX of live/bpf/reset.bpf.c */
#define FDS_SEEN 65536
#define STACK_RING_BYTES (8u << 20)
#define STACKS_A_SECOND 200 /* and processor */

struct tracer {
	struct reset_bpf *skeleton;
	struct ring_buffer *ring, *stack_ring; /* the latter NULL where no stacks are wanted */
	struct reasons reasons;
	tracer_event_fn *fn;
	void *user;
	tracer_stack_fn *stack_fn;
	void *stack_user;
	bool sees_no_socket;
	int processors;
	struct unseen *unseen;
	struct error uncounted;       /* why that is NULL */
};

int tracer_arguments(const struct btf *btf, const char *tracepoint)
{
	char name[64];
	const struct btf_type *type;
	int id;

	snprintf(name, sizeof name, "btf_trace_%s", tracepoint);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -1;
	type = btf__type_by_id(btf, btf__type_by_id(btf, (unsigned)id)->type);
	type = type && btf_is_ptr(type) ? btf__type_by_id(btf, type->type) : NULL;
	return type && btf_is_func_proto(type) ? btf_vlen(type) - 1 : -1;
}

/* Which reasons for a drop are of interest, by this kernel's numbers. */
static void read_drops(struct reset_bpf *skeleton, const struct btf *btf)
{
	static const struct {
		const char *name;
		uint8_t meaning;
	} known[] = {
		{ "SKB_DROP_REASON_NETFILTER_DROP", LIVE_DROP_NETFILTER },
		{ "SKB_DROP_REASON_TCP_INVALID_SEQUENCE", LIVE_IGNORED_WINDOW },
		{ "SKB_DROP_REASON_TCP_OLD_SEQUENCE", LIVE_IGNORED_WINDOW },
		{ "SKB_DROP_REASON_TCP_INVALID_END_SEQUENCE", LIVE_IGNORED_WINDOW },
		{ "SKB_DROP_REASON_TCP_RESET", LIVE_IGNORED_CHALLENGE },
		{ "SKB_DROP_REASON_TCP_MD5NOTFOUND", LIVE_IGNORED_UNSIGNED },
		{ "SKB_DROP_REASON_TCP_MD5FAILURE", LIVE_IGNORED_UNSIGNED },
		{ "SKB_DROP_REASON_TCP_AONOTFOUND", LIVE_IGNORED_UNSIGNED },
		{ "SKB_DROP_REASON_TCP_AOFAILURE", LIVE_IGNORED_UNSIGNED },
	};
	int id = btf__find_by_name_kind(btf, "skb_drop_reason", BTF_KIND_ENUM);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (unsigned)id) : NULL;

	for (unsigned i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_enum *member = btf_enum(type) + i;
		const char *name = btf__name_by_offset(btf, member->name_off);

		for (size_t k = 0; k < sizeof known / sizeof *known; k++)
			if ((uint32_t)member->val < sizeof skeleton->rodata->drop_meaning && strcmp(name, known[k].name) == 0)
				skeleton->rodata->drop_meaning[member->val] = known[k].meaning;
	}
}

/* What depends on the kernel that runs. */
static void adapt(struct tracer *tracer, const struct btf *btf, const struct tracer_options *options)
{
	struct reset_bpf *skeleton = tracer->skeleton;
	bool has_reason = tracer_arguments(btf, "tcp_send_reset") >= 3;

	reasons_read(&tracer->reasons, btf);
	tracer->sees_no_socket = skeleton->rodata->has_reason = has_reason;
	if (getrandom((void *)&skeleton->rodata->secret, sizeof skeleton->rodata->secret, GRND_NONBLOCK) < 0)
		skeleton->rodata->secret = (uint64_t)clock_monotonic();
	skeleton->rodata->only_netns = options->netns;
	skeleton->rodata->counts_states = options->counts_states;
	skeleton->rodata->tick_ns = (uint64_t)clock_tick();
	skeleton->rodata->shown_a_second = options->shown_a_second ? options->shown_a_second : TRACER_SHOWN;
	skeleton->rodata->has_registers =
		libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_task_pt_regs, NULL) == 1;
	skeleton->rodata->wants_stacks = options->stacks;
	skeleton->rodata->stacks_a_second = STACKS_A_SECOND;
	if (options->stacks)
		bpf_map__set_max_entries(skeleton->maps.stacks, STACK_RING_BYTES);
	if (!options->stacks) {
		bpf_program__set_autoload(skeleton->progs.on_exit, false);
		bpf_map__set_max_entries(skeleton->maps.introduced, 1);
		bpf_map__set_max_entries(skeleton->maps.last_stacks, 1);
	}
	skeleton->rodata->has_drop_socket = tracer_arguments(btf, "kfree_skb") >= 4;
	if (tracer_arguments(btf, "kfree_skb") < 3)
		bpf_program__set_autoload(skeleton->progs.on_drop, false);
	else
		read_drops(skeleton, btf);
	if (!options->calls || tracer_arguments(btf, "sock_send_length") < 0) {
		bpf_program__set_autoload(skeleton->progs.on_send, false);
		bpf_program__set_autoload(skeleton->progs.on_receive, false);
	}
	if (tracer_arguments(btf, "tcp_retransmit_synack") < 0)
		bpf_program__set_autoload(skeleton->progs.on_synack, false);
	if (tracer_arguments(btf, "inet_sk_error_report") < 0)
		bpf_program__set_autoload(skeleton->progs.on_error, false);
	if (btf__find_by_name_kind(btf, "bpf_iter__task", BTF_KIND_STRUCT) < 0)
		bpf_program__set_autoload(skeleton->progs.on_task, false);
}

/* What an event names has to be there when it is told. */
static void take_stacks(struct tracer *tracer)
{
	if (tracer->stack_ring)
		ring_buffer__consume(tracer->stack_ring);
}

static int on_ring(void *context, void *data, size_t size)
{
	struct tracer *tracer = context;
	const struct live_event *event = data;

	if (size < sizeof *event || !tracer->fn)
		return 0;
	if (event->process.stack)
		take_stacks(tracer);
	tracer->fn(tracer->user, event);
	return 0;
}

static int on_stack_ring(void *context, void *data, size_t size)
{
	struct tracer *tracer = context;

	if (size >= sizeof(struct live_stack) && tracer->stack_fn)
		tracer->stack_fn(tracer->stack_user, data);
	return 0;
}

/* False where some cannot be read, for which 0 stands: older kernels want the rights for it that were given up. */
static bool read_counts(const struct tracer *tracer, uint64_t ret_counts[LIVE_COUNTS])
{
	int fd = bpf_map__fd(tracer->skeleton->maps.counts);
	uint64_t *each = calloc((size_t)tracer->processors, sizeof *each);
	bool all = each;

	memset(ret_counts, 0, LIVE_COUNTS * sizeof *ret_counts);
	for (uint32_t i = 0; each && i < LIVE_COUNTS; i++) {
		if (bpf_map_lookup_elem(fd, &i, each) == 0)
			for (int cpu = 0; cpu < tracer->processors; cpu++)
				ret_counts[i] += each[cpu];
		else
			all = false;
	}
	free(each);
	return all;
}

static bool read_runs(void *user, uint64_t ret_runs[LIVE_RUNS])
{
	uint64_t counts[LIVE_COUNTS];

	if (!read_counts(user, counts))
		return false;
	for (size_t run = 0; run < LIVE_RUNS; run++)
		ret_runs[run] = counts[LIVE_COUNT_RUNS + run];
	return true;
}

/*
 * Beside the programs, so after them, and with the descriptors that nothing else here needs: what cannot be counted is
 * no reason not to trace.
 */
static void count_unseen(struct tracer *tracer, const struct tracer_options *options)
{
	const struct reset_bpf *skeleton = tracer->skeleton;
	const bool wanted[LIVE_RUNS] = {
		[LIVE_RUN_SENT] = true, [LIVE_RUN_RECEIVED] = true, [LIVE_RUN_ERROR] = skeleton->links.on_error,
		[LIVE_RUN_STATE] = options->counts_states,
	};

	tracer->unseen = unseen_open(wanted, read_runs, tracer, &tracer->uncounted);
}

/* 0 or a negative errno. */
static int load(struct tracer *tracer, const struct btf *btf, const struct tracer_options *options)
{
	int code;

	tracer->skeleton = reset_bpf__open();
	if (!tracer->skeleton)
		return -errno;
	adapt(tracer, btf, options);
	code = reset_bpf__load(tracer->skeleton);
	if (!code)
		code = reset_bpf__attach(tracer->skeleton);
	if (code)
		return code;
	if (options->stacks) {
		tracer->stack_ring = ring_buffer__new(bpf_map__fd(tracer->skeleton->maps.stacks), on_stack_ring, tracer, NULL);
		if (!tracer->stack_ring)
			return -errno;
	}
	tracer->ring = ring_buffer__new(bpf_map__fd(tracer->skeleton->maps.events), on_ring, tracer, NULL);
	if (!tracer->ring)
		return -errno;
	count_unseen(tracer, options);
	return 0;
}

struct tracer *tracer_open(const struct tracer_options *options, struct error *error)
{
	struct tracer *tracer = calloc(1, sizeof *tracer);
	struct btf *btf;
	int code;

	if (!tracer) {
		error_set(error, STATUS_MEMORY, "%s", _("out of memory"));
		return NULL;
	}
	refusal_listen();
	tracer->processors = libbpf_num_possible_cpus();
	btf = btf__load_vmlinux_btf();
	if (libbpf_get_error(btf)) {
		error_set(error, STATUS_UNSUPPORTED, "%s",
		          _("this kernel does not describe its types: no /sys/kernel/btf/vmlinux, which CONFIG_DEBUG_INFO_BTF "
		            "makes"));
		free(tracer);
		return NULL;
	}
	code = load(tracer, btf, options);
	btf__free(btf);
	if (code) {
		refusal_set(code, error);
		tracer_close(tracer);
		return NULL;
	}
	return tracer;
}

void tracer_drop_rights(bool but_to_look)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct own[2] = { 0 }, kept[2] = { 0 };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (but_to_look && syscall(SYS_capget, &header, own) == 0)
		kept[0].permitted = kept[0].effective = own[0].effective & (1u << CAP_SYS_PTRACE | 1u << CAP_DAC_READ_SEARCH);
	syscall(SYS_capset, &header, kept);
}

bool tracer_knows_pids(void)
{
	struct stat own;

	/* PROC_PID_INIT_INO of linux/proc_ns.h, which user space sees, too. */
	return stat("/proc/self/ns/pid", &own) != 0 || own.st_ino == 0xEFFFFFFC;
}

bool tracer_follow(struct tracer *tracer, uint32_t pid)
{
	uint32_t one = 1;

	tracer->skeleton->bss->following = true;
	return bpf_map_update_elem(bpf_map__fd(tracer->skeleton->maps.followed), &pid, &one, BPF_ANY) == 0;
}

bool tracer_follows(const struct tracer *tracer, uint32_t pid)
{
	uint32_t value;

	return bpf_map_lookup_elem(bpf_map__fd(tracer->skeleton->maps.followed), &pid, &value) == 0;
}

enum status tracer_poll(struct tracer *tracer, int timeout_ms, struct error *error)
{
	struct pollfd rings[] = {
		{ .fd = ring_buffer__epoll_fd(tracer->ring), .events = POLLIN },
		{ .fd = tracer->stack_ring ? ring_buffer__epoll_fd(tracer->stack_ring) : -1, .events = POLLIN },
	};
	int got = poll(rings, sizeof rings / sizeof *rings, timeout_ms);

	if (got < 0)
		got = -errno;
	take_stacks(tracer);
	if (got > 0)
		got = ring_buffer__consume(tracer->ring);
	if (got < 0 && got != -EINTR)
		return error_set(error, STATUS_IO, _("cannot read the kernel's events: %s"), strerror(-got));
	if (tracer->unseen)
		unseen_look(tracer->unseen, clock_monotonic());
	return got > 0 ? STATUS_OK : STATUS_IDLE;
}

void tracer_on_event(struct tracer *tracer, tracer_event_fn *fn, void *user)
{
	tracer->fn = fn;
	tracer->user = user;
}

void tracer_on_stack(struct tracer *tracer, tracer_stack_fn *fn, void *user)
{
	tracer->stack_fn = fn;
	tracer->stack_user = user;
}

const struct reasons *tracer_reasons(const struct tracer *tracer)
{
	return &tracer->reasons;
}

bool tracer_sees_no_socket(const struct tracer *tracer)
{
	return tracer->sees_no_socket;
}

bool tracer_sees_drops(const struct tracer *tracer)
{
	return tracer->skeleton->links.on_drop;
}

bool tracer_sees_pipes(const struct tracer *tracer)
{
	return tracer->skeleton->rodata->has_registers;
}

bool tracer_sees_stacks(const struct tracer *tracer)
{
	return tracer->skeleton->rodata->has_registers;
}

bool tracer_finds_owners(const struct tracer *tracer)
{
	return tracer->skeleton->links.on_task;
}

const char *tracer_uncounted(const struct tracer *tracer)
{
	return tracer->unseen ? "" : tracer->uncounted.text;
}

/* How often a program did not run because it would have interrupted itself (since Linux 5.12). */
static uint64_t misses(const struct bpf_program *program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof info;

	return bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) == 0 ? info.recursion_misses : 0;
}

void tracer_counts(const struct tracer *tracer, uint64_t ret_counts[LIVE_COUNTS])
{
	const struct reset_bpf *skeleton = tracer->skeleton;

	read_counts(tracer, ret_counts);
	ret_counts[LIVE_COUNT_MAP_FULL] += unseen_count(tracer->unseen) + misses(skeleton->progs.on_drop);
	if (!tracer->unseen || !skeleton->rodata->counts_states)
		ret_counts[LIVE_COUNT_MAP_FULL] += misses(skeleton->progs.on_state);
	if (!tracer->unseen)
		ret_counts[LIVE_COUNT_MAP_FULL] += misses(skeleton->progs.on_send_reset) +
			misses(skeleton->progs.on_receive_reset) + misses(skeleton->progs.on_error);
}

void tracer_dropped(const struct tracer *tracer, const struct live_tuple *sender, struct live_dropped *ret_dropped)
{
	uint32_t place = live_dropped_place(sender);

	if (bpf_map_lookup_elem(bpf_map__fd(tracer->skeleton->maps.drops), &place, ret_dropped) != 0)
		*ret_dropped = (struct live_dropped){ 0 };
}

size_t tracer_storm(struct tracer *tracer, struct storm_row *rows, size_t max)
{
	int fd = bpf_map__fd(tracer->skeleton->maps.storm);
	struct live_storm_key key;
	size_t count = 0;

	/* What the kernel counts between reading and deleting a row would be lost: both are one call. */
	while (bpf_map_get_next_key(fd, NULL, &key) == 0) {
		struct storm_row row = { key, 0 };
		size_t smallest = 0;

		if (bpf_map_lookup_and_delete_elem(fd, &key, &row.count) != 0)
			break;
		if (count < max) {
			rows[count++] = row;
			continue;
		}
		for (size_t i = 1; i < count; i++)
			if (rows[i].count < rows[smallest].count)
				smallest = i;
		if (max && rows[smallest].count < row.count)
			rows[smallest] = row;
	}
	return count;
}

/* Read one pass over all open files. */
static size_t read_owners(int fd, struct tracer_owner *owners, size_t max)
{
	struct tracer_owner one;
	size_t count = 0, filled = 0;
	ssize_t got;

	while ((got = read(fd, (char *)&one + filled, sizeof one - filled)) > 0) {
		bool again = false;

		filled += (size_t)got;
		if (filled < sizeof one)
			continue;
		filled = 0;
		for (size_t i = 0; i < count; i++)
			again |= owners[i].socket == one.socket;
		if (!again && count < max)
			owners[count++] = one;
	}
	return count;
}

size_t tracer_owners(struct tracer *tracer, const struct tracer_held *sockets, size_t count,
                     struct tracer_owner *owners)
{
	int map = bpf_map__fd(tracer->skeleton->maps.wanted), fd;
	struct bpf_link *link = tracer->skeleton->links.on_task;
	struct reset_bpf__bss *data = tracer->skeleton->bss;
	size_t found = 0;

	if (!link || !count)
		return 0;
	count = count < OWNERS_BATCH ? count : OWNERS_BATCH;
	for (size_t i = 0; i < count; i++)
		bpf_map_update_elem(map, &sockets[i].address, &sockets[i].inode, BPF_ANY);
	data->first_fd = 0;
	do {
		data->more_fds = 0;
		fd = bpf_iter_create(bpf_link__fd(link));
		if (fd < 0)
			break;
		found += read_owners(fd, owners + found, count - found);
		close(fd);
		data->first_fd += FDS_A_PASS;
	} while (found < count && data->more_fds && data->first_fd < FDS_SEEN);
	for (size_t i = 0; i < count; i++)
		bpf_map_delete_elem(map, &sockets[i].address);
	return found;
}

void tracer_close(struct tracer *tracer)
{
	if (!tracer)
		return;
	unseen_close(tracer->unseen);
	ring_buffer__free(tracer->ring);
	ring_buffer__free(tracer->stack_ring);
	reset_bpf__destroy(tracer->skeleton);
	free(tracer);
}
