/* What is valid UTF-8 (RFC 3629), and what of it may be shown to people. */
#ifndef TCPWHY_BASE_UTF8_H
#define TCPWHY_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length in bytes, 1 to 4, of the valid character at the start of `bytes`; 0 if there is none. Sets *ret_code then. */
size_t utf8_character(const void *bytes, size_t len, uint32_t *ret_code);
/* Whether a character can be printed without steering the terminal or reordering the line around it. */
bool utf8_is_harmless(uint32_t code);
/* The longest length <= `len` that does not cut a character of valid UTF-8 in two. */
size_t utf8_boundary(const char *text, size_t len);

#endif
