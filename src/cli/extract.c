/* -w: a second reading, in which the frames of the connections concerned are written, verdicts as packet comments. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cmd_read.h"
#include "cli/message.h"
#include "flow/table.h"
#include "packet/decoder.h"
#include "source/writer.h"

#define MARKS_MAX 1000000u            /* connections and comments that are remembered */
#define COMMENTS_BYTES_MAX (256u << 20)
#define COMMENTS_PER_FRAME 4

struct comment {
	const char *file; /* source_name() */
	uint64_t frame;
	size_t offset;    /* into texts */
};

struct extract {
	struct tuple *tuples;   /* ends whose connections are written, as often as they were concerned */
	struct comment *comments;
	size_t count, capacity; /* of both: one of each a verdict */
	struct buffer texts;    /* NUL-terminated comments, one after the other */
	bool full;
};

struct writing {
	const struct extract *extract;
	struct table *table;
	struct decoder *decoder;
	struct writer *writer;
	bool failed;           /* the output; nothing more is written */
};

struct extract *extract_new(void)
{
	struct extract *extract = calloc(1, sizeof(*extract));

	if (extract)
		extract->texts.max = COMMENTS_BYTES_MAX;
	return extract;
}

void extract_free(struct extract *extract)
{
	if (!extract)
		return;
	free(extract->tuples);
	free(extract->comments);
	buffer_clear(&extract->texts);
	free(extract);
}

/* Make room for one more of each. */
static bool grow(struct extract *extract)
{
	size_t capacity = extract->capacity ? 2 * extract->capacity : 64;
	struct tuple *tuples;
	struct comment *comments;

	if (extract->count < extract->capacity)
		return true;
	if (extract->count >= MARKS_MAX)
		return false;
	tuples = reallocarray(extract->tuples, capacity, sizeof(*tuples));
	if (tuples)
		extract->tuples = tuples;
	comments = reallocarray(extract->comments, capacity, sizeof(*comments));
	if (comments)
		extract->comments = comments;
	if (!tuples || !comments)
		return false;
	extract->capacity = capacity;
	return true;
}

