#include "report/report.h"

#include "base/text.h"
#include "diagnose/explain.h"
#include "report/layout.h"

#define TEXT_MAX 4096

static void add_because(struct buffer *out, const struct verdict *verdict)
{
	for (unsigned i = 0; i < verdict->because_count; i++) {
		const struct fact_value *value = &verdict->evidence->facts[verdict->because[i]];

		buffer_puts(out, i ? "; " : _(" Because: "));
		if (value->frame)
			buffer_printf(out, _("frame %llu: "), (unsigned long long)value->frame);
		explain_fact(out, verdict, verdict->because[i]);
	}
	if (verdict->because_count)
		buffer_puts(out, ".");
}

/* " Label: what `explain` says." */
static void add_part(struct buffer *out, const struct verdict *verdict, const char *label,
                     void (*explain)(struct buffer *out, const struct verdict *verdict))
{
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	explain(&text, verdict);
	if (text.len)
		buffer_printf(out, " %s: %s.", label, text.data);
	buffer_clear(&text);
}

static void add_advice(struct buffer *out, const struct verdict *verdict)
{
	struct buffer text = BUFFER_INIT(TEXT_MAX);

	explain_text(&text, verdict, cause_get(verdict->cause)->advice);
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n')
			buffer_puts(out, "; ");
		else
			buffer_add(out, &text.data[i], 1);
	}
	buffer_clear(&text);
}

void report_comment(struct buffer *out, const struct verdict *verdict)
{
	const struct cause *cause = cause_get(verdict->cause);

	buffer_printf(out, "tcpwhy: %s (%s): ", cause->id, certainty_text(verdict->certainty));
	explain_text(out, verdict, cause->headline);
	buffer_puts(out, ".");
	add_because(out, verdict);
	add_part(out, verdict, _("In doubt"), explain_doubt);
	add_part(out, verdict, _("Accepted"), explain_acceptance);
	add_part(out, verdict, _("Lost"), explain_loss);
	buffer_puts(out, _(" What to do: "));
	add_advice(out, verdict);
	buffer_puts(out, ".");
}
