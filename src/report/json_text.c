#include "report/json_text.h"

#include <string.h>

#include "base/clock.h"
#include "report/layout.h"

#define LINE_MAX_BYTES (16 << 20) /* a summary with all its groups */

void json_put(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

void json_put_number(json_t *object, const char *key, uint64_t value)
{
	/* jansson's integers are signed. */
	json_put(object, key, json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

json_t *json_line_new(const char *type)
{
	json_t *object = json_object();

	json_put_number(object, "v", JSON_VERSION);
	json_put(object, "type", json_string(type));
	return object;
}

static int take(const char *bytes, size_t len, void *user)
{
	buffer_add(user, bytes, len);
	return 0;
}

void json_line_end(struct buffer *out, json_t *object)
{
	struct buffer line = BUFFER_INIT(LINE_MAX_BYTES);

	/* Half a line would be no JSON: all of it or nothing. */
	if (object && json_dump_callback(object, take, &line, JSON_COMPACT) == 0)
		buffer_puts(&line, "\n");
	if (line.len && !line.full && line.len <= out->max - out->len)
		buffer_add(out, line.data, line.len);
	else
		out->full = true;
	buffer_clear(&line);
	json_decref(object);
}

json_t *json_text(const char *text)
{
	struct buffer harmless = BUFFER_INIT(LINE_MAX_BYTES);
	json_t *value;

	if (!text)
		return json_null();
	layout_name(&harmless, text);
	value = json_stringn(buffer_text(&harmless), harmless.len);
	buffer_clear(&harmless);
	return value;
}

json_t *json_buffer(const struct buffer *buffer)
{
	return json_text(buffer->len ? buffer->data : NULL);
}

json_t *json_end(const struct endpoint *end)
{
	char text[ENDPOINT_TEXT_MAX];

	return json_string(endpoint_text(text, end));
}

json_t *json_time(int64_t ns)
{
	char text[CLOCK_TEXT_MAX];

	return json_string(clock_timestamp(text, ns));
}

json_t *json_parts(const char *text, const char *separator)
{
	json_t *parts = json_array();
	const char *end;

	for (; *text; text = end + (*end ? strlen(separator) : 0)) {
		struct buffer part = BUFFER_INIT(LINE_MAX_BYTES);

		end = strstr(text, separator);
		end = end ? end : text + strlen(text);
		buffer_add(&part, text, (size_t)(end - text));
		json_array_append_new(parts, json_text(buffer_text(&part)));
		buffer_clear(&part);
	}
	return parts;
}
