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

/* A connection to write. */
struct concern {
	struct tuple tuple;
	uint64_t first_frame;
};

struct comment {
	const char *file; /* source_name() */
	uint64_t frame;
	size_t offset;    /* into texts */
};

struct extract {
	struct concern *concerns;
	struct comment *comments;
	size_t count, capacity; /* of both: one of each a verdict */
	struct buffer texts;    /* NUL-terminated comments, one after the other */
	bool full;
};

/* One pair of ends in the second reading. */
struct live {
	struct flow flow;
	bool began;
	bool wanted; /* the connection that lives there now is to be written */
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
	free(extract->concerns);
	free(extract->comments);
	buffer_clear(&extract->texts);
	free(extract);
}

/* Make room for one more of each. */
static bool grow(struct extract *extract)
{
	size_t capacity = extract->capacity ? 2 * extract->capacity : 64;
	struct concern *concerns;
	struct comment *comments;

	if (extract->count < extract->capacity)
		return true;
	if (extract->count >= MARKS_MAX)
		return false;
	concerns = reallocarray(extract->concerns, capacity, sizeof(*concerns));
	if (concerns)
		extract->concerns = concerns;
	comments = reallocarray(extract->comments, capacity, sizeof(*comments));
	if (comments)
		extract->comments = comments;
	if (!concerns || !comments)
		return false;
	extract->capacity = capacity;
	return true;
}

void extract_add(struct extract *extract, const struct verdict *verdict)
{
	const struct evidence *evidence = verdict->evidence;
	size_t offset = extract->texts.len;
	struct concern *concern;

	if (extract->full || extract->texts.full || !grow(extract)) {
		extract->full = true;
		return;
	}
	report_comment(&extract->texts, verdict);
	buffer_add(&extract->texts, "", 1);
	if (extract->texts.full)
		return;
	concern = &extract->concerns[extract->count];
	memset(concern, 0, sizeof(*concern));
	tuple_of(&evidence->src, &evidence->dst, &concern->tuple);
	concern->first_frame = evidence->first_frame;
	extract->comments[extract->count++] = (struct comment){ evidence->file, evidence->frame, offset };
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_concerns(const void *a, const void *b)
{
	const struct concern *one = a, *other = b;
	int order = memcmp(&one->tuple, &other->tuple, sizeof(one->tuple));

	return order ? order : compare_numbers(one->first_frame, other->first_frame);
}

static int compare_comments(const void *a, const void *b)
{
	const struct comment *one = a, *other = b;
	int order = compare_numbers(one->frame, other->frame);

	return order ? order : compare_numbers((uintptr_t)one->file, (uintptr_t)other->file);
}

static bool begins_here(const struct extract *extract, const struct tuple *tuple, uint64_t frame)
{
	struct concern key;

	memset(&key, 0, sizeof key);
	memcpy(key.tuple.bytes, tuple->bytes, tuple->size);
	key.tuple.size = tuple->size;
	key.first_frame = frame;
	return bsearch(&key, extract->concerns, extract->count, sizeof key, compare_concerns);
}

/* Whether the frame belongs to a connection that is to be written; `segment` NULL for an ICMP error about it. */
static bool belongs(struct writing *writing, const struct frame *frame, const struct endpoint *src,
                    const struct endpoint *dst, const struct segment *segment)
{
	struct tuple tuple;
	unsigned side = tuple_of(src, dst, &tuple);
	struct live *live = table_find(writing->table, &tuple, table_hash(writing->table, &tuple));
	bool anew;

	if (!live)
		return false;
	if (!segment)
		return live->wanted;
	anew = !live->began || flow_begins_anew(&live->flow, segment, side);
	if (begins_here(writing->extract, &tuple, frame->number)) {
		live->wanted = true;
		anew = true;
	} else if (anew) {
		live->wanted = false;
	}
	if (anew) {
		memset(&live->flow, 0, sizeof(live->flow));
		flow_begin(&live->flow, segment, side);
		live->began = true;
	}
	flow_update(&live->flow, segment, side);
	return live->wanted;
}

static bool is_concerned(struct writing *writing, const struct frame *frame)
{
	struct segment segment;
	struct icmp_error icmp;

	switch (decoder_frame(writing->decoder, frame, &segment, &icmp)) {
	case DECODED_SEGMENT:
		return belongs(writing, frame, &segment.src, &segment.dst, &segment);
	case DECODED_ICMP_ERROR:
		return belongs(writing, frame, &icmp.src, &icmp.dst, NULL);
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
		.value_size = sizeof(struct live),
		.max_entries = extract->count + 1,
		.worth = worth,
	};
	bool added;

	writing->table = table_new(&options);
	writing->decoder = decoder_new();
	if (!writing->table || !writing->decoder)
		return false;
	for (size_t i = 0; i < extract->count; i++) {
		const struct tuple *tuple = &extract->concerns[i].tuple;

		if (!table_get(writing->table, tuple, table_hash(writing->table, tuple), 0, &added))
			return false;
	}
	if (extract->count) {
		qsort(extract->concerns, extract->count, sizeof(*extract->concerns), compare_concerns);
		qsort(extract->comments, extract->count, sizeof(*extract->comments), compare_comments);
	}
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
