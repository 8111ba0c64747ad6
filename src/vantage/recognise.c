#include "vantage/recognise.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "flow/tuple.h"
#include "packet/decoder.h"
#include "vantage/lookout.h"

/* Captures mostly begin together: a short look suffices then. Each further one is so many times longer. */
#define FIRST_LOOK 1024
#define LONGER 16
/* Ends are remembered of so many segments. */
#define ENDS_FROM 8192
/* So many segments in common are no chance; of short captures, half of them. */
#define SHARED_MIN 16

/* A segment, by what no box on the way changes as a rule. */
struct print {
	uint64_t hash;
	int64_t time_ns;
	uint32_t ends;           /* place in the list of ends */
	uint8_t hop_limit;
};

struct head {
	struct source *source;
	struct decoder *decoder;
	struct print *prints;
	size_t count, room;
	size_t loose;            /* segments without a print: nothing in them is their own */
	bool ended;
	int64_t first_ns, last_ns;
	struct ends {
		struct endpoint end[2];
	} ends[RECOGNISE_SHARED * 4];
	size_t ends_count;
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return tuple_mix(hash ^ value, TUPLE_MIX_A ^ hash >> 32);
}

/* False for what looks like others of its connection: a bare ACK without timestamp and ID. */
static bool print_of(const struct mark *mark, uint64_t *ret_hash)
{
	bool stamped = mark->bits & MARK_TIMESTAMP, numbered = mark->bits & MARK_V4 && mark->ip_id;
	uint64_t hash = TUPLE_MIX_B;

	if (!stamped && !numbered && mark_end(mark) == mark->seq && !(mark->flags & TCP_RST))
		return false;
	hash = mix(hash, (uint64_t)mark->seq << 32 | mark->ack);
	hash = mix(hash, (uint64_t)mark->payload_len << 32 | mark->payload_hash);
	hash = mix(hash, (uint64_t)(mark->flags & (TCP_FIN | TCP_SYN | TCP_RST | TCP_ACK)));
	if (stamped)
		hash = mix(hash, (uint64_t)mark->ts_value << 32 | mark->ts_echo);
	else if (numbered)
		hash = mix(hash, mark->ip_id);
	*ret_hash = hash;
	return true;
}

/* The place of these ends in the list, its last where the list is full. */
static uint32_t ends_of(struct head *head, const struct segment *segment)
{
	const size_t max = sizeof head->ends / sizeof *head->ends;

	/* Enough of the first ones for comparing clocks. */
	if (head->count > ENDS_FROM)
		return NONE;
	for (size_t i = 0; i < head->ends_count; i++)
		if ((endpoint_equal(&head->ends[i].end[0], &segment->src) && endpoint_equal(&head->ends[i].end[1], &segment->dst)) ||
		    (endpoint_equal(&head->ends[i].end[1], &segment->src) && endpoint_equal(&head->ends[i].end[0], &segment->dst)))
			return (uint32_t)i;
	if (head->ends_count == max)
		return NONE;
	head->ends[head->ends_count] = (struct ends){ { segment->src, segment->dst } };
	return (uint32_t)head->ends_count++;
}

static bool take(struct head *head, const struct segment *segment)
{
	struct mark mark = mark_of_segment(segment, 0);
	struct print *grown;
	uint64_t hash;

	if (!print_of(&mark, &hash)) {
		head->loose++;
		return true;
	}
	if (head->count == head->room) {
		head->room = head->room ? 2 * head->room : 1024;
		grown = realloc(head->prints, head->room * sizeof *grown);
		if (!grown)
			return false;
		head->prints = grown;
	}
	if (!head->count || mark.time_ns < head->first_ns)
		head->first_ns = mark.time_ns;
	if (!head->count || mark.time_ns > head->last_ns)
		head->last_ns = mark.time_ns;
	head->prints[head->count++] = (struct print){ hash, mark.time_ns, ends_of(head, segment), mark.hop_limit };
	return true;
}

static bool take_frames(struct head *head, const struct frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct segment segment;
		struct icmp_error icmp;

		if (decoder_frame(head->decoder, &frames[i], &segment, &icmp) == DECODED_SEGMENT && !take(head, &segment))
			return false;
	}
	return true;
}

/* Go on until there are so many segments. False when out of memory. */
static bool read_on(struct head *head, size_t want)
{
	struct frame frames[SOURCE_BATCH];
	struct error error;
	enum status status;
	size_t count;

	while (!head->ended && head->count + head->loose < want) {
		status = source_next(head->source, frames, &count, &error);
		if (status != STATUS_OK && status != STATUS_IDLE)
			head->ended = true;
		else if (status == STATUS_OK && !take_frames(head, frames, count))
			return false;
	}
	return true;
}

static int by_hash(const void *a, const void *b)
{
	const struct print *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->time_ns > y->time_ns) - (x->time_ns < y->time_ns);
}

