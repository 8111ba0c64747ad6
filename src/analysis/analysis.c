#include "analysis/analysis.h"

#include <stdlib.h>

#include "analysis/peek.h"
#include "analysis/selection.h"
#include "analysis/survey.h"
#include "analysis/tracker.h"
#include "analysis/trail.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"

/* Below this size a second look at everything is cheaper than finding out what to look at. */
#define SURVEY_MIN_BYTES (32ULL << 20)
/* Captures of so many bytes in all stay mapped between the two passes: to map them again takes as long as to read. */
#define KEEP_MAX_BYTES (1ULL << 30)
/* Batches between two reports of progress. */
#define PROGRESS_BATCHES 256

struct analysis {
	struct analysis_options options;
	struct analysis_sink sink;
	struct analysis_totals totals;
	struct decoder *decoder;
	struct tracker *tracker;
	struct selection *selection;
	struct trail *trail;
	unsigned file;
	uint64_t seed;
	int64_t last_read_ns;   /* monotonic, for a pipe that falls silent */
	bool *told;             /* of each source: its failure was given to the sink */
	unsigned pass;
	unsigned batches;
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
	struct arrival arrival;
	struct icmp_error error;
	enum decoded decoded = decoder_frame(a->decoder, frame, &arrival.segment, &error);

	if (decoded == DECODED_ICMP_ERROR)
		tracker_icmp(a->tracker, &error);
	if (decoded != DECODED_SEGMENT)
		return;
	arrival_prepare(&arrival, a->seed);
	if (!a->selection || selection_has(a->selection, arrival.hash))
		tracker_segments(a->tracker, &arrival, 1);
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

static void progress(struct analysis *a, const struct source_position *position)
{
	if (a->sink.progress && a->batches++ % PROGRESS_BATCHES == 0)
		a->sink.progress(a->sink.user, position, a->pass, a->totals.passes);
}

/* The clock of the capture stands still while a pipe is silent; ours goes on. */
static void idle(struct analysis *a)
{
	int64_t now = clock_monotonic();

	if (a->last_read_ns)
		analysis_advance(a, a->totals.last_time_ns + (now - a->last_read_ns));
}

/* One pass: every frame as it comes. */
static enum status only_look(struct analysis *a, struct source *source, struct error *error)
{
	struct frame frames[SOURCE_BATCH];
	struct source_position position;
	enum status status;
	size_t count;

	while ((status = source_next(source, frames, &count, error)) == STATUS_OK || status == STATUS_IDLE) {
		if (status == STATUS_IDLE) {
			idle(a);
			continue;
		}
		a->last_read_ns = clock_monotonic();
		for (size_t i = 0; i < count; i++)
			analysis_frame(a, &frames[i]);
		source_position(source, &position);
		progress(a, &position);
	}
	return status == STATUS_END ? STATUS_OK : status;
}

static void seen_by_survey(void *user, const struct ahead_batch *batch)
{
	struct analysis *a = user;

	a->totals.frames += batch->frames;
	if (!a->totals.first_time_ns)
		a->totals.first_time_ns = batch->first_time_ns;
	if (batch->last_time_ns)
		a->totals.last_time_ns = batch->last_time_ns;
	progress(a, &batch->position);
}

/* Few batches: the segments point into the capture, and what lies far behind the reader is given back. */
#define PICKED_RING 8

/* The frames of a batch that may belong to a selected connection. */
struct picked {
	size_t count;               /* of arrivals */
	size_t others_count;
	struct arrival arrivals[AHEAD_FRAMES];
	struct {
		struct frame frame;     /* no glance can tell; without its comment, which may move */
		size_t before;          /* arrivals before it */
	} others[AHEAD_FRAMES];
};

static void begin_batch(void *context, void *prepared)
{
	struct picked *picked = prepared;

	(void)context;
	picked->count = picked->others_count = 0;
}

static void pick_other(struct picked *picked, const struct frame *frame)
{
	size_t at = picked->others_count++;

	picked->others[at].frame = *frame;
	picked->others[at].frame.comment = NULL;
	picked->others[at].before = picked->count;
}

/* In the other thread: the selection does not change any more. What cannot be told at a glance is decoded later. */
static void pick(void *context, void *prepared, const struct frame *frames, size_t count)
{
	struct analysis *a = context;
	struct picked *picked = prepared;
	struct glance glances[SOURCE_BATCH];
	uint64_t hashes[SOURCE_BATCH] = { 0 };
	struct tuple tuple;

	for (size_t i = 0; i < count; i++) {
		if (!glance_at(&frames[i], &glances[i]))
			continue;
		peek_tuple(&glances[i], &tuple);
		hashes[i] = tuple_hash(&tuple, a->seed) | 1;
		selection_prefetch(a->selection, hashes[i]);
	}
	for (size_t i = 0; i < count; i++) {
		struct arrival *arrival = &picked->arrivals[picked->count];

		if (!hashes[i]) {
			pick_other(picked, &frames[i]);
		} else if (selection_has(a->selection, hashes[i])) {
			glance_decode(&glances[i], &frames[i], &arrival->segment);
			arrival_prepare(arrival, a->seed);
			picked->count++;
		}
	}
}

static void look_at_picked(void *context, struct ahead_batch *batch)
{
	struct picked *picked = batch->prepared;
	struct analysis *a = context;
	size_t at = 0;

	for (size_t i = 0; i < picked->others_count; i++) {
		tracker_segments(a->tracker, picked->arrivals + at, picked->others[i].before - at);
		at = picked->others[i].before;
		look_at(a, &picked->others[i].frame);
	}
	tracker_segments(a->tracker, picked->arrivals + at, picked->count - at);
	/* Time goes by in what was not selected, too. */
	if (batch->last_time_ns)
		tracker_advance(a->tracker, batch->last_time_ns);
	progress(a, &batch->position);
}

static enum status next_wanted(void *context, struct source *source, struct frame *frames, size_t *ret_count,
                               struct error *error)
{
	struct analysis *a = context;