void extract_add(struct extract *extract, const struct verdict *verdict)
{
	const struct evidence *evidence = verdict->evidence;
	size_t offset = extract->texts.len;

	if (extract->full || extract->texts.full || !grow(extract)) {
		extract->full = true;
		return;
	}
	report_comment(&extract->texts, verdict);
	buffer_add(&extract->texts, "", 1);
	if (extract->texts.full)
		return;
	tuple_of(&evidence->src, &evidence->dst, &extract->tuples[extract->count]);
	extract->comments[extract->count++] = (struct comment){ evidence->file, evidence->frame, offset };
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_comments(const void *a, const void *b)
{
	const struct comment *one = a, *other = b;
	int order = compare_numbers(one->frame, other->frame);

	return order ? order : compare_numbers((uintptr_t)one->file, (uintptr_t)other->file);
}

/*
 * Whether the frame is between two ends that are concerned. An older connection on the same ports goes along: a verdict
 * may rest on it.
 */
static bool between(const struct writing *writing, const struct endpoint *src, const struct endpoint *dst)
{
	struct tuple tuple;

	tuple_of(src, dst, &tuple);
	return table_find(writing->table, &tuple, table_hash(writing->table, &tuple));
}

static bool is_concerned(struct writing *writing, const struct frame *frame)
{
	struct segment segment;
	struct icmp_error icmp;

	switch (decoder_frame(writing->decoder, frame, &segment, &icmp)) {
	case DECODED_SEGMENT:
		return between(writing, &segment.src, &segment.dst);
	case DECODED_ICMP_ERROR:
		return between(writing, &icmp.src, &icmp.dst);
	default:
		return false;
	}
}

/* Fill `texts` with the comments on a frame, NULL-terminated. */
static void find_comments(const struct extract *extract, const char *file, const struct frame *frame,
                          const char *texts[COMMENTS_PER_FRAME + 1])
{
	struct comment key = { file, frame->number, 0 };
	const struct comment *comment = bsearch(&key, extract->comments, extract->count, sizeof key, compare_comments);
	const struct comment *end = extract->comments + extract->count;
	size_t count = 0;

	while (comment && comment > extract->comments && compare_comments(comment - 1, &key) == 0)
		comment--;
	for (; comment && comment < end && count < COMMENTS_PER_FRAME && compare_comments(comment, &key) == 0; comment++)
		texts[count++] = buffer_text(&extract->texts) + comment->offset;
	texts[count] = NULL;
}

static enum status write_frame(struct writing *writing, struct source *source, const struct frame *frame,
                               struct error *error)
{
	struct source_interface interface = { .link_type = frame->link_type };
	const char *texts[COMMENTS_PER_FRAME + 1];

	if (!is_concerned(writing, frame))
		return STATUS_OK;
	source_interface(source, frame->interface, &interface);
	find_comments(writing->extract, source_name(source), frame, texts);
	return writer_frame(writing->writer, frame, &interface, texts, error);
}

/* What cannot be read any more was reported by the first reading; what cannot be written is reported here. */
static void copy(struct writing *writing, struct source *source)
{
	struct frame frames[SOURCE_BATCH];
	struct error error;
	size_t count;
	enum status status;

	while ((status = source_next(source, frames, &count, &error)) == STATUS_OK || status == STATUS_IDLE) {
		for (size_t i = 0; status == STATUS_OK && i < count; i++) {
			if (write_frame(writing, source, &frames[i], &error) == STATUS_OK)
				continue;
			complain("-w: %s", error.text);
			writing->failed = true;
			return;
		}
	}
}

/* None is ever let go: the table has room for all. */
static unsigned worth(const void *value, int64_t now_ns)
{
	(void)value;
	(void)now_ns;
	return 1;
}

static bool prepare(struct writing *writing, struct extract *extract)
{
	struct table_options options = {
		.value_size = sizeof(uint64_t), /* being there is all */
		.max_entries = extract->count + 1,
		.worth = worth,
	};
	bool added;

	writing->table = table_new(&options);
	writing->decoder = decoder_new();
	if (!writing->table || !writing->decoder)
		return false;
	for (size_t i = 0; i < extract->count; i++) {
		const struct tuple *tuple = &extract->tuples[i];

		if (!table_get(writing->table, tuple, table_hash(writing->table, tuple), 0, &added))
			return false;
	}
	if (extract->count)
		qsort(extract->comments, extract->count, sizeof(*extract->comments), compare_comments);
	return true;
}

static enum exit_status finish(struct writing *writing)
{
	struct error error;
	enum status closed = writer_close(writing->writer, &error);

	if (closed != STATUS_OK && !writing->failed)
		complain("-w: %s", error.text);
	return closed == STATUS_OK && !writing->failed ? EXIT_DONE : EXIT_FAILED;
}

enum exit_status extract_write(struct extract *extract, struct reading *reading, const char *path)
{
	struct writing writing = { .extract = extract };
	enum exit_status status = EXIT_DONE;
	struct error error;

	if (extract->full || extract->texts.full)
		complain(_("-w: more findings than can be remembered; the first %zu are written"), extract->count);
	if (!prepare(&writing, extract)) {
		complain("%s", _("out of memory"));
		status = EXIT_FAILED;
	} else if (writer_open(path, &writing.writer, &error) != STATUS_OK) {
		complain("-w: %s", error.text);
		status = EXIT_FAILED;
	} else {
		reading_rewind(reading);
		for (size_t i = 0; i < reading->count && !writing.failed; i++)
			copy(&writing, reading->sources[i]);
		status = finish(&writing);
	}
	table_free(writing.table);
	decoder_free(writing.decoder);
	return status;
}
