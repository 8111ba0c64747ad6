/* Whether the kernel tells of a play what the catalogue says that it must: with both ends in sight, and with one. */
#include <inttypes.h>

#include "base/text.h"
#include "cli/lab_kernel.h"
#include "report/layout.h"

#define SAID_MAX 200 /* of what it says instead */

/* The cause that the kernel is to say, CAUSE_NONE for none. A row of the account names what is seen at the server. */
static enum cause_id wanted(const struct record *record)
{
	const struct scenario *s = record->scenario;

	if (s->kernel.kind == TOLD_NOTHING)
		return CAUSE_NONE;
	if (s->kernel.kind == TOLD_AS)
		return (enum cause_id)s->kernel.as;
	if (record->cause != CAUSE_NONE)
		return record->cause;
	return s->told[PARTY_SERVER].kind == TOLD_AS ? (enum cause_id)s->told[PARTY_SERVER].as : CAUSE_NONE;
}

static bool says(const struct scenario *scenario, const struct verdict *verdict, enum cause_id cause)
{
	if (scenario->kernel.kind != TOLD_AMONG)
		return verdict->cause == cause && (verdict->certainty == CERTAINTY_CERTAIN || verdict->evidence->is_ending);
	return verdict->cause == cause ||
	       (verdict->cause == scenario->kernel.as && verdict->certainty != CERTAINTY_CERTAIN &&
	        verdict_has_candidate(verdict, cause));
}

static bool is_allowed(const struct scenario *scenario, const struct verdict *verdict)
{
	for (const uint8_t *also = scenario->kernel_also; also && *also != CAUSES; also++)
		if (*also == verdict->cause)
			return true;
	for (const uint8_t *also = scenario->also; also && *also != CAUSES; also++)
		if (*also == verdict->cause)
			return true;
	return verdict->certainty != CERTAINTY_CERTAIN || verdict->evidence->part == PART_ECHO;
}

/* Nothing is said for certain that is not so, from wherever. */
static void judge_certain(struct record *record, const struct told_reset *reset, enum cause_id cause)
{
	const struct verdict *verdict = &reset->verdict;

	if (verdict->cause == cause || is_allowed(record->scenario, verdict))
		return;
	/* Which of its kinds it was, one end may not know. */
	if (reset->at != WHOLE && cause != CAUSE_NONE && cause_descends(cause, verdict->cause))
		return;
	if (reset->at == WHOLE)
		record_fault(record, _("the kernel says %s (%s)"), cause_get(verdict->cause)->id,
		             certainty_text(verdict->certainty));
	else
		record_fault(record, _("where only %s is watched, the kernel says %s (%s)"), lab_party_text(reset->at),
		             cause_get(verdict->cause)->id, certainty_text(verdict->certainty));
}

/* Whether it names the cause, or has it among what it may be. */
static bool names(const struct verdict *verdict, enum cause_id cause)
{
	return verdict->cause == cause || verdict_has_candidate(verdict, cause);
}

/* Whether the kernel of the host, which is all that is looked at, made this RST; echoes tell of the one before. */
static bool was_sent_there(const struct verdict *verdict)
{
	return yes(verdict->evidence, FACT_KERNEL_SENT) && verdict->evidence->part != PART_ECHO;
}

/* It does not say what it must: what it says instead tells where to look. */
static void record_miss(struct record *record, const struct lab_kernel *kernel, unsigned at, enum cause_id cause)
{
	const char *wanted = cause_get(cause)->id;
	struct buffer said = BUFFER_INIT(SAID_MAX);

	for (size_t i = 0; i < kernel->count; i++) {
		const struct verdict *verdict = &kernel->resets[i].verdict;

		if (kernel->resets[i].at == at)
			buffer_printf(&said, "%s%s (%s)", said.len ? ", " : "", cause_get(verdict->cause)->id,
			              certainty_text(verdict->certainty));
	}
	if (!said.len)
		buffer_puts(&said, _("nothing"));
	if (at == WHOLE)
		record_fault(record, _("the kernel does not say %s, but %s"), wanted, buffer_text(&said));
	else
		record_fault(record, _("where only %s is watched, the kernel does not say %s, but %s"), lab_party_text(at), wanted,
		             buffer_text(&said));
	buffer_clear(&said);
}

