/* What a process does, and from where in its program: the system call that it is in, and its stack. */
#ifndef TCPWHY_LIVE_BPF_ACT_H
#define TCPWHY_LIVE_BPF_ACT_H

#include "live/bpf/look.h"

const volatile bool wants_stacks = false;
const volatile uint32_t stacks_a_second = 0; /* and processor */

/* The loader makes it large where stacks are wanted. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} stacks SEC(".maps");

/* Stacks are numbered by each processor for itself; how many this second has had. */
struct stack_budget { uint64_t second; uint32_t used, last; };
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct stack_budget);
} stack_budgets SEC(".maps");

/* Processes that were introduced, by where their stack begins: children share it until they execute something. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, uint64_t);
	__type(value, uint32_t);
} introduced SEC(".maps");

/* What the first thread of a process that ends was doing, by pid: its memory is gone when its sockets are closed. */
struct last_stack { uint64_t signal; uint32_t number, padding; };
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, uint32_t);
	__type(value, struct last_stack);
} last_stacks SEC(".maps");

static __always_inline uint32_t next_stack(void)
{
	uint32_t zero = 0;
	struct stack_budget *budget = bpf_map_lookup_elem(&stack_budgets, &zero);
	uint64_t second = bpf_ktime_get_ns() >> 30;

	if (!budget)
		return 0;
	if (budget->second != second) {
		budget->second = second;
		budget->used = 0;
	}
	if (budget->used++ >= stacks_a_second)
		return 0;
	budget->last++;
	return budget->last << 10 | (bpf_get_smp_processor_id() & 1023);
}

#ifdef CALL_NUMBER
#if defined(__TARGET_ARCH_x86)
#define CODE_SEGMENT_64 0x33 /* __USER_CS */

static __always_inline bool is_native(const struct pt_regs *r)
{
	return (r->cs & 0xffff) == CODE_SEGMENT_64;
}

/* In the order of DWARF: System V ABI, AMD64 supplement, figure 3.36. */
static __always_inline void look_registers(struct live_stack *stack, const struct pt_regs *r)
{
	stack->registers[0] = READ(r, ax);
	stack->registers[1] = READ(r, dx);
	stack->registers[2] = READ(r, cx);
	stack->registers[3] = READ(r, bx);
	stack->registers[4] = READ(r, si);
	stack->registers[5] = READ(r, di);
	stack->registers[6] = READ(r, bp);
	stack->registers[7] = READ(r, sp);
	stack->registers[8] = READ(r, r8);
	stack->registers[9] = READ(r, r9);
	stack->registers[10] = READ(r, r10);
	stack->registers[11] = READ(r, r11);
	stack->registers[12] = READ(r, r12);
	stack->registers[13] = READ(r, r13);
	stack->registers[14] = READ(r, r14);
	stack->registers[15] = READ(r, r15);
	stack->pc = READ(r, ip);
}

/* arch/x86/entry/syscalls/syscall_64.tbl: close, dup2, dup3, close_range, shutdown, connect */
static __always_inline uint8_t made_by(long number)
{
	if (number == 3 || number == 33 || number == 292 || number == 436)
		return LIVE_MADE_CLOSE;
	return number == 48 ? LIVE_MADE_SHUTDOWN : number == 42 ? LIVE_MADE_CONNECT : LIVE_MADE_OTHER;
}
#define STACK_POINTER(r) READ(r, sp)
#else
static __always_inline bool is_native(const struct pt_regs *r)
{
	return !(r->pstate & 0x10);
}

static __always_inline void look_registers(struct live_stack *stack, const struct pt_regs *r)
{
	BPF_CORE_READ_INTO(&stack->registers, r, regs);
	stack->registers[31] = READ(r, sp);
	stack->pc = READ(r, pc);
}

/* include/uapi/asm-generic/unistd.h */
static __always_inline uint8_t made_by(long number)
{
	if (number == 57 || number == 24 || number == 436)
		return LIVE_MADE_CLOSE;
	return number == 210 ? LIVE_MADE_SHUTDOWN : number == 203 ? LIVE_MADE_CONNECT : LIVE_MADE_OTHER;
}
#define STACK_POINTER(r) READ(r, sp)
#endif

