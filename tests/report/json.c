/*
 * Every line is one JSON object with exactly the fields of docs/tcpwhy.schema.json, whatever packets and names hold;
 * docs/json.md tells of each.
 */
#include "sample.h"
#include "schema.h"

#define LINES_MAX (1 << 22)

static json_t *schema;

static json_t *parse(const struct buffer *out)
{
	json_error_t error;
	json_t *line = json_loads(buffer_text(out), JSON_REJECT_DUPLICATES, &error);

	if (!line)
		printf("#   %s\n#   %s\n", error.text, buffer_text(out));
	return line;
}

/* One line, and what it says. */
static json_t *check(struct buffer *out, const char *name)
{
	const char *text = buffer_text(out), *end = strchr(text, '\n');
	json_t *line = parse(out);

	ok(end && !end[1], "%s is one line", name);
	ok(line && schema_accepts_line(schema, line), "%s fits the schema", name);
	ok(sample_is_harmless(text), "%s is harmless", name);
	buffer_clear(out);
	return line;
}

static void is_string(const json_t *object, const char *key, const char *want)
{
	is_text(json_string_value(json_object_get(object, key)), want, key);
}

static void test_reset(void)
{
	struct buffer out = BUFFER_INIT(LINES_MAX);
	struct sample s;
	json_t *line, *seen;

	sample_write_after_close(&s);
	report_json_verdict(&out, &s.verdict, "caf\xc3\xa9.pcap");
	line = check(&out, "a reset");
	is_string(line, "type", "reset");
	is_string(line, "file", "caf\xc3\xa9.pcap");
	is_string(line, "time", "2026-04-22T08:15:30.000000000Z");
	is_string(line, "src", "10.0.0.1:80");
	is_string(line, "cause", "write-after-close");
	is_string(line, "certainty", "certain");
	is_string(line, "part", "end");
	is_string(line, "harm", "data-lost");
	ok(json_is_true(json_object_get(line, "accepted")), "accepted");
	is_number(json_integer_value(json_object_get(line, "lost_bytes")), 5, "lost_bytes");
	ok(!json_object_get(line, "decides"), "nothing is left to decide");
	ok(!json_object_get(line, "echo_of"), "it is no echo");
	seen = json_object_get(line, "seen_by");
	ok(json_object_get(seen, "client") && json_object_get(seen, "server"), "the ends go by their roles");
	is_number(json_integer_value(json_object_get(json_array_get(json_object_get(line, "evidence"), 3), "frame")), 7,
	          "a fact without a frame of its own has that of the RST");
	json_decref(line);
}

static void test_doubt(void)
{
	struct buffer out = BUFFER_INIT(LINES_MAX);
	struct sample s;
	json_t *line;

	sample_port_closed(&s, 1, 81, 2);
	report_json_verdict(&out, &s.verdict, NULL);
	line = check(&out, "a likely reset");
	ok(json_is_null(json_object_get(line, "file")), "no file");
	ok(json_is_null(json_object_get(line, "accepted")), "nobody knows whether it was accepted");
	is_text(json_string_value(json_array_get(json_object_get(line, "candidates"), 0)), "firewall-reject",
	        "candidates");
	ok(json_is_string(json_object_get(line, "decides")), "what would decide");
	json_decref(line);
}

static void test_hostile(void)
{
	struct buffer out = BUFFER_INIT(LINES_MAX);
	struct sample s;
	json_t *line;

	sample_hostile(&s);
	report_json_verdict(&out, &s.verdict, SAMPLE_HOSTILE);
	line = check(&out, "a hostile echo");
	is_number(json_integer_value(json_object_get(line, "echo_of")), 2, "echo_of");
	ok(json_object_get(json_object_get(line, "seen_by"), "receiver"), "ends without roles are sender and receiver");
	json_decref(line);
}

static void test_ending(void)
{
	struct buffer out = BUFFER_INIT(LINES_MAX);
	struct sample s;
	json_t *line;

	sample_port_closed(&s, 1, 81, 2);
	s.evidence.is_ending = true;
	s.verdict.cause = CAUSE_no_answer;
	report_json_verdict(&out, &s.verdict, "x");
	line = check(&out, "an ending");
	is_string(line, "type", "ending");
	json_decref(line);
}

