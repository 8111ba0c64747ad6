/*
 * check_json < LINES: whether each line is one JSON object that docs/tcpwhy.schema.json accepts, with nothing in it
 * that a terminal would obey. Prints what is wrong; exit status 1 then, and where there is no line at all.
 */
#include "report/sample.h"
#include "report/schema.h"

static bool fits(const json_t *schema, const char *text)
{
	json_error_t error;
	json_t *line = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	bool good = line && schema_accepts_line(schema, line) && sample_is_harmless(text);

	if (!line)
		printf("# %s\n", error.text);
	if (!good)
		printf("# %s", text);
	json_decref(line);
	return good;
}

int main(void)
{
	json_error_t error;
	json_t *schema = json_load_file(SCHEMA_FILE, 0, &error);
	char *text = NULL;
	size_t space = 0, lines = 0, bad = 0;

	if (!schema) {
		printf("# %s: %s\n", SCHEMA_FILE, error.text);
		return EXIT_FAILURE;
	}
	for (; getline(&text, &space, stdin) > 0; lines++)
		bad += !fits(schema, text);
	free(text);
	json_decref(schema);
	if (!lines)
		printf("# no line\n");
	return lines && !bad ? EXIT_SUCCESS : EXIT_FAILURE;
}