/* What is to be said where one host is watched. */
struct alone {
	struct told told, packets;
	enum cause_id cause;
	bool sent;           /* TCP of this host sent a RST */
};

static bool says_alone(const struct scenario *scenario, const struct alone *alone, const struct verdict *verdict)
{
	if (alone->told.kind == TOLD_AMONG)
		return verdict->cause == alone->cause || (verdict->cause == alone->told.as && names(verdict, alone->cause));
	if (alone->told.kind == TOLD_AS)
		return verdict->cause == alone->cause;
	/* Where packets, taken there, show something else than the whole does. */
	if (alone->packets.kind == TOLD_AS && verdict->cause == alone->packets.as)
		return true;
	return alone->sent ? says(scenario, verdict, alone->cause) : names(verdict, alone->cause);
}

/* Whether, seen with both ends in sight, the kernel of this host took part. */
static bool took_part(const struct record *record, const struct lab_kernel *kernel, unsigned at)
{
	for (size_t i = 0; i < kernel->count; i++) {
		const struct testimony *testimony = &kernel->resets[i].testimony;

		if (kernel->resets[i].at == WHOLE && (testimony->sender.netns == record->netns[at] ||
		                                      testimony->receiver.netns == record->netns[at]))
			return true;
	}
	return false;
}

static void judge_alone(struct record *record, const struct lab_kernel *kernel, unsigned at)
{
	struct alone alone = {
		.told = record->scenario->kernel_at[at], .packets = record->scenario->told[at], .cause = wanted(record),
	};
	bool found = false, any = false;

	if (alone.told.kind == TOLD_AS)
		alone.cause = (enum cause_id)alone.told.as;
	for (size_t i = 0; i < kernel->count; i++)
		alone.sent |= kernel->resets[i].at == at && was_sent_there(&kernel->resets[i].verdict);
	for (size_t i = 0; i < kernel->count; i++) {
		if (kernel->resets[i].at != at)
			continue;
		any = true;
		found |= says_alone(record->scenario, &alone, &kernel->resets[i].verdict);
	}
	if (alone.told.kind == TOLD_NOTHING ? any : !any && took_part(record, kernel, at))
		record_fault(record, any ? _("where only %s is watched, the kernel says something")
		                         : _("where only %s is watched, the kernel says nothing"), lab_party_text(at));
	else if (any && !found && alone.cause != CAUSE_NONE)
		record_miss(record, kernel, at, alone.cause);
}

void lab_kernel_judge(struct record *record, const struct lab_kernel *kernel)
{
	enum cause_id cause = wanted(record);
	bool found = cause == CAUSE_NONE;

	for (size_t i = 0; i < kernel->count; i++) {
		const struct told_reset *reset = &kernel->resets[i];

		if (reset->at == WHOLE && cause != CAUSE_NONE && says(record->scenario, &reset->verdict, cause))
			found = true;
		else
			judge_certain(record, reset, cause);
	}
	for (unsigned at = 0; at < VANTAGES; at++)
		if (record->netns[at])
			judge_alone(record, kernel, at);
	if (kernel->not_kept)
		record_fault(record, _("the kernel says more than is kept: %" PRIu64 " resets"), kernel->not_kept);
	if (!found)
		record_miss(record, kernel, WHOLE, cause);
	if (record->fault_count && kernel->missed)
		record_fault(record, NG_("(%" PRIu64 " event of this host was missed meanwhile, which may be why)",
		                         "(%" PRIu64 " events of this host were missed meanwhile, which may be why)",
		                         kernel->missed), kernel->missed);
}

