#include "analysis/analysis.h"

#include <stdlib.h>

#include "analysis/selection.h"
#include "analysis/survey.h"
#include "analysis/tracker.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"

/* Below this size a second look at everything is cheaper than finding out what to look at. */
#define SURVEY_MIN_BYTES (32ULL << 20)
/* Batches between two reports of progress. */
#define PROGRESS_BATCHES 1024

struct analysis {
	struct analysis_options options;
	struct analysis_sink sink;
	struct analysis_totals totals;
	struct decoder *decoder;
	struct tracker *tracker;
	struct selection *selection;
	uint64_t seed;
	int64_t last_read_ns;   /* monotonic, for a pipe that falls silent */
	unsigned pass;
};

static struct tracker *make_tracker(struct analysis *a)
{
	struct tracker_options options = {
		.max_conversations = a->options.max_connections && a->options.max_connections < ANALYSIS_MAX_CONVERSATIONS
		                     ? a->options.max_connections : ANALYSIS_MAX_CONVERSATIONS,
		.seed = a->seed, .selection = a->selection, .sink = &a->sink, .totals = &a->totals,
	};

	return tracker_new(&options);
}

struct analysis *analysis_new(const struct analysis_options *options, const struct analysis_sink *sink)
{
	struct analysis *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	a->options = *options;
	a->sink = *sink;
	a->seed = random_seed();
	a->pass = a->totals.passes = 1;
	a->decoder = decoder_new();
	a->tracker = make_tracker(a);
	if (!a->decoder || !a->tracker) {
		analysis_free(a);
		return NULL;
	}
	return a;
}

static void count_frame(struct analysis *a, const struct frame *frame)
{
	a->totals.frames++;
	if (!frame->has_time)
		return;
	if (!a->totals.first_time_ns)
		a->totals.first_time_ns = frame->time_ns;
	a->totals.last_time_ns = frame->time_ns;
}

static void look_at(struct analysis *a, const struct frame *frame)
{
	struct segment segment;
	struct icmp_error error;
	enum decoded decoded = decoder_frame(a->decoder, frame, &segment, &error);

	if (decoded == DECODED_SEGMENT)
		tracker_segment(a->tracker, &segment);
	else if (decoded == DECODED_ICMP_ERROR)
		tracker_icmp(a->tracker, &error);
}

void analysis_frame(struct analysis *a, const struct frame *frame)
{
	count_frame(a, frame);
	look_at(a, frame);
}

void analysis_advance(struct analysis *a, int64_t now_ns)
{
	tracker_advance(a->tracker, now_ns);
}

static void report_progress(struct analysis *a, const struct source *source, unsigned batch)
{
	struct source_position position;

	if (!a->sink.progress || batch % PROGRESS_BATCHES)
		return;
	source_position(source, &position);
	a->sink.progress(a->sink.user, &position, a->pass, a->totals.passes);
}

/* The clock of the capture stands still while a pipe is silent; ours goes on. */
static void idle(struct analysis *a)
{
	int64_t now = clock_monotonic();

	if (a->last_read_ns)
		analysis_advance(a, a->totals.last_time_ns + (now - a->last_read_ns));
}

typedef void batch_fn(struct analysis *a, const struct frame *frames, size_t count, void *context);

/* Read a source to its end, giving each batch to `take`. */
static enum status each_batch(struct analysis *a, struct source *source, batch_fn *take, void *context,
                              struct error *error)
{
	struct frame frames[SOURCE_BATCH];
	enum status status;
	size_t count;

	for (unsigned batch = 0;; batch++) {
		status = source_next(source, frames, &count, error);
		if (status == STATUS_IDLE) {
			idle(a);
			continue;
		}
		if (status != STATUS_OK)
			return status == STATUS_END ? STATUS_OK : status;
		take(a, frames, count, context);
		report_progress(a, source, batch);
	}
}

static void take_first_look(struct analysis *a, const struct frame *frames, size_t count, void *context)
{
	(void)context;
	a->last_read_ns = clock_monotonic();
	for (size_t i = 0; i < count; i++)
		analysis_frame(a, &frames[i]);
}

