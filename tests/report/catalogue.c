/*
 * The catalogue can be read as a list, one cause in full, a manual page and JSON lines; every cause is in each of them,
 * and no placeholder is left unfilled.
 */
#include "sample.h"
#include "schema.h"

static const struct report_style plain = { .width = 80 };

static bool has_all_ids(const char *text, const char *before)
{
	bool all = true;

	for (enum cause_id id = 0; id < CAUSES; id++) {
		char want[80];

		snprintf(want, sizeof want, "%s%s", before, cause_get(id)->id);
		if (!strstr(text, want)) {
			printf("# no %s\n", want);
			all = false;
		}
	}
	return all;
}

static bool has_placeholder(const char *text)
{
	return strstr(text, "{sender}") || strstr(text, "{receiver}") || strstr(text, "{n}") || strstr(text, "{what}");
}

static size_t widest(const char *text)
{
	size_t columns = 0, most = 0;

	for (; *text; text++) {
		columns = *text == '\n' ? 0 : columns + 1;
		most = columns > most ? columns : most;
	}
	return most;
}

static void test_list(void)
{
	struct buffer out = BUFFER_INIT(1 << 20);

	report_causes_list(&out, &plain);
	ok(has_all_ids(buffer_text(&out), "\n  "), "the list has every cause");
	sample_has(&out, "the network in between\n", "under the heading of its family");
	sample_has(&out, "port-closed               likely    nobody listens", "and how certain a capture can be");
	sample_has(&out, "  likely    a capture can only make it likely\n", "the short words are explained");
	ok(widest(buffer_text(&out)) <= 80, "no line is too wide");
	buffer_clear(&out);
}

static void test_one(void)
{
	bool filled = true, narrow = true;

	for (enum cause_id id = 0; id < CAUSES; id++) {
		struct buffer out = BUFFER_INIT(1 << 20);

		report_cause(&out, id, &plain);
		filled &= !has_placeholder(buffer_text(&out)) && strstr(buffer_text(&out), "\n  do ");
		narrow &= widest(buffer_text(&out)) <= 80;
		buffer_clear(&out);
	}
	ok(filled, "every cause can be shown in full, no placeholder is left");
	ok(narrow, "no line is too wide");
}

/* A line that begins with a dot must be one of the requests that the page uses. */
static bool is_request(const char *line)
{
	static const char *const known[] = {
		".Dd ", ".Dt ", ".Os\n", ".Sh ", ".Nm ", ".Nd ", ".Pp\n", ".Ss ", ".Bl ", ".It", ".El\n", ".Cm ",
		".Xr ",
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strncmp(line, known[i], strlen(known[i])) == 0)
			return true;
	return false;
}

static void test_man(void)
{
	struct buffer out = BUFFER_INIT(1 << 20);
	bool sound = true;

	report_causes_man(&out);
	ok(has_all_ids(buffer_text(&out), "\n.Ss "), "the manual has every cause");
	ok(!has_placeholder(buffer_text(&out)), "no placeholder is left");
	sample_has(&out, ".Dt TCPWHY-CAUSES 7\n", "it is section 7");
	for (const char *line = buffer_text(&out); line; line = strchr(line, '\n')) {
		line += *line == '\n';
		sound &= *line != '\'' && *line != '\n' && (*line != '.' || is_request(line));
	}
	ok(sound, "no text is taken for a request, no line is empty");
	ok(!strchr(buffer_text(&out), '`'), "commands are marked up");
	buffer_clear(&out);
}

static void test_json(void)
{
	struct buffer out = BUFFER_INIT(1 << 20);
	json_t *schema = json_load_file(SCHEMA_FILE, 0, NULL);
	const char *text;
	int lines = 0;
	bool fits = true;

	report_causes_json(&out);
	ok(!out.full, "the catalogue fits");
	for (text = buffer_text(&out); *text; text = strchr(text, '\n') + 1, lines++) {
		json_t *line = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);

		fits &= line && schema_accepts_line(schema, line);
		json_decref(line);
	}
	is_number(lines, CAUSES, "one line a cause");
	ok(fits, "every line fits the schema");
	ok(!has_placeholder(buffer_text(&out)), "no placeholder is left");
	json_decref(schema);
	buffer_clear(&out);
}

int main(void)
{
	test_list();
	test_one();
	test_man();
	test_json();
	return done_testing();
}
