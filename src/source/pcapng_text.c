#include "source/pcapng_text.h"

#include <string.h>

#include "base/utf8.h"
#include "source/options.h"

enum { OPTION_HEADER_BYTES = 4 };

void pcapng_add_option(struct buffer *options, uint16_t code, const void *value, size_t len)
{
	uint16_t header[] = { code, (uint16_t)len };

	/* Half an option would make the rest of them unreadable. */
	if (OPTION_HEADER_BYTES + padded(len) + OPTION_HEADER_BYTES > options->max - options->len)
		return;
	buffer_add(options, header, sizeof header);
	buffer_add(options, value, len);
	buffer_add(options, "\0\0\0", padded(len) - len);
}

/* A NUL would end the text for many readers, so it goes the way of what is not UTF-8. */
static void add_clean(struct buffer *clean, const char *text, size_t len)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t i = 0;

	while (i < len && !clean->full) {
		uint32_t code = 0;
		size_t size = utf8_character(text + i, len - i, &code);

		if (size && code)
			buffer_add(clean, text + i, size);
		else
			buffer_add(clean, replacement, sizeof replacement - 1);
		i += size ? size : 1;
	}
}

void pcapng_add_text(struct buffer *options, uint16_t code, const char *text, size_t len)
{
	struct buffer clean = BUFFER_INIT(OPTION_VALUE_MAX);

	add_clean(&clean, text, len);
	pcapng_add_option(options, code, buffer_text(&clean), utf8_boundary(buffer_text(&clean), clean.len));
	buffer_clear(&clean);
}

void pcapng_end_options(struct buffer *options)
{
	static const uint8_t end[OPTION_HEADER_BYTES];

	buffer_add(options, end, sizeof end);
}
