/*
 * The whole path over one capture, for hostile bytes: source, decoder, flow, evidence, diagnosis and every renderer.
 * What comes out is checked: texts hold nothing that could steer a terminal, every JSON line can be parsed.
 */
#ifndef TCPWHY_TESTS_WHOLE_PATH_H
#define TCPWHY_TESTS_WHOLE_PATH_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/analysis.h"
#include "base/utf8.h"
#include "report/report.h"

#define WHOLE_PATH_OUTPUT_MAX (256u << 10)
#define WHOLE_PATH_LADDER_NOTES 64
#define RENDERINGS 2u

/* Another way through the code; the verdicts are the same. */
enum whole_path_way {
	WAY_ALL_CONNECTIONS,
	WAY_TWO_PASSES,
	WAY_ONE_PASS,
	WAYS,
};

struct whole_path {
	struct buffer out;
	struct summary *summary;
	struct ladder *ladder;
	struct report_style style;
	uint64_t count, connections;
	bool thorough;
	unsigned rendered[CAUSES + 1];
};

/* The input is known to whoever started this; the text is what they need beside it. */
static inline void whole_path_fail(const char *what, const char *text)
{
	fprintf(stderr, "%s: %s\n", what, text);
	abort();
}

/* Check the text in `out`, and empty it. */
static inline void whole_path_check_text(struct buffer *out)
{
	const char *at = buffer_text(out), *end = at + out->len;
	uint32_t code;
	size_t len;

	for (; at < end; at += len) {
		code = (uint8_t)*at;
		len = code < 0x80 ? 1 : utf8_character(at, (size_t)(end - at), &code);
		if (!len && out->full && end - at < 4)
			break;
		if (!len || (!utf8_is_harmless(code) && code != '\n'))
			whole_path_fail("the text holds a byte that it must not", buffer_text(out));
	}
	buffer_reset(out);
}

/* The same for a line of JSON. */
static inline void whole_path_check_json(struct whole_path *path)
{
	struct buffer *out = &path->out;
	json_error_t error;
	json_t *json;

	if (path->thorough && out->len && !out->full) {
		json = json_loadb(out->data, out->len, 0, &error);
		if (!json || out->data[out->len - 1] != '\n')
			whole_path_fail(error.text, out->data);
		json_decref(json);
	}
	whole_path_check_text(out);
}

static inline void whole_path_verdict(void *user, const struct verdict *verdict)
{
	struct whole_path *path = user;

	summary_add(path->summary, verdict, "capture");
	if (path->rendered[verdict->cause]++ >= RENDERINGS && !path->thorough)
		return;
	report_json_verdict(&path->out, verdict, "capture");
	whole_path_check_json(path);
	report_text_verdict(&path->out, verdict, "capture", ++path->count, &path->style);
	whole_path_check_text(&path->out);
	report_comment(&path->out, verdict);
	whole_path_check_text(&path->out);
	ladder_add_verdict(path->ladder, verdict);
}

static inline void whole_path_connection(void *user, const struct conversation *conversation)
{
	struct whole_path *path = user;

	if (path->connections++ >= RENDERINGS && !path->thorough)
		return;
	report_json_connection(&path->out, conversation, "capture");
	whole_path_check_json(path);
}

static inline void whole_path_note(void *user, struct conversation *conversation, const struct note *note,
                                   const struct segment *segment)
{
	struct whole_path *path = user;

	(void)segment;
	if (conversation->number == 1)
		ladder_add(path->ladder, conversation, note);
}

static inline void whole_path_failure(void *user, const struct source *source, const struct error *error)
{
	struct whole_path *path = user;

	(void)source;
	buffer_puts(&path->out, error->text);
	whole_path_check_text(&path->out);
}

static inline void whole_path_finish(struct whole_path *path, const struct analysis *analysis)
{
	report_text_summary(&path->out, path->summary, analysis_totals(analysis), &path->style);
	whole_path_check_text(&path->out);
	report_json_summary(&path->out, path->summary, analysis_totals(analysis));
	whole_path_check_json(path);
	report_ladder(&path->out, path->ladder, &path->style);
	whole_path_check_text(&path->out);
}

static inline void whole_path_read(struct whole_path *path, struct source *source, enum whole_path_way way)
{
	const struct analysis_options options = { .all_connections = way == WAY_ALL_CONNECTIONS,
	                                          .one_pass = way == WAY_ONE_PASS, .two_passes = way == WAY_TWO_PASSES };
	const struct analysis_sink sink = { .user = path, .verdict = whole_path_verdict,
	                                    .connection = whole_path_connection, .note = whole_path_note,
	                                    .failure = whole_path_failure };
	struct analysis *analysis = analysis_new(&options, &sink);
	struct error error = { 0 };

	if (!analysis)
		return;
	analysis_run(analysis, &source, 1, &error);
	analysis_finish(analysis);
	whole_path_finish(path, analysis);
	analysis_free(analysis);
}

/*
 * Read the capture at `name`, a file or a pipe whose writers are gone, on one of the ways. Aborts if a check fails.
 * Rendering takes most of the time where a capture is full of resets: unless `thorough`, RENDERINGS of each cause are
 * rendered, and their JSON is not parsed.
 */
static inline void whole_path(const char *name, enum whole_path_way way, bool thorough)
{
	struct whole_path path = { .out = BUFFER_INIT(WHOLE_PATH_OUTPUT_MAX), .summary = summary_new(),
	                           .ladder = ladder_new(WHOLE_PATH_LADDER_NOTES), .thorough = thorough,
	                           .style = { .ascii = way == WAY_ONE_PASS, .width = 100 } };
	const struct source_options options = { 0 };
	struct source *source = NULL;
	struct error error = { 0 };

	if (path.summary && path.ladder && source_open(name, &options, &source, &error) == STATUS_OK)
		whole_path_read(&path, source, way);
	buffer_puts(&path.out, error.text);
	whole_path_check_text(&path.out);
	source_free(source);
	ladder_free(path.ladder);
	summary_free(path.summary);
	buffer_clear(&path.out);
}

#endif
