#include "report/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/run.h"
#include "base/text.h"
#include "diagnose/explain.h"
#include "report/ladder.h"
#include "report/layout.h"

#define VERDICT_MAX 512

static struct ladder *new_ladder(size_t max_notes, size_t tracks_max)
{
	struct ladder *ladder = calloc(1, sizeof *ladder);

	if (!ladder)
		return NULL;
	ladder->max = max_notes < 2 ? 2 : max_notes;
	ladder->tracks_max = tracks_max;
	ladder->rungs = calloc(ladder->max, sizeof *ladder->rungs);
	if (ladder->rungs)
		return ladder;
	free(ladder);
	return NULL;
}

struct ladder *ladder_new(size_t max_notes)
{
	return new_ladder(max_notes, 1);
}

struct ladder *ladder_new_together(size_t max_notes)
{
	return new_ladder(max_notes, LADDER_CONNECTIONS_MAX);
}

static void free_texts(struct rung *rung)
{
	free(rung->verdict);
	free(rung->remark);
}

void ladder_free(struct ladder *ladder)
{
	if (!ladder)
		return;
	for (size_t i = 0; i < ladder->max; i++)
		free_texts(&ladder->rungs[i]);
	free(ladder->rungs);
	free(ladder);
}

/* The first half is filled once; the rest is a ring. */
static size_t place_of(const struct ladder *ladder, uint64_t ordinal)
{
	size_t head = ladder->max / 2;

	return ordinal < head ? (size_t)ordinal : head + (size_t)((ordinal - head) % (ladder->max - head));
}

const struct rung *ladder_rung(const struct ladder *ladder, uint64_t ordinal)
{
	size_t head = ladder->max / 2;

	if (ordinal >= ladder->count)
		return NULL;
	if (ordinal >= head && ladder->count - ordinal > ladder->max - head)
		return NULL;
	return &ladder->rungs[place_of(ladder, ordinal)];
}

static void learn(struct track *track, const struct conversation *conversation)
{
	track->number = conversation->number;
	track->client = conversation_client(conversation);
	for (int i = 0; i < 2; i++) {
		track->end[i] = conversation->side[i].end;
		track->base[i] = conversation->side[i].base;
		track->base_known[i] = conversation->side[i].first.frame != 0;
	}
}

/* NULL where it is one too many. */
static struct track *track_of(struct ladder *ladder, uint64_t number)
{
	for (size_t i = ladder->track_count; i-- > 0;)
		if (ladder->tracks[i].number == number)
			return &ladder->tracks[i];
	return ladder->track_count < ladder->tracks_max ? &ladder->tracks[ladder->track_count++] : NULL;
}

/* The next one, emptied. */
static struct rung *next_rung(struct ladder *ladder, int64_t time_ns)
{
	struct rung *rung = &ladder->rungs[place_of(ladder, ladder->count)];

	if (!ladder->count)
		ladder->zero_ns = time_ns;
	ladder->count++;
	free_texts(rung);
	*rung = (struct rung){ .time_ns = time_ns };
	return rung;
}

void ladder_add(struct ladder *ladder, const struct conversation *conversation, const struct note *note)
{
	struct track *track = track_of(ladder, conversation->number);
	struct rung *rung;
	uint8_t before[2];

	if (!track)
		return;
	memcpy(before, track->state, sizeof before);
	learn(track, conversation);
	ladder_follow(track, note);
	rung = next_rung(ladder, note->time_ns);
	rung->note = *note;
	rung->track = (uint8_t)(track - ladder->tracks);
	for (unsigned i = 0; i < 2; i++) {
		rung->state[i] = track->state[i];
		rung->changed[i] = rung->state[i] != before[i];
	}
}

void ladder_add_remark(struct ladder *ladder, int64_t time_ns, enum ladder_place place, const char *text)
{
	struct rung *rung = next_rung(ladder, time_ns);

	rung->place = place;
	rung->remark = strdup(text);
}

static struct rung *find(struct ladder *ladder, uint64_t frame)
{
	/* A verdict comes soon after its frame: the newest first. */
	for (uint64_t i = ladder->count; i-- > 0;) {
		const struct rung *rung = ladder_rung(ladder, i);

		if (!rung)
			i = ladder->max / 2; /* the gap: go on with the first half */
		else if (!rung->remark && frame_in_file(rung->note.frame) == frame)
			return &ladder->rungs[place_of(ladder, i)];
	}
	return NULL;
}

void ladder_add_verdict(struct ladder *ladder, const struct verdict *verdict)
{
	const struct cause *cause = cause_get(verdict->cause);
	struct buffer text = BUFFER_INIT(VERDICT_MAX);
	struct rung *rung = find(ladder, verdict->evidence->frame);

	if (!rung || verdict->evidence->connection != ladder->tracks[rung->track].number)
		return;
	buffer_printf(&text, "%s (%s): ", cause->id, certainty_text(verdict->certainty));
	explain_text(&text, verdict, cause->headline);
	free(rung->verdict);
	rung->verdict = text.data;
}
