#include "base/text.h"
#include "cause/sight.h"
#include "diagnose/explain.h"

#define SIGHT_TEXT_MAX 2048

static enum sight_state sight_state(enum tcp_state state)
{
	switch (state) {
	case TCP_STATE_SYN_SENT: return SIGHT_SYN_SENT;
	case TCP_STATE_SYN_RECEIVED: return SIGHT_SYN_RECEIVED;
	case TCP_STATE_ESTABLISHED:
	case TCP_STATE_FIN_WAIT: return SIGHT_ESTABLISHED;
	case TCP_STATE_CLOSE_WAIT: return SIGHT_CLOSE_WAIT;
	case TCP_STATE_CLOSING: return SIGHT_LAST_ACK;
	case TCP_STATE_TIME_WAIT:
	case TCP_STATE_CLOSED: return SIGHT_GONE;
	default: return SIGHT_UNKNOWN;
	}
}

/* The texts of these causes speak of the box themselves. */
static bool knows_the_box(const struct cause *cause)
{
	return cause->family == FAMILY_NETWORK || cause->family == FAMILY_REFUSED;
}

static void sender_sees(struct buffer *out, const struct verdict *verdict)
{
	const struct cause *cause = cause_get(verdict->cause);

	if (verdict->sender == ROLE_MIDDLEBOX && !knows_the_box(cause))
		explain_text(out, verdict, N_("nothing of this RST: a box in between made it, not {sender}"));
	else if (cause->sender_sees)
		explain_text(out, verdict, cause->sender_sees);
}

/* What makes the receiver's program see nothing, whatever the cause; NULL if nothing does. */
static const char *unseen(const struct evidence *e)
{
	if (e->is_ending)
		return NULL;
	if (e->part == PART_ECHO)
		return N_("nothing: for its program the connection had ended already");
	if (e->accepted == ACCEPTANCE_NO || e->part == PART_IGNORED)
		return N_("nothing: its TCP did not accept this RST, and the connection goes on");
	return NULL;
}

/* What the table of states says, where it says anything about this end; else NULL. */
static const struct sight *by_state(const struct evidence *e, const struct cause *cause)
{
	enum sight_state state = sight_state(e->receiver_state);

	if (e->is_ending || (cause->receiver_sees && state == SIGHT_UNKNOWN))
		return NULL;
	return sight_get(state);
}

static void add_difference(struct sights *out, const struct verdict *verdict, const char *where, const char *text)
{
	if (!text)
		return;
	if (out->differences.len)
		buffer_puts(&out->differences, ". ");
	buffer_puts(&out->differences, where);
	buffer_puts(&out->differences, ": ");
	explain_text(&out->differences, verdict, text);
}

static void add_differences(struct sights *out, const struct verdict *verdict)
{
	const struct cause *cause = cause_get(verdict->cause);
	const struct sight *sight = by_state(verdict->evidence, cause);

	/* A socket that nobody holds is the same everywhere. */
	if (sight == sight_get(SIGHT_GONE))
		sight = NULL;
	add_difference(out, verdict, _("BSD and macOS"), cause->bsd ? cause->bsd : sight ? sight->bsd : NULL);
	add_difference(out, verdict, _("Windows"), cause->windows ? cause->windows : sight ? sight->windows : NULL);
}

void explain_sights(struct sights *out, const struct verdict *verdict)
{
	const struct cause *cause = cause_get(verdict->cause);
	const struct sight *sight = by_state(verdict->evidence, cause);
	const char *nothing = unseen(verdict->evidence);

	*out = (struct sights){
		BUFFER_INIT(SIGHT_TEXT_MAX), BUFFER_INIT(SIGHT_TEXT_MAX), BUFFER_INIT(SIGHT_TEXT_MAX * 2),
	};
	sender_sees(&out->sender, verdict);
	if (nothing) {
		explain_text(&out->receiver, verdict, nothing);
		return;
	}
	if (cause->receiver_sees)
		explain_text(&out->receiver, verdict, cause->receiver_sees);
	else if (sight)
		explain_text(&out->receiver, verdict, sight->linux_sees);
	add_differences(out, verdict);
}

void sights_clear(struct sights *sights)
{
	buffer_clear(&sights->sender);
	buffer_clear(&sights->receiver);
	buffer_clear(&sights->differences);
}
