#include "lab/conductor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WANTED_MAX 96

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

static void wanted_text(char text[WANTED_MAX], const struct step *step)
{
	char error[32];
	const char *signal = step->signal ? strsignal(step->signal) : "";

	switch (step->expect) {
	case EXPECT_VALUE:
		snprintf(text, WANTED_MAX, "%" PRId64 " %s", step->value, signal);
		break;
	case EXPECT_ERROR:
		snprintf(text, WANTED_MAX, "%s %s", lab_errno_text(error, (int)step->value), signal);
		break;
	case EXPECT_KILLED:
		snprintf(text, WANTED_MAX, _("the end of the process by %s"), strsignal((int)step->value));
		break;
	default:
		snprintf(text, WANTED_MAX, "%s %s", _("success"), signal);
	}
}

void expect_check(struct conductor *conductor, const struct step *step, const struct lab_call *call)
{
	char got[LAB_CALL_MAX], wanted[WANTED_MAX], text[LAB_CALL_MAX + 2 * WANTED_MAX];

	/* With a command of the user's the story may go another way. */
	for (unsigned i = 0; i < PARTIES; i++)
		if (conductor->options->commands[i])
			return;
	if (is_as_expected(step, call))
		return;
	wanted_text(wanted, step);
	snprintf(text, sizeof text, _("step %td, %s: %s; expected %s"), step - conductor->scenario->steps + 1,
	         lab_party_text((enum party)step->who), lab_call_text(got, call), wanted);
	message_fault(conductor->caller, text);
}
