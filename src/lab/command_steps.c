#include <stdio.h>

#include "base/clock.h"
#include "lab/conductor.h"

/* A command may be past the state that the scenario waits for. */
#define STATE_PATIENCE_NS NS_PER_S

/* Or what became of one. */
static bool is_call(const struct step *step)
{
	return (step->verb >= VERB_LISTEN && step->verb <= VERB_EXIT) || step->verb == VERB_RESULT;
}

static bool is_wait_for_socket(const struct step *step)
{
	return step->verb >= VERB_WAIT_STATE && step->verb <= VERB_WAIT_ACKED;
}

static bool has_command_ended(struct conductor *conductor, const struct step *step)
{
	return conductor->commands[step->who].ended;
}

/* Or it has ended, which is not waited for any longer. */
static bool is_listening(struct conductor *conductor, const struct step *step)
{
	enum status status = network_enter(&conductor->network, (enum party)step->who, &conductor->error);
	bool listens = false;

	if (status == STATUS_OK)
		status = diag_listens(LAB_PORT, &listens, &conductor->error);
	network_leave(&conductor->network, status, &conductor->error);
	return listens || has_command_ended(conductor, step);
}

/* Without a complaint where it was in vain, but with one where it could not be known. */
static enum status wait_patiently(struct conductor *conductor, const struct step *step, conductor_condition is_so,
                                  int64_t patience_ns)
{
	const enum status before = conductor->error.status;
	int64_t until = clock_monotonic() + patience_ns;

	while (!is_so(conductor, step) && conductor->error.status == before && clock_monotonic() < until)
		conductor_turn(conductor, 10 * NS_PER_MS);
	return conductor->error.status;
}

static enum status start(struct conductor *conductor, const struct step *step)
{
	struct command *command = &conductor->commands[step->who];

	if (command->started)
		return STATUS_OK;
	return command_start(command, &conductor->network, (enum party)step->who,
	                     conductor->options->commands[step->who], &conductor->error);
}

/* The same connection, seen from the other end. */
static void learn_socket(struct conductor *conductor, const struct step *step)
{
	struct program *own = &conductor->programs[step->who];
	const struct program *peer = &conductor->programs[step->who == PARTY_CLIENT ? PARTY_SERVER : PARTY_CLIENT];

	own->local[step->sock] = peer->remote[step->sock];
	own->remote[step->sock] = peer->local[step->sock];
}

static bool is_in_state(struct conductor *conductor, const struct step *step)
{
	return step_look(conductor, step).state == step->number || has_command_ended(conductor, step);
}

static enum status wait_for_socket(struct conductor *conductor, const struct step *step)
{
	learn_socket(conductor, step);
	if (step->verb == VERB_WAIT_STATE && conductor->programs[step->who].local[step->sock].port)
		return wait_patiently(conductor, step, is_in_state, STATE_PATIENCE_NS);
	return STATUS_OK;
}

enum status command_step(struct conductor *conductor, const struct step *step)
{
	enum status status = STATUS_OK;

	if (step->verb == VERB_KILL) {
		step_remark(conductor, step);
		command_kill(&conductor->commands[step->who], (int)step->number);
		return wait_patiently(conductor, step, has_command_ended, COMMAND_PATIENCE_NS);
	}
	if (is_wait_for_socket(step))
		return wait_for_socket(conductor, step);
	if (!is_call(step))
		return step_play(conductor, step);
	status = start(conductor, step);
	if (status == STATUS_OK && step->verb == VERB_LISTEN)
		status = wait_patiently(conductor, step, is_listening, COMMAND_PATIENCE_NS);
	return status;
}

static void tell_untraced(struct conductor *conductor, const struct command *command)
{
	char text[STEP_TEXT_MAX];

	if (!command->untraced)
		return;
	snprintf(text, sizeof text, _("%s: calls of %zu processes are not shown; %d are followed at a time"),
	         lab_party_text(command->party), command->untraced, TRACEES_MAX);
	message_remark(conductor->caller, conductor_now(conductor), text);
}

void command_finish(struct conductor *conductor)
{
	for (unsigned i = 0; i < PARTIES; i++) {
		const struct step step = { .who = (uint8_t)i };

		if (conductor->commands[i].started)
			wait_patiently(conductor, &step, has_command_ended, COMMAND_PATIENCE_NS);
		tell_untraced(conductor, &conductor->commands[i]);
	}
}
