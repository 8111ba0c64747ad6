#include "report/report.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "report/catalogue.h"

#define TEXT_MAX 8192
#define SOURCE_COLUMNS 72
#define MAN_DATE "November 1, 2026" /* when the page last changed its shape */

/* Roff takes a backslash anywhere, and dot and apostrophe at the start of a line; a hyphen to be typed is \-. */
static void add_character(struct buffer *out, char c, bool at_start, bool bold)
{
	if (c == '\\')
		buffer_puts(out, "\\e");
	else if (at_start && (c == '.' || c == '\''))
		buffer_printf(out, "\\&%c", c);
	else if (c == '-' && bold)
		buffer_puts(out, "\\-");
	else
		buffer_add(out, &c, 1);
}

/* Whether a new sentence begins after the blank here: mandoc wants a new line for it. */
static bool sentence_ends(const char *text, const char *c)
{
	return c > text && *c == ' ' && c[-1] == '.' && (isupper((unsigned char)c[1]) || c[1] == '`');
}

/* Whether the word after the blank here would pass the end of a line that holds `column` bytes. */
static bool line_is_full(const char *c, size_t column)
{
	return column + 1 + strcspn(c + 1, " \n") > SOURCE_COLUMNS;
}

/* Text on lines of its own: `command` in bold, a new line for a new sentence. */
static void add_prose(struct buffer *out, const char *text)
{
	size_t line = out->len; /* where it begins */
	bool bold = false, at_start = true;

	for (const char *c = text; *c; c++) {
		bool breaks = *c == ' ' && (line_is_full(c, out->len - line) || (!bold && sentence_ends(text, c)));

		if (*c == '`') {
			buffer_puts(out, bold ? "\\fR" : "\\fB");
			bold = !bold;
			continue;
		}
		if (breaks || *c == '\n') {
			buffer_puts(out, "\n");
			line = out->len;
			at_start = true;
			continue;
		}
		add_character(out, *c, at_start, bold);
		at_start = false;
	}
	buffer_puts(out, "\n");
}

static void add_text(struct buffer *out, const char *text)
{
	struct buffer filled = BUFFER_INIT(TEXT_MAX);

	catalogue_text(&filled, text);
	add_prose(out, buffer_text(&filled));
	buffer_clear(&filled);
}

static void add_item(struct buffer *out, const char *label, const char *text)
{
	if (!text)
		return;
	buffer_printf(out, ".It \\&%s\n", label);
	add_text(out, text);
}

/* One bullet a line of `text`. */
static void add_bullets(struct buffer *out, const char *label, const char *text)
{
	struct buffer filled = BUFFER_INIT(TEXT_MAX);
	const char *line;

	buffer_printf(out, ".It \\&%s\n.Bl -bullet -compact\n", label);
	catalogue_text(&filled, text);
	for (line = buffer_text(&filled); *line;) {
		struct buffer one = BUFFER_INIT(TEXT_MAX);
		size_t len = strcspn(line, "\n");

		buffer_add(&one, line, len);
		buffer_puts(out, ".It\n");
		add_prose(out, buffer_text(&one));
		buffer_clear(&one);
		line += len + (line[len] == '\n');
	}
	buffer_puts(out, ".El\n");
	buffer_clear(&filled);
}

static void add_cause(struct buffer *out, const struct cause *cause)
{
	buffer_printf(out, ".Ss %s\n", cause->id);
	add_text(out, cause->title);
	buffer_puts(out, ".Pp\n");
	add_text(out, cause->what);
	buffer_puts(out, ".Bl -tag -width \"BSD, macOS\"\n");
	add_item(out, _("Sent by"), cause->who);
	buffer_printf(out, ".It \\&%s\n", _("Known"));
	add_prose(out, told_by_text(cause->told_by));
	if (cause->parent != CAUSE_NONE)
		buffer_printf(out, _("(a capture that cannot tell it names\n.Cm %s )\n"), cause_get(cause->parent)->id);
	add_item(out, _("Decides"), cause->decide);
	add_item(out, _("Sender"), cause->sender_sees);
	add_item(out, _("Receiver"), cause->receiver_sees);
	add_item(out, _("BSD, macOS"), cause->bsd);
	add_item(out, _("Windows"), cause->windows);
	add_item(out, _("Harm"), cause->harm_text);
	add_bullets(out, _("Do"), cause->advice);
	add_item(out, _("Try it"), cause->reproduce);
	add_item(out, _("See also"), cause->references);
	buffer_puts(out, ".El\n");
}

static void add_head(struct buffer *out)
{
	buffer_puts(out, ".Dd " MAN_DATE "\n.Dt TCPWHY-CAUSES 7\n.Os\n.Sh NAME\n.Nm tcpwhy-causes\n.Nd ");
	buffer_puts(out, _("why TCP connections are reset"));
	buffer_puts(out, "\n.Sh DESCRIPTION\n");
	add_text(out, N_("The causes that the program names, by family. The sender is always the end in whose name "
	                 "the RST was sent, the receiver the end that it was sent to. What a program sees is told for "
	                 "Linux first, call by call."));
	buffer_puts(out, ".Pp\n");
	add_text(out, N_("A verdict is certain where nothing else fits the evidence, likely where something else "
	                 "cannot be excluded, and unknown where evidence is missing."));
}

void report_causes_man(struct buffer *out)
{
	add_head(out);
	for (enum family family = 0; family < FAMILIES; family++) {
		struct buffer title = BUFFER_INIT(TEXT_MAX);

		for (const char *c = family_title(family); *c; c++) {
			char upper = (char)toupper((unsigned char)*c);

			buffer_add(&title, &upper, 1);
		}
		buffer_printf(out, ".Sh %s\n", buffer_text(&title));
		buffer_clear(&title);
		for (enum cause_id id = 0; id < CAUSES; id++)
			if (cause_get(id)->family == family)
				add_cause(out, cause_get(id));
	}
	buffer_puts(out, ".Sh SEE ALSO\n.Xr tcpwhy 1 ,\n.Xr tcp 7\n");
}
