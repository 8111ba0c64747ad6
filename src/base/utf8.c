#include "base/utf8.h"

static bool is_continuation(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

/* How many bytes the first one promises, and the bits of the code that it holds. */
static size_t leading_byte(uint8_t byte, uint32_t *ret_bits)
{
	if (byte < 0x80) {
		*ret_bits = byte;
		return 1;
	}
	if (byte >= 0xc2 && byte < 0xe0) {
		*ret_bits = byte & 0x1f;
		return 2;
	}
	if (byte >= 0xe0 && byte < 0xf0) {
		*ret_bits = byte & 0x0f;
		return 3;
	}
	if (byte >= 0xf0 && byte < 0xf5) {
		*ret_bits = byte & 0x07;
		return 4;
	}
	return 0;
}

/* RFC 3629 section 3: no overlong forms, no surrogates, nothing above U+10FFFF. */
static bool is_allowed(uint32_t code, size_t len)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return code >= smallest[len] && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
}

size_t utf8_character(const void *bytes, size_t len, uint32_t *ret_code)
{
	const uint8_t *byte = bytes;
	uint32_t code;
	size_t need;

	if (!len)
		return 0;
	need = leading_byte(*byte, &code);
	if (!need || need > len)
		return 0;
	for (size_t i = 1; i < need; i++) {
		if (!is_continuation(byte[i]))
			return 0;
		code = code << 6 | (byte[i] & 0x3f);
	}
	if (!is_allowed(code, need))
		return 0;
	*ret_code = code;
	return need;
}

bool utf8_is_harmless(uint32_t code)
{
	if (code < 0x20 || (code >= 0x7f && code < 0xa0))
		return false;
	/* Line separators, and marks that turn the direction of writing: they make a text say something else. */
	if (code == 0x61c || code == 0x200e || code == 0x200f || code == 0xfeff)
		return false;
	return !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);
}

size_t utf8_boundary(const char *text, size_t len)
{
	size_t start = len;
	uint32_t code;

	/* Only the last character can be cut, and it began at most three bytes before. */
	while (start > 0 && len - start < 3 && is_continuation((uint8_t)text[start - 1]))
		start--;
	if (start == 0)
		return 0;
	start--;
	return utf8_character(text + start, len - start, &code) == len - start ? len : start;
}
