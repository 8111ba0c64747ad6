/* As much of JSON Schema as docs/tcpwhy.schema.json uses: type, const, enum, minimum, pattern, objects, arrays. */
#ifndef TCPWHY_TESTS_REPORT_SCHEMA_H
#define TCPWHY_TESTS_REPORT_SCHEMA_H

#include <jansson.h>
#include <regex.h>
#include <string.h>

#include "tap.h"

#define SCHEMA_FILE "docs/tcpwhy.schema.json"

static inline bool schema_type_is(const char *type, const json_t *value)
{
	return (strcmp(type, "string") == 0 && json_is_string(value)) ||
	       (strcmp(type, "integer") == 0 && json_is_integer(value)) ||
	       (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
	       (strcmp(type, "null") == 0 && json_is_null(value)) ||
	       (strcmp(type, "object") == 0 && json_is_object(value)) ||
	       (strcmp(type, "array") == 0 && json_is_array(value));
}

static inline bool schema_types(const json_t *types, const json_t *value)
{
	size_t i;
	json_t *type;

	if (!types)
		return true;
	if (json_is_string(types))
		return schema_type_is(json_string_value(types), value);
	json_array_foreach(types, i, type)
		if (schema_type_is(json_string_value(type), value))
			return true;
	return false;
}

static inline bool schema_values(const json_t *schema, const json_t *value)
{
	const json_t *words = json_object_get(schema, "enum"), *constant = json_object_get(schema, "const");
	const json_t *least = json_object_get(schema, "minimum");
	bool found = !words;
	size_t i;
	json_t *word;

	json_array_foreach(words, i, word)
		found |= json_equal(word, value);
	if (least && json_is_integer(value) && json_integer_value(value) < json_integer_value(least))
		return false;
	return found && (!constant || json_equal(constant, value));
}

/* Those in use mean the same as extended regular expressions of POSIX. */
static inline bool schema_pattern(const json_t *schema, const json_t *value)
{
	const char *pattern = json_string_value(json_object_get(schema, "pattern"));
	regex_t regex;
	bool matches;

	if (!pattern || !json_is_string(value))
		return true;
	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	matches = regexec(&regex, json_string_value(value), 0, NULL, 0) == 0;
	regfree(&regex);
	return matches;
}

static bool schema_accepts(const json_t *schema, json_t *value, const char *at);

static inline bool schema_object(const json_t *schema, json_t *object, const char *at)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *required = json_object_get(schema, "required");
	const char *name;
	json_t *value;
	size_t i;

	json_array_foreach(required, i, value) {
		if (!json_object_get(object, json_string_value(value))) {
			printf("# %s: %s is missing\n", at, json_string_value(value));
			return false;
		}
	}
	json_object_foreach(object, name, value) {
		const json_t *property = json_object_get(properties, name);

		if (!property)
			printf("# %s: %s is not allowed\n", at, name);
		if (!property || !schema_accepts(property, value, name))
			return false;
	}
	return true;
}

static bool schema_accepts(const json_t *schema, json_t *value, const char *at)
{
	const json_t *items = json_object_get(schema, "items");
	size_t i;
	json_t *item;

	if (!schema_types(json_object_get(schema, "type"), value) || !schema_values(schema, value) ||
	    !schema_pattern(schema, value)) {
		printf("# %s: the value is not allowed\n", at);
		return false;
	}
	if (json_is_object(value))
		return schema_object(schema, value, at);
	if (json_is_array(value))
		json_array_foreach(value, i, item)
			if (!schema_accepts(items, item, at))
				return false;
	return true;
}

/* Whether a line fits the definition for its type. */
static inline bool schema_accepts_line(const json_t *schema, json_t *line)
{
	const char *type = json_string_value(json_object_get(line, "type"));
	const json_t *definition = type ? json_object_get(json_object_get(schema, "$defs"), type) : NULL;

	if (!definition)
		printf("# no definition of this type\n");
	return definition && schema_accepts(definition, line, type);
}

#endif
