#include "lab/conductor.h"

#include <stdio.h>

/* Success of a write is that it took everything, of a read that there was something. */
static bool is_success(const struct step *step, const struct lab_call *call)
{
	if (call->value < 0)
		return false;
	if (step->verb == VERB_WRITE)
		return call->value == step->number;
	return step->verb != VERB_READ || call->value > 0;
}

static bool is_as_expected(const struct step *step, const struct lab_call *call)
{
	if (step->expect == EXPECT_ANYTHING)
		return true;
	if (step->expect == EXPECT_KILLED)
		return call->killed && call->signal == step->value;
	if (call->killed || call->signal != step->signal)
		return false;
	switch (step->expect) {
	case EXPECT_VALUE: return call->value == step->value;
	case EXPECT_ERROR: return call->value < 0 && call->error == step->value;
	default: return is_success(step, call);
	}
}

/* In the words of what came: "write() = -1 EPIPE, SIGPIPE"; of success there is no number. */
static void wanted_text(char text[LAB_CALL_MAX], const struct step *step, const struct lab_call *call)
{
	struct lab_call wanted = { .verb = step->verb, .value = step->value, .signal = step->signal };

	if (step->expect != EXPECT_VALUE && step->expect != EXPECT_ERROR && step->expect != EXPECT_KILLED) {
		snprintf(text, LAB_CALL_MAX, "%s", _("success"));
		return;
	}
	/* A result that was waited for is that of an earlier step's call. */
	snprintf(wanted.name, sizeof wanted.name, "%s", call->name);
	if (step->expect == EXPECT_ERROR) {
		wanted.error = (int32_t)step->value;
		wanted.value = -1;
	}
	wanted.killed = step->expect == EXPECT_KILLED;
	if (wanted.killed)
		wanted.signal = (int32_t)step->value;
	lab_call_text(text, &wanted);
}

void expect_check(struct conductor *conductor, const struct step *step, const struct lab_call *call)
{
	char got[LAB_CALL_MAX], wanted[LAB_CALL_MAX], text[2 * LAB_CALL_MAX + STEP_TEXT_MAX];

	/* With a command of the user's the story may go another way. */
	for (unsigned i = 0; i < PARTIES; i++)
		if (conductor->options->commands[i])
			return;
	if (is_as_expected(step, call))
		return;
	wanted_text(wanted, step, call);
	snprintf(text, sizeof text, _("step %td, %s: %s; expected %s"), step - conductor->scenario->steps + 1,
	         lab_party_text((enum party)step->who), lab_call_text(got, call), wanted);
	message_fault(conductor->caller, text);
}