/* What two files have in common. */
struct common {
	size_t count, at_once;   /* at_once: with the same time and as many hops */
};

static void remember(struct recognition *r, const struct head *head, uint32_t ends)
{
	if (ends == NONE || r->shared_count == RECOGNISE_SHARED)
		return;
	for (size_t i = 0; i < r->shared_count; i++)
		if (endpoint_equal(&r->shared[i][0], &head->ends[ends].end[0]) &&
		    endpoint_equal(&r->shared[i][1], &head->ends[ends].end[1]))
			return;
	memcpy(r->shared[r->shared_count++], head->ends[ends].end, sizeof *r->shared);
}

static struct common compare(const struct head *a, const struct head *b, struct recognition *r)
{
	struct common common = { 0 };

	for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
		const struct print *x = &a->prints[i], *y = &b->prints[j];

		if (x->hash == y->hash) {
			common.count++;
			common.at_once += x->time_ns == y->time_ns && x->hop_limit == y->hop_limit;
			remember(r, a, x->ends);
			remember(r, b, y->ends);
		}
		i += x->hash <= y->hash;
		j += x->hash >= y->hash;
	}
	return common;
}

static bool is_shared(const struct head *a, const struct head *b, const struct common *common)
{
	size_t less = a->count < b->count ? a->count : b->count;

	return common->count >= SHARED_MIN || (common->count && 2 * common->count >= less);
}

static bool is_copy(const struct head *a, const struct head *b, const struct common *common)
{
	return common->count && common->at_once == common->count && common->count == a->count && common->count == b->count;
}

static bool overlap(const struct head *a, const struct head *b)
{
	return a->count && b->count && a->first_ns <= b->last_ns && b->first_ns <= a->last_ns;
}

static void join(uint8_t *part, size_t count, size_t one, size_t other)
{
	uint8_t from = part[other], to = part[one];

	for (size_t i = 0; i < count; i++)
		part[i] = part[i] == from ? to : part[i];
}

static void name(struct recognition *r, enum belonging belonging, size_t one, size_t other)
{
	*r = (struct recognition){ .belonging = belonging, .one = one, .other = other };
}

static void judge(const struct head *heads, size_t count, struct recognition *r)
{
	uint8_t part[RECOGNISE_FILES];
	bool any = false;

	*r = (struct recognition){ .belonging = BELONG_APART };
	for (size_t i = 0; i < count; i++)
		part[i] = (uint8_t)i;
	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++) {
			struct common common = compare(&heads[i], &heads[j], r);

			if (is_copy(&heads[i], &heads[j], &common)) {
				name(r, BELONG_COPIES, i, j);
				return;
			}
			if (is_shared(&heads[i], &heads[j], &common)) {
				join(part, count, i, j);
				any = true;
			} else if (overlap(&heads[i], &heads[j]) && r->belonging == BELONG_APART) {
				r->belonging = BELONG_OVERLAP;
				r->one = i;
				r->other = j;
			}
		}
	if (any)
		r->belonging = BELONG_TOGETHER;
	for (size_t i = 1; any && i < count; i++)
		if (part[i] != part[0]) {
			r->belonging = BELONG_PARTLY;
			r->one = 0;
			r->other = i;
		}
}

/* Longer and longer looks, until something is found or nothing is left. False when out of memory. */
static bool look(struct head *heads, size_t count, struct recognition *r)
{
	size_t most = count <= LOOKOUTS_MAX ? RECOGNISE_SEGMENTS : RECOGNISE_SEGMENTS * (size_t)LOOKOUTS_MAX / count;

	for (size_t want = FIRST_LOOK; want <= most; want *= LONGER) {
		bool ended = true;

		for (size_t i = 0; i < count; i++) {
			if (!read_on(&heads[i], want))
				return false;
			if (heads[i].count)
				qsort(heads[i].prints, heads[i].count, sizeof *heads[i].prints, by_hash);
			ended &= heads[i].ended;
		}
		judge(heads, count, r);
		if (ended || r->belonging == BELONG_TOGETHER || r->belonging == BELONG_COPIES)
			return true;
	}
	return true;
}

enum status recognise(struct source *const *sources, size_t count, struct recognition *ret_recognition,
                      struct error *error)
{
	struct head *heads = count <= RECOGNISE_FILES ? calloc(count, sizeof *heads) : NULL;
	bool done = heads;

	for (size_t i = 0; done && i < count; i++) {
		heads[i].source = sources[i];
		heads[i].decoder = decoder_new();
		done = heads[i].decoder;
	}
	done = done && look(heads, count, ret_recognition);
	for (size_t i = 0; heads && i < count; i++) {
		struct error ignored;

		decoder_free(heads[i].decoder);
		free(heads[i].prints);
		source_rewind(sources[i], &ignored);
	}
	free(heads);
	return done ? STATUS_OK : error_set(error, STATUS_MEMORY, _("out of memory"));
}
