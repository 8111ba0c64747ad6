#include "report/report.h"

#include "base/text.h"
#include "report/catalogue.h"
#include "report/json_text.h"

#define TEXT_MAX 8192

/* null for NULL */
static json_t *filled(const char *text)
{
	struct buffer buffer = BUFFER_INIT(TEXT_MAX);
	json_t *value;

	if (text)
		catalogue_text(&buffer, text);
	value = json_buffer(&buffer);
	buffer_clear(&buffer);
	return value;
}

static json_t *filled_parts(const char *text, const char *separator)
{
	struct buffer buffer = BUFFER_INIT(TEXT_MAX);
	json_t *parts;

	catalogue_text(&buffer, text);
	parts = json_parts(buffer_text(&buffer), separator);
	buffer_clear(&buffer);
	return parts;
}

static json_t *seen_by(const struct cause *cause)
{
	json_t *object = json_object();

	json_put(object, "sender", filled(cause->sender_sees));
	json_put(object, "receiver", filled(cause->receiver_sees));
	json_put(object, "bsd", filled(cause->bsd));
	json_put(object, "windows", filled(cause->windows));
	return object;
}

static void add_cause(struct buffer *out, const struct cause *cause)
{
	json_t *line = json_line_new("cause");

	json_put(line, "id", json_string(cause->id));
	json_put(line, "family", json_string(family_id(cause->family)));
	json_put(line, "told_by", json_string(told_by_id(cause->told_by)));
	json_put(line, "parent", cause->parent == CAUSE_NONE ? json_null() : json_string(cause_get(cause->parent)->id));
	json_put(line, "harm", json_string(harm_id(cause->harm)));
	json_put(line, "title", filled(cause->title));
	json_put(line, "headline", filled(cause->headline));
	json_put(line, "what", filled(cause->what));
	json_put(line, "who", filled(cause->who));
	json_put(line, "seen_by", seen_by(cause));
	json_put(line, "harm_text", filled(cause->harm_text));
	json_put(line, "advice", filled_parts(cause->advice, "\n"));
	json_put(line, "decide", filled(cause->decide));
	json_put(line, "references", filled_parts(cause->references, "; "));
	json_put(line, "reproduce", filled(cause->reproduce));
	json_line_end(out, line);
}

void report_causes_json(struct buffer *out)
{
	for (enum cause_id id = 0; id < CAUSES; id++)
		add_cause(out, cause_get(id));
}
