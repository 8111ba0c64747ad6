/* The law: a buffer holds what was added, in its order, up to its ceiling, and says when something was dropped. */
#include "base/buffer.h"
#include "base/utf8.h"
#include "tap.h"

static void grows_to_its_ceiling(void)
{
	struct buffer buffer = BUFFER_INIT(100);

	is_text(buffer_text(&buffer), "", "empty at first");
	buffer_puts(&buffer, "one");
	buffer_add(&buffer, " two", 4);
	buffer_printf(&buffer, " %d", 3);
	is_text(buffer_text(&buffer), "one two 3", "texts in their order");
	ok(!buffer.full && buffer.len == 9, "nothing dropped");
	buffer_printf(&buffer, "%0200d", 0);
	ok(buffer.full && buffer.len == 100 && strlen(buffer.data) == 100, "cut at the ceiling, and says so");
	buffer_puts(&buffer, "x");
	ok(buffer.len == 100, "nothing is added behind a gap");
	buffer_reset(&buffer);
	ok(!buffer.full && buffer.len == 0 && buffer.cap > 0, "reset keeps the memory");
	is_text(buffer_text(&buffer), "", "and forgets the text");
	buffer_puts(&buffer, "again");
	is_text(buffer_text(&buffer), "again", "and can be filled again");
	buffer_clear(&buffer);
	ok(!buffer.data && !buffer.cap && buffer.max == 100, "clear frees, and keeps the ceiling");
	buffer_puts(&buffer, "still");
	is_text(buffer_text(&buffer), "still", "so that it is usable");
	buffer_clear(&buffer);
}

static void ceilings_of_all_sizes(void)
{
	bool good = true;

	for (size_t max = 0; max < 200; max++) {
		struct buffer buffer = BUFFER_INIT(max);

		for (size_t i = 0; i < 40; i++)
			buffer_puts(&buffer, "seven77");
		good &= buffer.len == max && buffer.full && strlen(buffer_text(&buffer)) == max;
		buffer_clear(&buffer);
	}
	ok(good, "every ceiling is kept exactly");
}

static void hostile_bytes(void)
{
	struct buffer buffer = BUFFER_INIT(1 << 12);
	bool printable = true;
	char all[256];

	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (char)i;
	buffer_add_hostile(&buffer, "a\x1b[31m\0\xc3\xa9~", 10);
	is_text(buffer_text(&buffer), "a\\x1b[31m\\x00\\xc3\\xa9~", "what is not printable ASCII is escaped");
	buffer_add_hostile(&buffer, all, sizeof all);
	for (size_t i = 0; i < buffer.len; i++)
		printable &= buffer.data[i] >= ' ' && buffer.data[i] <= '~';
	ok(printable, "nothing else is left");
	buffer_clear(&buffer);
}

static void utf8(void)
{
	static const struct { const char *bytes; size_t len, want; } cases[] = {
		{ "a", 1, 1 }, { "\xc3\xa9", 2, 2 }, { "\xe2\x82\xac", 3, 3 }, { "\xf0\x9f\x98\x80", 4, 4 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 }, { "\xc3", 1, 0 }, { "\x80", 1, 0 }, { "\xc0\x80", 2, 0 },
		{ "\xe0\x80\x80", 3, 0 }, { "\xed\xa0\x80", 3, 0 }, { "\xf4\x90\x80\x80", 4, 0 }, { "\xff", 1, 0 },
		{ "\xe2\x82", 2, 0 }, { "", 0, 0 },
	};
	uint32_t code;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		is_number((long long)utf8_character(cases[i].bytes, cases[i].len, &code), (long long)cases[i].want,
		          "length of a character, 0 for what is none");
	is_number((long long)utf8_boundary("ab\xc3\xa9", 4), 4, "a whole character stays");
	is_number((long long)utf8_boundary("ab\xc3\xa9", 3), 2, "half of one goes");
	is_number((long long)utf8_boundary("\xf0\x9f\x98\x80", 3), 0, "so do three quarters");
	is_number((long long)utf8_boundary("", 0), 0, "nothing has no end to cut");
}

int main(void)
{
	grows_to_its_ceiling();
	ceilings_of_all_sizes();
	hostile_bytes();
	utf8();
	return done_testing();
}
