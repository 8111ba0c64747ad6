#include "cause/errors.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

#define LIST(...) { __VA_ARGS__, CAUSE_NONE }

#define MEANING(id, cause_list, means_text, apart_text, next_text) \
	static const struct error_meaning meaning_##id = { \
		#id, LIST cause_list, means_text, apart_text, next_text, \
	};
#define LOGGED(text, by, id)
#define CODE(text, by, id)
#include "cause/errors.def"
#undef MEANING
#undef LOGGED
#undef CODE

#define MEANING(id, cause_list, means_text, apart_text, next_text)
#define LOGGED(text, by, id) { text, by, &meaning_##id, false },
#define CODE(text, by, id) { text, by, &meaning_##id, true },
static const struct error_message messages[] = {
#include "cause/errors.def"
};

#define MESSAGES (sizeof messages / sizeof messages[0])

const struct error_message *errors_get(size_t index)
{
	return index < MESSAGES ? &messages[index] : NULL;
}

static bool is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* `text` as a word of its own: neither a letter nor a digit beside it. */
static bool holds_word(const char *line, const char *text)
{
	size_t len = strlen(text);

	for (const char *at = line; (at = strstr(at, text)) != NULL; at++)
		if ((at == line || !is_word_byte(at[-1])) && !is_word_byte(at[len]))
			return true;
	return false;
}

static bool matches(const struct error_message *message, const char *line)
{
	return message->is_word ? holds_word(line, message->pattern) : strcasestr(line, message->pattern) != NULL;
}

/* Where a match belongs among the longer and the shorter ones; ERROR_MATCHES_MAX where it does not. */
static size_t place_for(const struct error_message *message, const struct error_message *const found[], size_t count)
{
	size_t len = strlen(message->pattern), place = 0;

	while (place < count && strlen(found[place]->pattern) >= len)
		place++;
	return place;
}

static void insert(const struct error_message *message, const struct error_message *found[], size_t *count,
                   size_t place)
{
	size_t last = *count;

	/* Another message with the same meaning makes way; else the shortest does, where there is no more room. */
	for (size_t i = 0; i < *count; i++)
		if (found[i]->meaning == message->meaning) {
			if (i < place)
				return;
			last = i;
		}
	if (last == *count && *count < ERROR_MATCHES_MAX)
		(*count)++;
	else if (last == *count)
		last--;
	if (place > last)
		return;
	memmove(&found[place + 1], &found[place], (last - place) * sizeof(found[0]));
	found[place] = message;
}

/* Whether a longer pattern that contains this one is in the line, too: "write: broken pipe" hides "broken pipe". */
static bool is_covered(const struct error_message *message, const char *line)
{
	size_t len = strlen(message->pattern);

	for (size_t i = 0; i < MESSAGES; i++)
		if (strlen(messages[i].pattern) > len && matches(message, messages[i].pattern) &&
		    matches(&messages[i], line))
			return true;
	return false;
}

size_t errors_find(const char *line, const struct error_message *ret_matches[ERROR_MATCHES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < MESSAGES; i++)
		if (matches(&messages[i], line) && !is_covered(&messages[i], line))
			insert(&messages[i], ret_matches, &count, place_for(&messages[i], ret_matches, count));
	return count;
}
