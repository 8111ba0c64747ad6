/* The scenarios are sound: each can be named, told on a line, played to an end, and judged. */
#include "tap.h"

#include "cause/article.h"
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

static bool is_bit(int64_t value)
{
	return value == 0 || value == 1;
}

/* The value of an option: lengths of time and space are positive, switches on or off. */
static bool is_value(const struct step *step)
{
	switch ((enum lab_option)step->number) {
	case SOCKET_LINGER: case SOCKET_LINGER2: return step->other >= -1;
	case SOCKET_NONBLOCK: case SOCKET_NODELAY: case SOCKET_MPTCP: return is_bit(step->other);
	case SOCKET_TOS: case SOCKET_MD5: return step->other > 0 && step->other <= UINT8_MAX;
	case SOCKET_KEEPALIVE: case SOCKET_USER_TIMEOUT: case SOCKET_RCVBUF: case SOCKET_ISN: case SOCKET_DEFER_ACCEPT:
		return step->other > 0;
	}
	return false;
}

/* ACCEPT needs a listener of the same program, which was made before. */
static bool has_listener(const struct scenario *scenario, const struct step *accept)
{
	for (const struct step *step = scenario->steps; step != accept; step++)
		if (step->verb == VERB_LISTEN && step->who == accept->who && step->sock == accept->other)
			return true;
	return false;
}

/* Another host; PARTY_CLIENT, which is 0, stands for the server here. */
static bool is_peer(const struct step *step)
{
	int32_t peer = step->other ? step->other : PARTY_SERVER;

	return peer > 0 && peer < PARTIES && peer != step->who;
}

/* What .other is depends on the word; most have none. */
static bool is_other_sound(const struct scenario *scenario, const struct step *step)
{
	switch ((enum verb)step->verb) {
	case VERB_CONNECT: return is_peer(step);
	case VERB_ACCEPT: return has_listener(scenario, step) && step->sock != step->other;
	case VERB_SET_OPTION: return is_value(step);
	default: return step->other == 0;
	}
}

static bool is_sound(const struct scenario *scenario, const struct step *step)
{
	if (step->verb >= VERBS || step->who >= PARTIES || step->sock >= LAB_SOCKETS || !is_other_sound(scenario, step))
		return false;
	if (step->verb == VERB_FORGE || step->verb == VERB_SEND_RAW)
		return step->forged && step->forged->to < PARTIES;
	if (step->verb == VERB_SYSCTL || step->verb == VERB_RULE)
		return step->name && step->text;
	return step->verb != VERB_SAY || step->text;
}

static bool is_judged(const struct scenario *scenario)
{
	for (unsigned i = 0; i < VANTAGES; i++)
		if (scenario->told[i].kind > TOLD_NOTHING || scenario->told[i].as >= CAUSES)
			return false;
	for (unsigned i = 0; scenario->also && scenario->also[i] != CAUSES; i++)
		if (i == CAUSES || scenario->also[i] > CAUSES)
			return false;
	return true;
}

static bool faces_differ(const struct scenario *first, const struct scenario *scenario)
{
	for (const struct scenario *other = first; other != scenario; other++)
		if (!scenario->face || (other->face && strcmp(other->face, scenario->face) == 0))
			return false;
	return true;
}

static void check(enum cause_id id, const struct scenario *first, const struct scenario *scenario)
{
	char name[SCENARIO_NAME_MAX];
	bool sound = ends(scenario);

	lab_scenario_name(name, id, scenario);
	ok(strlen(scenario->title) < TITLE_MAX && scenario->story, "%s has a title and a story", name);
	for (const struct step *step = scenario->steps; sound && step->verb != VERB_END; step++)
		sound = is_sound(scenario, step);
	ok(sound, "%s: its steps are sound", name);
	ok(is_judged(scenario), "%s: what is told of it are causes", name);
	ok(faces_differ(first, scenario), "%s: the face is its own, the plain one comes first", name);
}

static bool is_row(const struct scenario *scenario)
{
	const struct article_row *row = scenario->face ? article_find(scenario->face) : NULL;

	return row && row->cause == CAUSE_NONE && article_scenario(row) == scenario;
}

/* "The cause" is none here, so each vantage says which one it is, or that nothing is reset. */
static bool names_causes(const struct scenario *scenario)
{
	for (unsigned i = 0; i < VANTAGES; i++)
		if (scenario->told[i].kind != TOLD_AS && scenario->told[i].kind != TOLD_NOTHING)
			return false;
	return true;
}

/* The scenarios of no cause, and the rows that play them or those of causes. */
static void article(void)
{
	for (const struct scenario *s = scenarios_article; s->title; s++) {
		check(CAUSE_NONE, scenarios_article, s);
		ok(is_row(s), "article/%s is played by the row of that name", s->face);
		ok(names_causes(s), "article/%s: it is said what is to be seen where", s->face);
	}
	for (const struct article_row *row = article_rows; row->name; row++) {
		ok(row->told && article_scenario(row), "the row %s is told, and plays something", row->name);
		ok(article_find(row->name) == row, "the row %s has a name of its own", row->name);
	}
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
			check(id, cause_get(id)->scenarios, s);
	article();
	texts();
	return done_testing();
}
