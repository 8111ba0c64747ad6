/*
 * Growing text. A buffer is born with its ceiling; past it, further text is dropped and `full` says so.
 * Ownership: the buffer owns `data`; buffer_clear() frees it. A zeroed buffer with a `max` is a valid empty one.
 */
#ifndef TCPWHY_BASE_BUFFER_H
#define TCPWHY_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct buffer {
	char *data;   /* NUL-terminated once anything was added, else NULL */
	size_t len;   /* bytes, without the NUL */
	size_t cap;
	size_t max;   /* ceiling of len */
	bool full;    /* something was dropped: ceiling reached or out of memory */
};

#define BUFFER_INIT(ceiling) { .max = (ceiling) }

/* The text, never NULL. */
const char *buffer_text(const struct buffer *buffer);
void buffer_add(struct buffer *buffer, const void *bytes, size_t len);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *buffer, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/*
 * Add bytes that came from a packet, a file or the environment: every byte that is not printable ASCII becomes a dot or
 * a \xNN escape, so that nothing can steer a terminal. The result is valid UTF-8.
 */
void buffer_add_hostile(struct buffer *buffer, const void *bytes, size_t len);
/* Forget the text, keep the memory. */
void buffer_reset(struct buffer *buffer);
/* Free the memory; the buffer is empty and usable again. */
void buffer_clear(struct buffer *buffer);

#endif