static void test_every_cause(void)
{
	bool fits = true;

	for (enum cause_id id = 0; id < CAUSES; id++) {
		struct buffer out = BUFFER_INIT(LINES_MAX);
		struct sample s;
		json_t *line;

		sample_write_after_close(&s);
		s.verdict.cause = id;
		report_json_verdict(&out, &s.verdict, "x");
		line = parse(&out);
		fits &= line && schema_accepts_line(schema, line);
		json_decref(line);
		buffer_clear(&out);
	}
	ok(fits, "a verdict of every cause fits the schema");
}

static void test_connection(void)
{
	struct buffer out = BUFFER_INIT(LINES_MAX);
	struct conversation c = { .number = 9, .segments = 4, .version = 4 };
	json_t *line;

	c.side[0].end = sample_end(1, 80);
	c.side[1].end = sample_end(2, 50000);
	c.side[0].first = c.side[0].last = (struct moment){ 5, SAMPLE_NOW };
	c.side[1].rsts.first = c.side[1].rsts.last = (struct moment){ 8, SAMPLE_NOW + 1 };
	report_json_connection(&out, &c, SAMPLE_HOSTILE);
	line = check(&out, "a connection");
	is_string(line, "type", "connection");
	is_number(json_integer_value(json_object_get(line, "first_frame")), 5, "first_frame");
	is_number(json_integer_value(json_object_get(line, "last_frame")), 8, "last_frame: a RST counts");
	json_decref(line);
}

static void test_summary(void)
{
	struct buffer out = BUFFER_INIT(LINES_MAX);
	struct analysis_totals totals = { .frames = 3, .last_time_ns = 5 };
	struct summary *summary = summary_new();
	struct sample s;
	json_t *line;

	sample_hostile(&s);
	summary_add(summary, &s.verdict, SAMPLE_HOSTILE);
	sample_write_after_close(&s);
	summary_add(summary, &s.verdict, NULL);
	report_json_summary(&out, summary, &totals);
	line = check(&out, "a summary");
	is_number((long long)json_array_size(json_object_get(line, "groups")), 2, "groups");
	json_decref(line);
	summary_free(summary);
}

static void test_ceiling(void)
{
	struct buffer out = BUFFER_INIT(100);
	struct sample s;

	sample_write_after_close(&s);
	report_json_verdict(&out, &s.verdict, "x");
	ok(out.full && !out.len, "where a line does not fit, no part of it is written");
	buffer_clear(&out);
}

/* Every name of the schema stands in the document for people. */
static bool told(const char *document, const json_t *definition, bool named)
{
	const json_t *properties = json_object_get(definition, "properties");
	bool all = true;
	const char *name;
	json_t *property;

	json_object_foreach((json_t *)properties, name, property) {
		char cell[80];

		snprintf(cell, sizeof cell, "%s%s`", named ? "| `" : ".", name);
		if (!strstr(document, cell)) {
			printf("# docs/json.md does not tell of %s\n", name);
			all = false;
		}
		all &= told(document, property, false) && told(document, json_object_get(property, "items"), false);
	}
	return all;
}

static void test_document(void)
{
	static char document[1 << 16];
	FILE *file = fopen("docs/json.md", "r");
	const char *type;
	json_t *definition;

	if (!ok(file != NULL, "docs/json.md is there"))
		return;
	document[fread(document, 1, sizeof document - 1, file)] = '\0';
	fclose(file);
	json_object_foreach(json_object_get(schema, "$defs"), type, definition)
		ok(told(document, definition, true), "docs/json.md tells of every field of %s", type);
}

int main(void)
{
	json_error_t error;

	schema = json_load_file(SCHEMA_FILE, 0, &error);
	if (!ok(schema != NULL, "the schema is JSON"))
		return done_testing();
	test_reset();
	test_doubt();
	test_hostile();
	test_ending();
	test_every_cause();
	test_connection();
	test_summary();
	test_ceiling();
	test_document();
	json_decref(schema);
	return done_testing();
}
