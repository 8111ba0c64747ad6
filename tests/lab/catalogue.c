/* The scenarios are sound: each can be named, told on a line, played to an end, and judged. */
#include "tap.h"

#include "lab/lab.h"

#define TITLE_MAX 64
#define STEPS_MAX 200

static bool ends(const struct scenario *scenario)
{
	for (unsigned i = 0; i < STEPS_MAX; i++)
		if (scenario->steps[i].verb == VERB_END)
			return true;
	return false;
}

static bool is_sound(const struct step *step)
{
	if (step->verb >= VERBS || step->who >= PARTIES || step->sock >= LAB_SOCKETS)
		return false;
	if (step->verb == VERB_FORGE || step->verb == VERB_SEND_RAW)
		return step->forged;
	if (step->verb == VERB_SYSCTL || step->verb == VERB_RULE)
		return step->name && step->text;
	return step->verb != VERB_SAY || step->text;
}

static bool faces_differ(const struct scenario *first, const struct scenario *scenario)
{
	for (const struct scenario *other = first; other != scenario; other++)
		if (!scenario->face || (other->face && strcmp(other->face, scenario->face) == 0))
			return false;
	return true;
}

static void check(enum cause_id id, const struct scenario *scenario)
{
	char name[SCENARIO_NAME_MAX];
	bool sound = ends(scenario);

	lab_scenario_name(name, id, scenario);
	ok(strlen(scenario->title) < TITLE_MAX && scenario->story, "%s has a title and a story", name);
	for (const struct step *step = scenario->steps; sound && step->verb != VERB_END; step++)
		sound = is_sound(step);
	ok(sound, "%s: its steps are sound", name);
	ok(faces_differ(cause_get(id)->scenarios, scenario), "%s: the face is its own, the plain one comes first", name);
}

static void texts(void)
{
	struct lab_call call = { .verb = VERB_WRITE, .value = -1, .error = EPIPE, .signal = SIGPIPE, .name = "write()" };
	char text[LAB_CALL_MAX];

	is_text(lab_call_text(text, &call), "write() = -1 EPIPE, SIGPIPE", "a call that fails with a signal");
	call.killed = true;
	is_text(lab_call_text(text, &call), "write(): killed by SIGPIPE", "a call that kills");
	call = (struct lab_call){ .verb = VERB_POLL, .value = POLLIN | POLLHUP, .name = "poll()" };
	is_text(lab_call_text(text, &call), "poll() = POLLIN|POLLHUP", "poll() tells its events");
	call = (struct lab_call){ .verb = VERB_GET_ERROR, .value = ECONNRESET, .name = "getsockopt(SO_ERROR)" };
	is_text(lab_call_text(text, &call), "getsockopt(SO_ERROR) = ECONNRESET", "SO_ERROR is named");
	call = (struct lab_call){ .verb = VERB_READ, .begins = true, .name = "read()" };
	is_text(lab_call_text(text, &call), "read() = ...", "a call that blocks");
}

int main(void)
{
	for (unsigned id = 0; id < CAUSES; id++)
		for (const struct scenario *s = cause_get(id)->scenarios; s && s->title; s++)
			check(id, s);
	texts();
	return done_testing();
}
