/* Names and texts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lab/conductor.h"

char *lab_scenario_name(char name[SCENARIO_NAME_MAX], enum cause_id cause, const struct scenario *scenario)
{
	const char *id = cause < CAUSES ? cause_get(cause)->id : "article";

	snprintf(name, SCENARIO_NAME_MAX, "%s%s%s", id, scenario->face ? "/" : "", scenario->face ? scenario->face : "");
	return name;
}

const char *lab_party_id(enum party party)
{
	static const char *const ids[PARTIES] = { "client", "router", "server", "spare", "neighbour" };

	return ids[party];
}

const char *lab_party_text(enum party party)
{
	static const char *const texts[PARTIES] = {
		N_("the client"), N_("the router"), N_("the server"), N_("the spare server"), N_("the neighbour"),
	};

	return _(texts[party]);
}

char *lab_errno_text(char text[32], int error)
{
	const char *name = strerrorname_np(error);

	if (name)
		snprintf(text, 32, "%s", name);
	else
		snprintf(text, 32, "errno %d", error);
	return text;
}

static void add_events(char *text, size_t size, int64_t events)
{
	static const struct { int bit; const char *name; } names[] = {
		{ POLLIN, "POLLIN" }, { POLLPRI, "POLLPRI" }, { POLLOUT, "POLLOUT" }, { POLLERR, "POLLERR" },
		{ POLLHUP, "POLLHUP" }, { POLLRDHUP, "POLLRDHUP" }, { POLLNVAL, "POLLNVAL" },
	};
	size_t len = 0;

	snprintf(text, size, "0");
	for (size_t i = 0; i < sizeof names / sizeof *names && len < size; i++)
		if (events & names[i].bit)
			len += (size_t)snprintf(text + len, size - len, "%s%s", len ? "|" : "", names[i].name);
}

static void result_text(char *text, size_t size, const struct lab_call *call)
{
	char error[32];

	if (call->begins)
		snprintf(text, size, "...");
	else if (call->value < 0)
		snprintf(text, size, "-1 %s", lab_errno_text(error, call->error));
	else if (call->verb == VERB_POLL)
		add_events(text, size, call->value);
	else if (call->verb == VERB_GET_ERROR)
		snprintf(text, size, "%s", call->value ? lab_errno_text(error, (int)call->value) : "0");
	else
		snprintf(text, size, "%" PRId64, call->value);
}

char *lab_call_text(char text[LAB_CALL_MAX], const struct lab_call *call)
{
	char result[80], abbreviation[16];
	const char *signal = call->signal ? sigabbrev_np(call->signal) : NULL;

	snprintf(abbreviation, sizeof abbreviation, "SIG%s", signal ? signal : "?");
	if (call->killed && call->signal)
		snprintf(text, LAB_CALL_MAX, _("%s: killed by %s"), call->name, abbreviation);
	else if (call->killed)
		snprintf(text, LAB_CALL_MAX, "exit()");
	else if (!call->verb && call->signal)
		snprintf(text, LAB_CALL_MAX, "%s: %s", call->name, abbreviation);
	else {
		result_text(result, sizeof result, call);
		snprintf(text, LAB_CALL_MAX, "%s = %s%s%s", call->name, result, call->signal ? ", " : "",
		         call->signal ? abbreviation : "");
	}
	return text;
}

static const char *state_text(int64_t state)
{
	static const char *const names[] = {
		[LAB_ESTABLISHED] = "ESTABLISHED", [LAB_SYN_SENT] = "SYN-SENT", [LAB_SYN_RECV] = "SYN-RECEIVED",
		[LAB_FIN_WAIT1] = "FIN-WAIT-1", [LAB_FIN_WAIT2] = "FIN-WAIT-2", [LAB_TIME_WAIT] = "TIME-WAIT",
		[LAB_CLOSE_WAIT] = "CLOSE-WAIT", [LAB_LAST_ACK] = "LAST-ACK", [LAB_LISTEN] = "LISTEN",
		[LAB_CLOSING] = "CLOSING", [LAB_GONE] = N_("gone"),
	};

	return state == LAB_GONE ? _("gone") : names[state];
}

static const char *flags_text(uint16_t flags)
{
	return flags & LAB_RST ? "RST" : flags & LAB_SYN ? "SYN" : flags & LAB_FIN ? "FIN"
	       : flags & LAB_DATA ? _("data") : flags & LAB_ACK ? "ACK" : _("segment");
}

/* What happens to a host or to the network; "" for a call. */
static void event_text(char text[STEP_TEXT_MAX], const struct step *step)
{
	const char *who = lab_party_text((enum party)step->who), *flags = flags_text(step->flags);
	const char *signal = step->verb == VERB_KILL ? sigabbrev_np((int)step->number) : NULL;
	const size_t size = STEP_TEXT_MAX;
	int number = (int)step->number;

	switch ((enum verb)step->verb) {
	case VERB_SAY: snprintf(text, size, "%s", _(step->text)); break;
	case VERB_KILL: snprintf(text, size, _("%s: its program gets SIG%s"), who, signal ? signal : "?"); break;
	case VERB_POWER_OFF: snprintf(text, size, _("%s loses its power"), who); break;
	case VERB_POWER_ON: snprintf(text, size, _("%s is back, and knows of nothing"), who); break;
	case VERB_DESTROY: snprintf(text, size, _("%s: SOCK_DESTROY of the socket (ss -K)"), who); break;
	case VERB_SYSCTL: snprintf(text, size, _("%s: sysctl %s=%s"), who, step->name, step->text); break;
	case VERB_RULE: snprintf(text, size, _("%s: firewall, %s: %s"), who, step->name, step->text); break;
	case VERB_NO_RULES: snprintf(text, size, _("%s: the firewall's rules are removed"), who); break;
	case VERB_FORGET: snprintf(text, size, _("%s forgets what it tracked"), who); break;
	case VERB_ANNOUNCE: snprintf(text, size, _("%s: MPTCP offers one more subflow, at port %d"), who, LAB_PORT + 1); break;
	case VERB_ALLOW_SUBFLOWS: snprintf(text, size, _("%s: MPTCP may open one more subflow"), who); break;
	case VERB_TAKE_ADDRESS: snprintf(text, size, _("%s takes over the server's address"), who); break;
	case VERB_LOSE: snprintf(text, size, number ? _("from %s the next %s is lost (%d)")
	                                            : _("from %s every %s is lost"), who, flags, number); break;
	case VERB_HOLD: snprintf(text, size, _("what %s sends is held back"), who); break;
	case VERB_RELEASE: snprintf(text, size, _("what %s sent goes on"), who); break;
	case VERB_DELAY: snprintf(text, size, _("what %s sends takes %d us longer"), who, number); break;
	case VERB_FORGE: snprintf(text, size, _("somebody forges a segment to %s"), who); break;
	case VERB_SEND_RAW: snprintf(text, size, _("%s sends a segment of which its kernel knows nothing"), who); break;
	case VERB_IDLE: snprintf(text, size, _("%d s pass, in which nobody says anything"), number); break;
	default: text[0] = '\0';
	}
}

