/* No function here fails: whoever writes a report looks at `full` once, at the end, instead of after each line. */
#include "base/buffer.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

const char *buffer_text(const struct buffer *buffer)
{
	return buffer->data ? buffer->data : "";
}

/* Make room for `extra` more bytes and a NUL, as far as the ceiling allows. Returns how many of them fit. */
static size_t reserve(struct buffer *buffer, size_t extra)
{
	size_t room = buffer->max - buffer->len;
	size_t cap = buffer->cap ? buffer->cap : FIRST_CAPACITY;
	char *data;

	if (extra > room) {
		buffer->full = true;
		extra = room;
	}
	if (buffer->len + extra < buffer->cap)
		return extra;
	while (cap <= buffer->len + extra && cap <= SIZE_MAX / 2)
		cap *= 2;
	data = cap > buffer->len + extra ? realloc(buffer->data, cap) : NULL;
	if (!data) {
		buffer->full = true;
		return buffer->cap ? buffer->cap - 1 - buffer->len : 0;
	}
	buffer->data = data;
	buffer->cap = cap;
	return extra;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t len)
{
	/* A text with a hole in it would mislead: once something was dropped, everything after it is. */
	if (buffer->full || !len)
		return;
	len = reserve(buffer, len);
	if (!buffer->data)
		return;
	memcpy(buffer->data + buffer->len, bytes, len);
	buffer->len += len;
	buffer->data[buffer->len] = '\0';
}

void buffer_puts(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buffer_vprintf(buffer, format, args);
	va_end(args);
}

void buffer_vprintf(struct buffer *buffer, const char *format, va_list args)
{
	va_list measure;
	size_t fits;
	int len;

	if (buffer->full)
		return;
	va_copy(measure, args);
	len = vsnprintf(NULL, 0, format, measure);
	va_end(measure);
	if (len <= 0) {
		buffer->full |= len < 0;
		return;
	}
	fits = reserve(buffer, (size_t)len);
	if (!buffer->data)
		return;
	vsnprintf(buffer->data + buffer->len, fits + 1, format, args);
	buffer->len += fits;
}

static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

void buffer_add_hostile(struct buffer *buffer, const void *bytes, size_t len)
{
	const char *text = bytes;
	size_t i = 0;

	while (i < len && !buffer->full) {
		size_t run = i;

		while (run < len && is_printable(text[run]))
			run++;
		buffer_add(buffer, text + i, run - i);
		if (run < len)
			buffer_printf(buffer, "\\x%02x", (unsigned char)text[run++]);
		i = run;
	}
}

void buffer_reset(struct buffer *buffer)
{
	buffer->len = 0;
	buffer->full = false;
	if (buffer->data)
		buffer->data[0] = '\0';
}

void buffer_clear(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer)BUFFER_INIT(buffer->max);
}
