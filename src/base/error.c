/* Every text of a failure passes through here, so this is the one place where hostile bytes lose their power. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Room for the text before it is made visible; what is longer is cut. */
#define RAW_TEXT_MAX (2 * ERROR_TEXT_MAX)

/* The text may be translated, so valid characters pass; file names and libraries' words in it may be anything. */
static void make_visible(char text[ERROR_TEXT_MAX], const char *raw, size_t len)
{
	size_t used = 0;

	for (size_t i = 0; i < len;) {
		uint32_t code = 0;
		size_t size = utf8_character(raw + i, len - i, &code);
		char escape[5];

		if (!size || !utf8_is_harmless(code)) {
			/* The rest of a longer character follows byte by byte, for none of it is valid alone. */
			snprintf(escape, sizeof escape, "\\x%02x", (unsigned char)raw[i++]);
			if (used + 4 >= ERROR_TEXT_MAX)
				break;
			memcpy(text + used, escape, 4);
			used += 4;
			continue;
		}
		if (used + size >= ERROR_TEXT_MAX)
			break;
		memcpy(text + used, raw + i, size);
		used += size;
		i += size;
	}
	text[used] = '\0';
}

enum status error_set(struct error *error, enum status status, const char *format, ...)
{
	char raw[RAW_TEXT_MAX];
	va_list args;
	size_t len;

	if (!error)
		return status;
	va_start(args, format);
	if (vsnprintf(raw, sizeof raw, format, args) < 0)
		raw[0] = '\0';
	va_end(args);
	len = strlen(raw);
	if (len == sizeof raw - 1)
		len = utf8_boundary(raw, len);
	/* A library's message often ends its line; ours do not. */
	while (len > 0 && raw[len - 1] == '\n')
		len--;
	make_visible(error->text, raw, len);
	error->status = status;
	return status;
}
