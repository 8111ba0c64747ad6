#include <string.h>

#include "cli/cmd_lab.h"
#include "report/layout.h"

/* A vantage on its way to be judged. */
struct judging {
	struct record *record;
	enum party vantage;
	const struct told *told;
	enum cause_id wanted;
	bool found;
};

/* A scenario of no cause that does not say what is told expects nothing. */
static bool is_expected(const struct judging *judging)
{
	return judging->told->kind != TOLD_NOTHING && judging->wanted < CAUSES;
}

/* The cause itself, or with it among the candidates its parent, or the one that looks the same. */
static bool says(const struct judging *judging, const struct verdict *verdict)
{
	const struct told *told = judging->told;

	if (!is_expected(judging))
		return false;
	if (verdict->cause == judging->wanted)
		return true;
	return (verdict->cause == cause_get(judging->wanted)->parent ||
	        (told->kind == TOLD_AMONG && verdict->cause == told->as && verdict->certainty != CERTAINTY_CERTAIN)) &&
	       verdict_has_candidate(verdict, judging->wanted);
}

static bool is_allowed(const struct scenario *scenario, enum cause_id id)
{
	for (const uint8_t *also = scenario->also; also && *also != CAUSES; also++)
		if (*also == id)
			return true;
	return false;
}

static void take_verdict(void *user, const struct verdict *verdict)
{
	struct judging *judging = user;

	if (says(judging, verdict)) {
		judging->found = true;
		return;
	}
	if (!is_allowed(judging->record->scenario, verdict->cause))
		record_fault(judging->record, _("at %s, frame %ju: read says %s (%s)"), lab_party_text(judging->vantage),
		             (uintmax_t)verdict->evidence->frame, cause_get(verdict->cause)->id,
		             certainty_text(verdict->certainty));
}

enum status lab_judge(struct record *record)
{
	for (unsigned i = 0; i < VANTAGES; i++) {
		const struct told *told = &record->scenario->told[i];
		struct judging judging = {
			.record = record, .vantage = i, .told = told,
			.wanted = told->kind == TOLD_AS ? (enum cause_id)told->as : record->cause,
		};
		const struct analysis_sink sink = { .user = &judging, .verdict = take_verdict };

		if (record_read(record, i, &sink, NULL) != STATUS_OK)
			return STATUS_MEMORY;
		if (!judging.found && is_expected(&judging))
			record_fault(record, _("at %s: read does not say %s"), lab_party_text(i), cause_get(judging.wanted)->id);
	}
	return STATUS_OK;
}