/* Copy the stack of this thread; its number, or 0. Without `copies` its process is introduced, once. */
static __always_inline uint32_t take_stack(const struct task_struct *task, const struct pt_regs *r, bool copies)
{
	uint64_t sp = STACK_POINTER(r);
	struct live_stack *stack;
	uint32_t number;

	/* A thread of the kernel, or one whose memory is gone. */
	if (!READ(task, mm))
		return 0;
	number = next_stack();
	stack = number ? bpf_ringbuf_reserve(&stacks, sizeof *stack, 0) : 0;
	if (!stack) {
		count(LIVE_COUNT_STACKS_MISSED);
		return 0;
	}
	stack->number = number;
	stack->pid = (uint32_t)READ(task, tgid);
	stack->start_stack = READ(task, mm, start_stack);
	stack->padding = 0;
	stack->bytes = 0;
	look_registers(stack, r);
	for (uint32_t i = 0; copies && i < LIVE_STACK_BYTES / LIVE_STACK_PIECE; i++) {
		if (bpf_probe_read_user(&stack->stack[i * LIVE_STACK_PIECE], LIVE_STACK_PIECE, (void *)(sp + i * LIVE_STACK_PIECE)))
			break;
		stack->bytes += LIVE_STACK_PIECE;
	}
	bpf_ringbuf_submit(stack, 0);
	return number;
}

/* The stack of the thread that runs, if it is in a system call of its own. */
static __always_inline uint32_t current_stack(void)
{
	struct task_struct *task;
	struct pt_regs *r;

	if (!has_registers || !wants_stacks)
		return 0;
	task = bpf_get_current_task_btf();
	r = (struct pt_regs *)bpf_task_pt_regs(task);
	return is_native(r) ? take_stack(task, r, true) : 0;
}

/* Of a process that acts, not of one that is only interrupted: which call it makes, and from where. */
static __always_inline void look_act(struct live_process *process)
{
	struct last_stack *last;
	struct task_struct *task;
	struct pt_regs *r;
	uint32_t pid;

	if (!has_registers)
		return;
	task = bpf_get_current_task_btf();
	r = (struct pt_regs *)bpf_task_pt_regs(task);
	if (process->exiting) {
		pid = bpf_get_current_pid_tgid() >> 32;
		last = wants_stacks ? bpf_map_lookup_elem(&last_stacks, &pid) : 0;
		if (last && last->signal == (uint64_t)READ(task, signal))
			process->stack = last->number;
		return;
	}
	if (!is_native(r))
		return;
	process->made = made_by((long)r->CALL_NUMBER);
	process->stack = current_stack();
}

/* A process that has to do with connections: it may end before anybody asks where its code lies. */
static __always_inline void introduce(void)
{
	struct task_struct *task;
	struct pt_regs *r;
	uint64_t start_stack;
	uint32_t one = 1;

	if (!has_registers || !wants_stacks)
		return;
	task = bpf_get_current_task_btf();
	start_stack = READ(task, mm, start_stack);
	if (bpf_map_update_elem(&introduced, &start_stack, &one, BPF_NOEXIST))
		return;
	r = (struct pt_regs *)bpf_task_pt_regs(task);
	take_stack(task, r, false);
}

/* sched_process_exit: before Linux 6.16 the memory of the process is gone by then. */
static __always_inline void look_end(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *r = (struct pt_regs *)bpf_task_pt_regs(task);
	uint32_t pid = bpf_get_current_pid_tgid() >> 32;
	struct last_stack last = { .signal = (uint64_t)READ(task, signal) }, *was;

	was = bpf_map_lookup_elem(&last_stacks, &pid);
	/* The thread that ends the others is the first to go; one that ends alone ends nothing. */
	if ((was && was->signal == last.signal) || !(READ(task, signal, flags) & SIGNAL_GROUP_EXIT) || !is_native(r))
		return;
	last.number = take_stack(task, r, true);
	if (last.number)
		bpf_map_update_elem(&last_stacks, &pid, &last, BPF_ANY);
}
#else
static __always_inline uint32_t current_stack(void)
{
	return 0;
}

static __always_inline void look_act(struct live_process *process)
{
	(void)process;
}

static __always_inline void introduce(void)
{
}

static __always_inline void look_end(void)
{
}
#endif

#endif
