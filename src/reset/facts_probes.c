/*
 * Facts about keepalive probes and retransmissions that a capture shows answered although their sender may have heard
 * nothing: the answers may have been lost behind it.
 */
#include "base/clock.h"
#include "base/sequence.h"
#include "reset/parts.h"

/* Timers of a second and more run late by up to an eighth (Linux, kernel/time/timer.c: the levels of the wheel). */
#define TIMER_SLACK_SHARE 8
/* Unanswered probes follow each other sooner than the first one the last exchange (tcp(7): 75 s and 7200 s). */
#define HASTE_NUMERATOR 3
#define HASTE_DENOMINATOR 2

/* What the sender of the RST had sent in a row, newest first. */
struct row {
	const struct note *first, *last, *before_last; /* probes */
	const struct note *older;                      /* the segment before `first`, whoever sent it */
	const struct note *repeated;                   /* the last retransmission of what had been acknowledged */
	unsigned probes, repeats;
};

/*
 * An acknowledgement of nothing new: the answer to a probe or to a retransmission. To a capture that begins with it
 * everything is new.
 */
static bool is_answer(const struct scene *scene, const struct note *n)
{
	bool fresh = n->marks & NOTE_ACKS_NEW && n->frame != scene->receiver->first.frame;

	return !n->payload_len && !(n->flags & (TCP_SYN | TCP_FIN | TCP_RST)) && !fresh;
}

static bool was_acked(const struct scene *scene, const struct note *n)
{
	return scene->receiver_half->seen & HALF_ACK && n->payload_len &&
	       !seq_after(n->seq + n->payload_len, scene->receiver_half->acked);
}

static void add_probe(struct row *row, const struct note *n)
{
	if (!row->last)
		row->last = n;
	else if (!row->before_last)
		row->before_last = n;
	row->first = n;
	row->probes++;
}

static bool in_hindsight(const struct scene *scene)
{
	return yes(scene->e, FACT_START_MISSING) && yes(scene->e, FACT_SHAPE_ACTIVE);
}

/* In hindsight, too: where the capture begins with one, only the RST tells that it stood before the next number. */
static bool is_probe(const struct scene *scene, const struct note *n)
{
	bool empty = !n->payload_len && n->flags & TCP_ACK && !(n->flags & (TCP_SYN | TCP_FIN | TCP_RST));

	return n->marks & NOTE_KEEPALIVE || (empty && n->seq == scene->rst->seq - 1 && in_hindsight(scene));
}

/* Whether `n` belongs to the row; all between two of its segments are answers. */
static bool take(const struct scene *scene, struct row *row, const struct note *n)
{
	if (n->side != scene->side)
		return is_answer(scene, n) || n->marks & NOTE_KEEPALIVE;
	if (is_probe(scene, n)) {
		add_probe(row, n);
		return !row->repeats;
	}
	if (!(n->marks & NOTE_RETRANSMISSION) || row->probes || !was_acked(scene, n))
		return false;
	if (!row->repeated)
		row->repeated = n;
	row->repeats++;
	return true;
}

static struct row find_row(const struct scene *scene)
{
	struct row row = { 0 };
	const struct note *n;

	for (unsigned i = 0; (n = conversation_recent(scene->c, i)) != NULL; i++) {
		if (n->frame >= scene->rst->frame)
			continue;
		if (!take(scene, &row, n))
			break;
	}
	for (unsigned i = 0; row.first && !row.older && (n = conversation_recent(scene->c, i)) != NULL; i++)
		if (n->frame < row.first->frame)
			row.older = n;
	return row;
}

static bool keeps_pace(uint64_t pace, uint64_t after_last)
{
	uint64_t slack = pace / TIMER_SLACK_SHARE;

	return after_last >= pace - slack && after_last <= pace + slack;
}

/* Its timestamps say when the sender sent them, whatever held them up on the way. */
static bool in_probes_place(const struct scene *scene, const struct row *row, uint64_t pace, uint64_t after_last)
{
	const struct note *rst = scene->rst, *last = row->last, *before = row->before_last;
	bool stamped = rst->marks & last->marks & before->marks & NOTE_HAS_TIMESTAMP;

	if (stamped && last->ts_value - before->ts_value >= TIMER_SLACK_SHARE)
		return keeps_pace(last->ts_value - before->ts_value, rst->ts_value - last->ts_value);
	return keeps_pace(pace, after_last);
}

static void pace_facts(const struct scene *scene, const struct row *row)
{
	uint64_t pace, after_last = clock_elapsed(row->last->time_ns, scene->rst->time_ns);

	if (!row->before_last)
		return;
	pace = clock_elapsed(row->before_last->time_ns, row->last->time_ns);
	if (!pace)
		return;
	if (in_probes_place(scene, row, pace, after_last))
		evidence_number(scene->e, FACT_RST_IN_PROBES_PLACE, after_last, row->last->frame, row->last->time_ns);
	else
		evidence_no(scene->e, FACT_RST_IN_PROBES_PLACE);
	if (!row->older)
		return;
	if (clock_elapsed(row->older->time_ns, row->first->time_ns) / HASTE_NUMERATOR >= pace / HASTE_DENOMINATOR)
		evidence_number(scene->e, FACT_PROBES_IN_HASTE, pace, row->last->frame, row->last->time_ns);
	else
		evidence_no(scene->e, FACT_PROBES_IN_HASTE);
}

void facts_of_probes(const struct scene *scene)
{
	struct row row = find_row(scene);
	unsigned unanswered = scene->sender->probes.count;

	if (row.probes > unanswered)
		evidence_number(scene->e, FACT_SENDER_PROBES_ANSWERED, row.probes - unanswered, row.last->frame,
		                row.last->time_ns);
	else
		evidence_no(scene->e, FACT_SENDER_PROBES_ANSWERED);
	if (row.repeats)
		evidence_number(scene->e, FACT_SENDER_REPEATED_ACKED, row.repeats, row.repeated->frame, row.repeated->time_ns);
	else
		evidence_no(scene->e, FACT_SENDER_REPEATED_ACKED);
	if (row.last)
		pace_facts(scene, &row);
}
