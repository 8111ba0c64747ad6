/* The law: an error's text is one printable line of valid UTF-8, whatever was put into it. */
#include "base/error.h"
#include "base/utf8.h"
#include "tap.h"

static void text_is(const char *raw, const char *want, const char *name)
{
	struct error error;

	is_number(error_set(&error, STATUS_IO, "%s", raw), STATUS_IO, "the status is returned");
	is_number(error.status, STATUS_IO, "and kept");
	is_text(error.text, want, name);
}

static void long_texts(void)
{
	static char raw[4096];
	struct error error;
	uint32_t code;
	bool valid = true;

	for (size_t shift = 0; shift < 3; shift++) {
		memset(raw, 'x', sizeof raw - 1);
		for (size_t i = shift; i + 3 < sizeof raw; i += 3)
			memcpy(raw + i, "\xe2\x82\xac", 4);
		error_set(&error, STATUS_IO, "%s", raw);
		for (const char *c = error.text; *c;) {
			size_t len = utf8_character(c, strlen(c), &code);

			valid &= len > 0;
			c += len ? len : 1;
		}
		valid &= strlen(error.text) > ERROR_TEXT_MAX - 4;
	}
	ok(valid, "a long text is cut between characters");
	memset(raw, '\x01', sizeof raw - 1);
	error_set(&error, STATUS_IO, "%s", raw);
	ok(strlen(error.text) < ERROR_TEXT_MAX, "escapes do not overflow");
}

int main(void)
{
	text_is("cannot be opened: No such file", "cannot be opened: No such file", "plain words pass");
	text_is("l\xc3\xb6schen", "l\xc3\xb6schen", "so do translated ones");
	text_is("a\x1b[2Jb\tc", "a\\x1b[2Jb\\x09" "c", "control characters are made visible");
	text_is("a\xff\xfe", "a\\xff\\xfe", "so is what is not UTF-8");
	text_is("a\xe2\x80\xae" "b", "a\\xe2\\x80\\xae" "b", "and what turns the direction of writing");
	text_is("a\xc2\x9b" "b", "a\\xc2\\x9b" "b", "and control characters of the upper half");
	text_is("syntax error\n", "syntax error", "a line end goes");
	text_is("two\nlines", "two\\x0alines", "there is only one line");
	is_number(error_set(NULL, STATUS_MEMORY, "x"), STATUS_MEMORY, "nobody needs to listen");
	long_texts();
	return done_testing();
}
