/* --pause: before each step, what the last one brought, and what comes next. */
#include <stdio.h>

#include "cli/cmd_lab.h"
#include "lab/wire.h"

static void add_flags(char *text, size_t size, uint16_t flags)
{
	static const struct { uint16_t flag; const char *name; } names[] = {
		{ LAB_SYN, " SYN" }, { LAB_FIN, " FIN" }, { LAB_RST, " RST" }, { LAB_ACK, " ACK" },
	};
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof names / sizeof *names && len < size; i++)
		if (flags & names[i].flag)
			len += (size_t)snprintf(text + len, size - len, "%s", names[i].name);
}

static void print_frame(const struct lab_frame *frame)
{
	char src[ENDPOINT_TEXT_MAX], dst[ENDPOINT_TEXT_MAX], flags[32];
	struct segment segment;

	if (!wire_segment(frame->bytes, frame->len, &segment)) {
		printf("    ICMP%s\n", frame->lost ? _(", lost") : "");
		return;
	}
	add_flags(flags, sizeof flags, segment.flags);
	printf(_("    %s > %s%s, %u bytes%s\n"), endpoint_text(src, &segment.src), endpoint_text(dst, &segment.dst), flags,
	       segment.payload_len, frame->lost ? _(", lost") : "");
}

static void print_event(const struct event *event, enum party vantage)
{
	char text[LAB_CALL_MAX];

	if (event->kind == EVENT_CALL)
		printf("    %s: %s\n", lab_party_text(event->call.party), lab_call_text(text, &event->call));
	else if (event->kind == EVENT_FRAME && event->frame.vantage == vantage)
		print_frame(&event->frame);
}

void lab_pause(struct record *record, const char *text)
{
	int c;

	for (; record->told < record->count; record->told++)
		print_event(&record->events[record->told], record->vantage);
	printf("%s ", text);
	fflush(stdout);
	while ((c = getchar()) != '\n' && c != EOF)
		;
}