static void wait_text(char text[STEP_TEXT_MAX], const struct step *step)
{
	const char *who = lab_party_text((enum party)step->who);
	const size_t size = STEP_TEXT_MAX;

	switch ((enum verb)step->verb) {
	case VERB_RESULT: snprintf(text, size, _("%s: until its call returns"), who); break;
	case VERB_WAIT_STATE: snprintf(text, size, _("%s: until its socket is %s"), who, state_text(step->number)); break;
	case VERB_WAIT_UNREAD:
		snprintf(text, size, _("%s: until %d bytes wait to be read"), who, (int)step->number);
		break;
	case VERB_WAIT_ACKED: snprintf(text, size, _("%s: until all is acknowledged"), who); break;
	case VERB_WAIT_PACKET: snprintf(text, size, _("%s: until %s passes"), who, flags_text(step->flags)); break;
	case VERB_WAIT_MS: snprintf(text, size, _("%d ms pass"), (int)step->number); break;
	default: text[0] = '\0';
	}
}

void step_text(char text[STEP_TEXT_MAX], const struct step *step)
{
	char name[LAB_NAME_MAX];

	event_text(text, step);
	if (!text[0])
		wait_text(text, step);
	if (text[0])
		return;
	call_name(name, step);
	snprintf(text, STEP_TEXT_MAX, "%s: %s", lab_party_text((enum party)step->who), name);
}
