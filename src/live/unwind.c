#include "live/unwind.h"

#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unwinder {
	Dwfl *dwfl;
	char *maps;
	const struct foreign *foreign;
	uint32_t pid;
	const struct live_stack *stack;  /* that is being unwound … */
	struct call_stack *frames;       /* … into this */
};

/* Debug information is looked for on this host only: the standard search of libdw may ask servers. */
static char debug_folder[] = "/usr/lib/debug", *debug_path = debug_folder;

static int find_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *file,
                          const char *link, GElf_Word crc, char **ret_name)
{
	return dwfl_build_id_find_debuginfo(module, data, name, base, file, link, crc, ret_name);
}

/* Only what is the file that was mapped tells of it. */
static int find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, char **ret_name, Elf **ret_elf)
{
	struct unwinder *unwinder = *data;
	const char *line = unwinder ? unwinder->maps : NULL;
	struct mapped_file file;
	int fd;

	(void)module, (void)ret_elf;
	while (line && (line = mapped_file_read(&file, line)))
		if (file.path_len && file.start == base)
			break;
	if (!line)
		return -1;
	fd = foreign_get(unwinder->foreign, file.inode);
	if (fd < 0)
		fd = mapped_file_open(&file, name);
	if (fd >= 0)
		*ret_name = strdup(name);
	return fd;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = find_elf, .find_debuginfo = find_debuginfo, .debuginfo_path = &debug_path,
};

static pid_t next_thread(Dwfl *dwfl, void *user, void **thread)
{
	(void)dwfl;
	if (*thread)
		return 0;
	*thread = user;
	return (pid_t)((struct unwinder *)user)->pid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *user, void **thread)
{
	(void)dwfl, (void)tid;
	*thread = user;
	return true;
}

#if defined(__x86_64__)
#define REGISTERS 17        /* the last of them is where the call returns to */
#define STACK_POINTER 7
#else
#define REGISTERS 32
#define STACK_POINTER 31
#endif

static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret_word, void *user)
{
	const struct live_stack *stack = ((struct unwinder *)user)->stack;
	uint64_t at = address - stack->registers[STACK_POINTER];

	(void)dwfl;
	if (at >= stack->bytes || stack->bytes - at < sizeof *ret_word)
		return false;
	memcpy(ret_word, &stack->stack[at], sizeof *ret_word);
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *user)
{
	const struct live_stack *stack = ((struct unwinder *)user)->stack;
	Dwarf_Word registers[REGISTERS];

	for (unsigned i = 0; i < REGISTERS; i++)
		registers[i] = i < LIVE_REGISTERS && i != 16 ? stack->registers[i] : stack->pc;
#if !defined(__x86_64__)
	registers[16] = stack->registers[16];
#endif
	dwfl_thread_state_register_pc(thread, stack->pc);
	return dwfl_thread_state_registers(thread, 0, REGISTERS, registers);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread, .get_thread = get_thread, .memory_read = read_memory,
	.set_initial_registers = set_registers,
};

static int adopt(Dwfl_Module *module, void **user, const char *name, Dwarf_Addr base, void *unwinder)
{
	(void)module, (void)name, (void)base;
	*user = unwinder;
	return DWARF_CB_OK;
}

struct unwinder *unwinder_new(uint32_t pid, const char *maps, const struct foreign *foreign)
{
	struct unwinder *unwinder = calloc(1, sizeof *unwinder);
	FILE *file = NULL;

	if (!unwinder)
		return NULL;
	unwinder->pid = pid;
	unwinder->foreign = foreign;
	unwinder->maps = strdup(maps);
	unwinder->dwfl = dwfl_begin(&callbacks);
	if (unwinder->maps && unwinder->dwfl && *unwinder->maps)
		file = fmemopen(unwinder->maps, strlen(unwinder->maps), "r");
	if (!file) {
		unwinder_free(unwinder);
		return NULL;
	}
	dwfl_report_begin(unwinder->dwfl);
	dwfl_linux_proc_maps_report(unwinder->dwfl, file);
	fclose(file);
	dwfl_report_end(unwinder->dwfl, NULL, NULL);
	dwfl_getmodules(unwinder->dwfl, adopt, unwinder, 0);
	dwfl_attach_state(unwinder->dwfl, NULL, (pid_t)pid, &thread_callbacks, unwinder);
	return unwinder;
}