static void take_second_look(struct analysis *a, const struct frame *frames, size_t count, void *context)
{
	(void)context;
	for (size_t i = 0; i < count; i++)
		look_at(a, &frames[i]);
}

struct surveying {
	struct survey *survey;
	unsigned file;
};

static void take_survey(struct analysis *a, const struct frame *frames, size_t count, void *context)
{
	struct surveying *s = context;
	struct segment segments[SOURCE_BATCH];
	struct icmp_error error;
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		enum decoded decoded = decoder_frame(a->decoder, &frames[i], &segments[found], &error);

		count_frame(a, &frames[i]);
		if (decoded == DECODED_SEGMENT)
			found++;
		else if (decoded == DECODED_ICMP_ERROR)
			survey_icmp(s->survey, &error);
	}
	survey_segments(s->survey, segments, found, s->file);
}

static enum status out_of_memory(struct error *error)
{
	return error_set(error, STATUS_MEMORY, _("out of memory"));
}

/* The survey has counted; the second pass decodes again with a decoder that starts afresh. */
static bool begin_second_pass(struct analysis *a)
{
	a->totals.decoded = *decoder_counts(a->decoder);
	decoder_free(a->decoder);
	tracker_finish(a->tracker);
	a->decoder = decoder_new();
	a->tracker = make_tracker(a);
	a->pass = 2;
	return a->decoder && a->tracker;
}

static void failed(const struct analysis_sink *sink, const struct source *source, const struct error *error)
{
	if (sink->failure)
		sink->failure(sink->user, source, error);
}

static enum status run_survey(struct analysis *a, struct source *const *sources, size_t count, struct error *error)
{
	size_t ceiling = a->options.max_connections ? a->options.max_connections : ANALYSIS_MAX_CONNECTIONS;
	struct surveying s = { 0 };

	a->totals.passes = 2;
	a->selection = selection_new();
	s.survey = a->selection ? survey_new(ceiling, a->seed, a->selection, &a->totals) : NULL;
	if (!s.survey)
		return out_of_memory(error);
	for (s.file = 0; s.file < count; s.file++) {
		if (each_batch(a, sources[s.file], take_survey, &s, error) != STATUS_OK)
			failed(&a->sink, sources[s.file], error);
		source_rewind(sources[s.file], error);
	}
	survey_finish(s.survey);
	return begin_second_pass(a) ? STATUS_OK : out_of_memory(error);
}

static bool wants_survey(const struct analysis *a, struct source *const *sources, size_t count)
{
	struct source_position position;
	uint64_t bytes = 0;

	if (a->options.one_pass || a->options.all_connections)
		return false;
	for (size_t i = 0; i < count; i++) {
		source_position(sources[i], &position);
		bytes += position.bytes_total;
		if (!source_is_mapped(sources[i]))
			return false;
	}
	return a->options.two_passes || bytes >= SURVEY_MIN_BYTES;
}

enum status analysis_run(struct analysis *a, struct source *const *sources, size_t count, struct error *error)
{
	enum status result = STATUS_OK, status;
	bool survey = wants_survey(a, sources, count);

	if (survey && (status = run_survey(a, sources, count, error)) != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		tracker_file(a->tracker, (unsigned)i, source_name(sources[i]));
		status = each_batch(a, sources[i], survey ? take_second_look : take_first_look, NULL, error);
		if (status == STATUS_OK)
			continue;
		result = status;
		if (!survey)
			failed(&a->sink, sources[i], error);
	}
	return result;
}

void analysis_finish(struct analysis *a)
{
	if (a->pass == 1)
		a->totals.decoded = *decoder_counts(a->decoder);
	tracker_finish(a->tracker);
	a->tracker = NULL;
	a->totals.segments = a->totals.decoded.kinds[DECODED_SEGMENT];
}

const struct analysis_totals *analysis_totals(const struct analysis *a)
{
	return &a->totals;
}

void analysis_free(struct analysis *a)
{
	if (!a)
		return;
	a->sink = (struct analysis_sink){ 0 };
	tracker_finish(a->tracker);
	decoder_free(a->decoder);
	selection_free(a->selection);
	free(a);
}
