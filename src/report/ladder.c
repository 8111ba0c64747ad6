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

struct ladder *ladder_new(size_t max_notes)
{
	struct ladder *ladder = calloc(1, sizeof *ladder);

	if (!ladder)
		return NULL;
	ladder->max = max_notes < 2 ? 2 : max_notes;
	ladder->steps = calloc(ladder->max, sizeof *ladder->steps);
	if (ladder->steps)
		return ladder;
	free(ladder);
	return NULL;
}

void ladder_free(struct ladder *ladder)
{
	if (!ladder)
		return;
	for (size_t i = 0; i < ladder->max; i++)
		free(ladder->steps[i].verdict);
	free(ladder->steps);
	free(ladder);
}

/* The first half is filled once; the rest is a ring. */
static size_t place_of(const struct ladder *ladder, uint64_t ordinal)
{
	size_t head = ladder->max / 2;

	return ordinal < head ? (size_t)ordinal : head + (size_t)((ordinal - head) % (ladder->max - head));
}

const struct step *ladder_step(const struct ladder *ladder, uint64_t ordinal)
{
	size_t head = ladder->max / 2;

	if (ordinal >= ladder->count)
		return NULL;
	if (ordinal >= head && ladder->count - ordinal > ladder->max - head)
		return NULL;
	return &ladder->steps[place_of(ladder, ordinal)];
}

static void learn(struct ladder *ladder, const struct conversation *conversation)
{
	ladder->number = conversation->number;
	ladder->client = conversation_client(conversation);
	for (int i = 0; i < 2; i++) {
		ladder->end[i] = conversation->side[i].end;
		ladder->base[i] = conversation->side[i].base;
		ladder->base_known[i] = conversation->side[i].first.frame != 0;
	}
}

void ladder_add(struct ladder *ladder, const struct conversation *conversation, const struct note *note)
{
	uint8_t before[2] = { ladder->state[0], ladder->state[1] };
	struct step *step;

	if (ladder->count && conversation->number != ladder->number)
		return;
	learn(ladder, conversation);
	if (!ladder->count)
		ladder->zero_ns = note->time_ns;
	ladder_follow(ladder, note);
	step = &ladder->steps[place_of(ladder, ladder->count++)];
	free(step->verdict);
	*step = (struct step){ .note = *note };
	for (unsigned i = 0; i < 2; i++) {
		step->state[i] = ladder->state[i];
		step->changed[i] = step->state[i] != before[i];
	}
}

static struct step *find(struct ladder *ladder, uint64_t frame)
{
	/* A verdict comes soon after its frame: the newest first. */
	for (uint64_t i = ladder->count; i-- > 0;) {
		const struct step *step = ladder_step(ladder, i);

		if (!step)
			i = ladder->max / 2; /* the gap: go on with the first half */
		else if (frame_in_file(step->note.frame) == frame)
			return &ladder->steps[place_of(ladder, i)];
	}
	return NULL;
}

void ladder_add_verdict(struct ladder *ladder, const struct verdict *verdict)
{
	const struct cause *cause = cause_get(verdict->cause);
	struct buffer text = BUFFER_INIT(VERDICT_MAX);
	struct step *step = find(ladder, verdict->evidence->frame);

	if (!step || verdict->evidence->connection != ladder->number)
		return;
	buffer_printf(&text, "%s (%s): ", cause->id, certainty_text(verdict->certainty));
	explain_text(&text, verdict, cause->headline);
	free(step->verdict);
	step->verdict = text.data;
}