/* A symbol that only lies before it names another function. */
static void name_function(struct stack_frame *frame, Dwfl_Module *module, Dwarf_Addr address)
{
	GElf_Sym symbol;
	GElf_Off offset;
	const char *name = dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);

	if (name && offset < symbol.st_size)
		snprintf(frame->function, sizeof frame->function, "%s", name);
}

/* Clang leaves no table of which unit of compilation is where: they are all asked. */
static const char *search_line(Dwfl_Module *module, Dwarf_Addr address, int *ret_number)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;
	Dwarf_Line *line;

	while ((unit = dwfl_module_nextcu(module, unit, &bias))) {
		if (dwarf_haspc(unit, address - bias) <= 0)
			continue;
		line = dwarf_getsrc_die(unit, address - bias);
		return line && dwarf_lineno(line, ret_number) == 0 ? dwarf_linesrc(line, NULL, NULL) : NULL;
	}
	return NULL;
}

static void name_line(struct stack_frame *frame, Dwfl_Module *module, Dwarf_Addr address)
{
	Dwfl_Line *line = dwfl_module_getsrc(module, address);
	int number = 0;
	const char *file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL)
	                        : search_line(module, address, &number);

	if (!file || number <= 0)
		return;
	snprintf(frame->file, sizeof frame->file, "%s", file);
	frame->line = (uint32_t)number;
}

static void describe(struct stack_frame *frame, Dwfl *dwfl, Dwarf_Addr address)
{
	Dwfl_Module *module = dwfl_addrmodule(dwfl, address);
	Dwarf_Addr start = 0, bias = 0;
	const char *name = module ? dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL) : NULL;

	*frame = (struct stack_frame){ .offset = address };
	if (!name)
		return;
	snprintf(frame->module, sizeof frame->module, "%s", name);
	frame->offset = address - (dwfl_module_getelf(module, &bias) ? bias : start);
	name_function(frame, module, address);
	name_line(frame, module, address);
}

static int take_frame(Dwfl_Frame *frame, void *user)
{
	struct unwinder *unwinder = user;
	struct call_stack *stack = unwinder->frames;
	bool activation;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(frame, &pc, &activation))
		return DWARF_CB_ABORT;
	if (stack->count == FRAMES_MAX) {
		stack->gap = STACK_CUT;
		return DWARF_CB_ABORT;
	}
	/* What a call returns to may be the next line, or another function. */
	describe(&stack->frames[stack->count++], unwinder->dwfl, activation ? pc : pc - 1);
	return DWARF_CB_OK;
}

void unwinder_walk(struct unwinder *unwinder, const struct live_stack *stack, struct call_stack *ret_stack)
{
	ret_stack->count = 0;
	ret_stack->gap = STACK_WHOLE;
	unwinder->stack = stack;
	unwinder->frames = ret_stack;
	if (dwfl_getthread_frames(unwinder->dwfl, (pid_t)unwinder->pid, take_frame, unwinder) < 0)
		ret_stack->gap = STACK_CUT;
	/* Nobody knows how to go on from where it is. */
	if (!ret_stack->count) {
		describe(&ret_stack->frames[0], unwinder->dwfl, stack->pc);
		ret_stack->count = 1;
		ret_stack->gap = STACK_CUT;
	}
	unwinder->stack = NULL;
	unwinder->frames = NULL;
}

void unwinder_free(struct unwinder *unwinder)
{
	if (!unwinder)
		return;
	if (unwinder->dwfl)
		dwfl_end(unwinder->dwfl);
	free(unwinder->maps);
	free(unwinder);
}
