#include "report/stack.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "report/layout.h"

#define ROWS_MAX 16384

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "write() at client.c:12 (/usr/bin/client+0x11a9)" */
static void add_frame(struct buffer *out, const struct stack_frame *frame)
{
	if (frame->function[0]) {
		layout_name(out, frame->function);
		buffer_puts(out, "()");
	}
	if (frame->file[0]) {
		buffer_puts(out, out->len ? _(" at ") : "");
		layout_name(out, frame->file);
		buffer_printf(out, ":%" PRIu32, frame->line);
	}
	if (frame->function[0] || frame->file[0])
		buffer_puts(out, " (");
	layout_name(out, frame->module);
	buffer_printf(out, "%s0x%" PRIx64, frame->module[0] ? "+" : "", frame->offset);
	if (frame->function[0] || frame->file[0])
		buffer_puts(out, ")");
}

static const char *gap_text(enum stack_gap gap)
{
	switch (gap) {
	case STACK_CUT: return _("… and what had called that, which is not known");
	case STACK_NONE: return _("no stack was taken: too many at once, not in user space, or an exit before Linux 6.16");
	case STACK_FORGOTTEN: return _("too long ago: the stack is no longer kept");
	case STACK_TOO_LATE: return _("the process was gone before its memory map could be read");
	case STACK_WHOLE: break;
	}
	return "";
}

static const char *gap_id(enum stack_gap gap)
{
	static const char *const ids[] = { NULL, "cut", "none", "forgotten", "too-late" };

	return ids[gap];
}

void stack_rows(struct buffer *out, const struct report_style *style, const char *label,
                const struct call_stack *stack)
{
	struct buffer rows = BUFFER_INIT(ROWS_MAX), row = BUFFER_INIT(ROWS_MAX);

	if (!stack)
		return;
	for (unsigned i = 0; i < stack->count; i++) {
		buffer_reset(&row);
		add_frame(&row, &stack->frames[i]);
		buffer_printf(&rows, "%s%s", rows.len ? "\n" : "", buffer_text(&row));
	}
	if (stack->gap != STACK_WHOLE)
		buffer_printf(&rows, "%s%s", rows.len ? "\n" : "", gap_text(stack->gap));
	layout_rows(out, style, label, buffer_text(&rows));
	buffer_clear(&rows);
	buffer_clear(&row);
}

/* What every program calls, and none is. */
static bool is_library(const struct stack_frame *frame)
{
	const char *name = base_name(frame->module);

	return strncmp(name, "lib", 3) == 0 || strncmp(name, "ld-", 3) == 0 || !name[0];
}

void stack_brief(struct buffer *out, const struct call_stack *stack)
{
	const struct stack_frame *own = NULL;

	for (unsigned i = 0; stack && !own && i < stack->count; i++)
		if (!is_library(&stack->frames[i]))
			own = &stack->frames[i];
	if (!own)
		return;
	buffer_puts(out, _(" in "));
	layout_name(out, own->function[0] ? own->function : base_name(own->module));
	buffer_puts(out, own->function[0] ? "()" : "");
	if (own->file[0]) {
		buffer_puts(out, " (");
		layout_name(out, base_name(own->file));
		buffer_printf(out, ":%" PRIu32 ")", own->line);
	} else if (own->function[0]) {
		buffer_puts(out, " (");
		layout_name(out, base_name(own->module));
		buffer_printf(out, "+0x%" PRIx64 ")", own->offset);
	} else {
		buffer_printf(out, "+0x%" PRIx64, own->offset);
	}
}

static json_t *frame_json(const struct stack_frame *frame)
{
	json_t *object = json_object();

	json_put(object, "module", json_text(frame->module[0] ? frame->module : NULL));
	json_put(object, "offset", json_integer((json_int_t)frame->offset));
	json_put(object, "function", json_text(frame->function[0] ? frame->function : NULL));
	json_put(object, "file", json_text(frame->file[0] ? frame->file : NULL));
	json_put(object, "line", frame->file[0] ? json_integer(frame->line) : json_null());
	return object;
}

static json_t *frames_json(const struct call_stack *stack)
{
	json_t *frames = json_array();

	for (unsigned i = 0; i < stack->count; i++)
		json_array_append_new(frames, frame_json(&stack->frames[i]));
	return frames;
}

void stack_put(json_t *object, const struct actor *actor)
{
	if (actor->stack) {
		json_put(object, "stack", frames_json(actor->stack));
		json_put(object, "stack_gap", json_text(gap_id(actor->stack->gap)));
	}
	if (actor->killer_stack) {
		json_put(object, "killer_stack", frames_json(actor->killer_stack));
		json_put(object, "killer_stack_gap", json_text(gap_id(actor->killer_stack->gap)));
	}
}