	return trail_next(a->trail, a->file, source, frames, ret_count, error);
}

static enum status second_look(struct analysis *a, struct source *source, unsigned file, struct error *error)
{
	struct ahead_steps steps = {
		.ring = PICKED_RING, .next = next_wanted, .prepared_size = sizeof(struct picked), .begin = begin_batch,
		.prepare = pick, .take = look_at_picked, .context = a,
	};
	enum status status;
	int64_t last_ns;

	a->file = file;
	status = ahead_run(source, &steps, error);
	/* Time went by in what nobody wanted, too. */
	if (trail_last_time(a->trail, file, &last_ns))
		tracker_advance(a->tracker, last_ns);
	return status;
}

static enum status out_of_memory(struct error *error)
{
	return error_set(error, STATUS_MEMORY, _("out of memory"));
}

/* The survey has counted; the tracker of the second pass looks at the selection only. */
static bool begin_second_pass(struct analysis *a)
{
	selection_finish(a->selection);
	trail_finish(a->trail, a->selection);
	tracker_finish(a->tracker);
	a->tracker = make_tracker(a);
	a->pass = 2;
	return a->tracker;
}

/* Each source's failure is told once, by whichever pass meets it first. */
static void failed(struct analysis *a, size_t file, const struct source *source, const struct error *error)
{
	if (a->sink.failure && !a->told[file])
		a->sink.failure(a->sink.user, source, error);
	a->told[file] = true;
}

static uint64_t bytes_of(struct source *const *sources, size_t count)
{
	struct source_position position;
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++) {
		source_position(sources[i], &position);
		bytes += position.bytes_total;
	}
	return bytes;
}

static enum status run_survey(struct analysis *a, struct source *const *sources, size_t count, struct error *error)
{
	size_t ceiling = a->options.max_connections ? a->options.max_connections : ANALYSIS_MAX_CONNECTIONS;
	bool keep = bytes_of(sources, count) <= KEEP_MAX_BYTES;
	struct survey *survey;

	a->totals.passes = 2;
	a->selection = selection_new();
	a->trail = trail_new((unsigned)count);
	survey = a->selection && a->trail ? survey_new(ceiling, a->seed, a->selection, &a->totals, seen_by_survey, a) : NULL;
	if (!survey)
		return out_of_memory(error);
	for (unsigned file = 0; file < count; file++) {
		if (keep)
			source_keep(sources[file]);
		trail_begin(a->trail, file, sources[file]);
		if (survey_run(survey, sources[file], file, a->trail, error) != STATUS_OK)
			failed(a, file, sources[file], error);
		trail_end(a->trail, file, a->totals.last_time_ns);
		if (source_rewind(sources[file], error) != STATUS_OK)
			failed(a, file, sources[file], error);
	}
	survey_finish(survey);
	return begin_second_pass(a) ? STATUS_OK : out_of_memory(error);
}

static bool wants_survey(const struct analysis *a, struct source *const *sources, size_t count)
{
	if (a->options.one_pass || a->options.all_connections)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!source_is_mapped(sources[i]))
			return false;
	return a->options.two_passes || bytes_of(sources, count) >= SURVEY_MIN_BYTES;
}

enum status analysis_run(struct analysis *a, struct source *const *sources, size_t count, struct error *error)
{
	enum status result = STATUS_OK, status;
	bool survey = wants_survey(a, sources, count);

	a->told = calloc(count + 1, sizeof *a->told);
	if (!a->told)
		return out_of_memory(error);
	if (survey && (status = run_survey(a, sources, count, error)) != STATUS_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		tracker_file(a->tracker, (unsigned)i, source_name(sources[i]));
		status = survey ? second_look(a, sources[i], (unsigned)i, error) : only_look(a, sources[i], error);
		if (status == STATUS_OK)
			continue;
		result = status;
		failed(a, i, sources[i], error);
	}
	return result;
}

void analysis_finish(struct analysis *a)
{
	if (a->pass == 1)
		a->totals.decoded = *decoder_counts(a->decoder);
	/* What still waits for its rest will not be completed any more. */
	a->totals.decoded.fragments_lost += a->totals.decoded.fragments_waiting;
	tracker_finish(a->tracker);
	a->tracker = NULL;
	a->totals.segments = a->totals.decoded.kinds[DECODED_SEGMENT];
}

void analysis_totals_so_far(const struct analysis *a, struct analysis_totals *ret_totals)
{
	*ret_totals = a->totals;
	if (!a->tracker)
		return;
	ret_totals->decoded = *decoder_counts(a->decoder);
	ret_totals->segments = ret_totals->decoded.kinds[DECODED_SEGMENT];
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
	free(a->told);
	decoder_free(a->decoder);
	selection_free(a->selection);
	trail_free(a->trail);
	free(a);
}
