/* jansson takes valid UTF-8 only, and answers NULL for the rest; these never do, short of memory. */
#ifndef TCPWHY_REPORT_JSON_TEXT_H
#define TCPWHY_REPORT_JSON_TEXT_H

#include <jansson.h>

#include "base/buffer.h"
#include "packet/address.h"

#define JSON_VERSION 1

/* {"v":1,"type":type} */
json_t *json_line_new(const char *type);
/* Add the object as one line with its newline, and release it. Nothing is added where memory or room do not suffice. */
void json_line_end(struct buffer *out, json_t *object);

/* A text, made valid and harmless; null for NULL. */
json_t *json_text(const char *text);
/* The text of a buffer; null for an empty one. */
json_t *json_buffer(const struct buffer *buffer);
/* "10.0.0.1:80" */
json_t *json_end(const struct endpoint *end);
/* RFC 3339 */
json_t *json_time(int64_t ns);
/* One string for each part of `text` between `separator`s, which is a whole string. */
json_t *json_parts(const char *text, const char *separator);

/* Set `key` to `value`, which is taken over. */
void json_put(json_t *object, const char *key, json_t *value);
void json_put_number(json_t *object, const char *key, uint64_t number);

#endif
