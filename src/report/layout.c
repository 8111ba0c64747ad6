#include "report/layout.h"

#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

static const char *const inks[] = {
	[INK_PLAIN] = "",
	[INK_BOLD] = "\033[1m",
	[INK_DIM] = "\033[2m",
	[INK_RED] = "\033[1;31m",
	[INK_GREEN] = "\033[32m",
	[INK_YELLOW] = "\033[33m",
};

#define INK_OFF "\033[0m"

static const struct {
	const char *id;
	const char *text;
} endings[ENDINGS] = {
	[ENDING_OPEN] = { "open", N_("still open") },
	[ENDING_CLOSED] = { "closed", N_("closed") },
	[ENDING_HALF_CLOSED] = { "half-closed", N_("half closed") },
	[ENDING_RESET] = { "reset", N_("reset") },
	[ENDING_REFUSED] = { "refused", N_("refused") },
	[ENDING_UNANSWERED] = { "unanswered", N_("unanswered") },
};

const char *ending_id(enum ending ending)
{
	return endings[ending].id;
}

const char *ending_text(enum ending ending)
{
	return _(endings[ending].text);
}

const char *certainty_text(enum certainty certainty)
{
	switch (certainty) {
	case CERTAINTY_CERTAIN: return _("certain");
	case CERTAINTY_LIKELY: return _("likely");
	default: return _("unknown");
	}
}

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

size_t layout_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += begins_character(*text);
	return columns;
}

void layout_ink(struct buffer *out, const struct report_style *style, enum ink ink, const char *text)
{
	bool colour = style->colour && ink != INK_PLAIN && *text;

	if (colour)
		buffer_puts(out, inks[ink]);
	buffer_puts(out, text);
	if (colour)
		buffer_puts(out, INK_OFF);
}

void layout_spaces(struct buffer *out, size_t count)
{
	buffer_printf(out, "%*s", (int)count, "");
}

void layout_pad(struct buffer *out, const char *text, size_t columns)
{
	size_t used = layout_columns(text);

	buffer_puts(out, text);
	layout_spaces(out, used < columns ? columns - used : 1);
}

size_t layout_room(const struct report_style *style, size_t column)
{
	size_t width = style->width < LAYOUT_NARROW ? LAYOUT_NARROW : style->width;

	if (!style->width)
		return 0;
	return width > column + LAYOUT_NARROW / 2 ? width - column : LAYOUT_NARROW / 2;
}

size_t layout_fit(const char *text, size_t columns)
{
	size_t space = 0, used = 0, i;

	if (!columns)
		return strlen(text);
	for (i = 0; text[i]; i++) {
		if (text[i] == ' ')
			space = i;
		used += begins_character(text[i]);
		if (used > columns)
			break;
	}
	if (!text[i])
		return i;
	/* A word that is longer than the line stays whole: commands and addresses are to be copied. */
	return space ? space : strcspn(text, " ");
}

void layout_wrap(struct buffer *out, const char *text, size_t column, size_t hang, const struct report_style *style)
{
	size_t fits = layout_fit(text, layout_room(style, column));

	buffer_add(out, text, fits);
	for (text += fits; *text; text += fits) {
		text += strspn(text, " ");
		if (!*text)
			break;
		fits = layout_fit(text, layout_room(style, hang));
		buffer_puts(out, "\n");
		layout_spaces(out, hang);
		buffer_add(out, text, fits);
	}
	buffer_puts(out, "\n");
}

size_t layout_label(struct buffer *out, const struct report_style *style, const char *label)
{
	size_t used = layout_columns(label) + 2;

	buffer_puts(out, "  ");
	layout_ink(out, style, INK_DIM, label);
	layout_spaces(out, used < LAYOUT_TEXT ? LAYOUT_TEXT - used : 1);
	return used < LAYOUT_TEXT ? LAYOUT_TEXT : used + 1;
}

void layout_row(struct buffer *out, const struct report_style *style, const char *label, const char *text)
{
	if (*text)
		layout_wrap(out, text, layout_label(out, style, label), LAYOUT_TEXT, style);
}

void layout_rows(struct buffer *out, const struct report_style *style, const char *label, const char *text)
{
	while (*text) {
		struct buffer line = { .max = SIZE_MAX };
		size_t len = strcspn(text, "\n");

		buffer_add(&line, text, len);
		layout_wrap(out, buffer_text(&line), layout_label(out, style, label), LAYOUT_TEXT + 2, style);
		buffer_clear(&line);
		text += len + (text[len] == '\n');
		label = "";
	}
}

/* Bytes at the start that are printable ASCII: nearly all there are. */
static size_t ascii_run(const char *text)
{
	size_t len = 0;

	while (text[len] >= ' ' && text[len] <= '~')
		len++;
	return len;
}

void layout_name(struct buffer *out, const char *name)
{
	for (;;) {
		size_t len = ascii_run(name);
		uint32_t code;

		buffer_add(out, name, len);
		name += len;
		if (!*name)
			return;
		len = utf8_character(name, strnlen(name, 4), &code);
		if (len && utf8_is_harmless(code)) {
			buffer_add(out, name, len);
		} else {
			/* Of a harmful character the first byte; the others are no characters of their own. */
			buffer_printf(out, "\\x%02x", (unsigned char)*name);
			len = 1;
		}
		name += len;
	}
}

static bool is_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+=,:@%";

	return *name && name[strspn(name, plain)] == '\0';
}

void layout_shell_name(struct buffer *out, const char *name)
{
	if (is_plain(name)) {
		buffer_puts(out, name);
		return;
	}
	buffer_puts(out, "'");
	for (size_t len; *name; name += len + (name[len] == '\'')) {
		struct buffer part = { .max = SIZE_MAX };

		len = strcspn(name, "'");
		buffer_add(&part, name, len);
		layout_name(out, buffer_text(&part));
		buffer_clear(&part);
		if (name[len] == '\'')
			buffer_puts(out, "'\\''");
	}
	buffer_puts(out, "'");
}
