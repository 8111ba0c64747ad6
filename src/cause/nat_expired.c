#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_nat_expired = {
	.id = "nat-expired",
	.family = FAMILY_NETWORK,
	.told_by = TOLD_BY_TWO,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_half_open,
	.harm = HARM_RETRY,
	.title = N_("the NAT forgot the connection"),
	.headline = N_("a NAT in between forgot the connection, so a segment met a host or port that did not know "
	               "it"),
	.what = N_("An address translator forgot the mapping of a connection: it was idle too long, the table was "
	           "full or flushed, or the box was restarted. The next segment from outside then met the "
	           "translator itself, and the next one from inside got a new port or went out untranslated. "
	           "Whoever received it knew no such connection and answered with a RST."),
	.who = N_("for a segment from outside: the translator's own kernel; for one from inside: the kernel of the "
	          "far end, whose RST is translated back"),
	.sender_sees = N_("nothing: the program whose connection it was keeps an open socket until it writes, or "
	                  "until its keepalive ends it"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("the segment that met the missing mapping is lost, and the far end may hold a dead "
	                "connection for hours"),
	.advice = N_("send keepalives more often than the NAT forgets (AWS 350 s, Azure 240 s, GCP 1200 s): "
	             "`sysctl net.ipv4.tcp_keepalive_time=120` and SO_KEEPALIVE\n"
	             "on a Linux NAT see its table: `conntrack -L -p tcp`, `sysctl "
	             "net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max`\n"
	             "check its limit: `sysctl net.netfilter.nf_conntrack_tcp_timeout_established` (432000 s "
	             "unless something lowered it)\n"
	             "keep `conntrack -F` out of reload and fail-over scripts; conntrackd hands the table to the "
	             "standby"),
	.decide = N_("a capture on the other side of the NAT: the segment arrives there with another port or "
	             "address, or not at all"),
	.references = N_("RFC 5382 section 5; RFC 9293 section 3.5.1; tcp_v4_rcv() with SK_RST_REASON_NO_SOCKET; "
	                 "nf_conntrack_tcp_timeout_established"),
	.reproduce = N_("Connect through a masquerading router, run `conntrack -D -p tcp` on it, and let the "
	                "server write: the router itself answers."),
	.scenarios = scenarios_nat_expired,
	.weigh = weigh,
};

/* Behind the NAT, a segment that it did not translate comes from nowhere; one of a scan does, too. */
static bool came_untranslated(const struct evidence *e)
{
	return came_from_nowhere(e) && number(e, FACT_ANSWERS_DATA) && number(e, FACT_PROBED_PORTS) < SCAN_ENDS;
}

/* A mapping runs out after a silence; a table that is flushed, or a box that is replaced, needs none. */
static unsigned strength(const struct evidence *e)
{
	return came_untranslated(e) ? 30 : idle_for(e, IDLE_BOX_NS) ? 35 : 14;
}

/* The captures at both sides of the box show it. What is far out of the window was rather not believed. */
static struct opinion weigh_both_sides(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_ANSWERS_BEYOND) || !yes(e, FACT_SHAPE_PASSIVE))
		o = opinion_possible(30);
	else if (yes(e, FACT_UNTRANSLATED) && idle_for(e, IDLE_BOX_NS))
		o = opinion_established();
	else
		o = opinion_possible(idle_for(e, IDLE_BOX_NS) ? 86 : 82);
	BECAUSE(&o, e, FACT_UNTRANSLATED, FACT_TRANSLATED, FACT_NOT_SENT, FACT_NOT_SENT_PERHAPS, FACT_TRIGGER_STOPPED);
	BECAUSE(&o, e, FACT_IDLE_BEFORE, FACT_IDLE_IS_ROUND, FACT_ANSWERS_DATA, FACT_SHAPE_PASSIVE);
	return o;
}

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_LEAKED_TWIN))
		return opinion_excluded();
	if (answered_on_the_way(e) && no(e, FACT_TRANSLATED))
		return opinion_excluded();
	if (yes(e, FACT_UNTRANSLATED) || (answered_on_the_way(e) && yes(e, FACT_TRANSLATED)) ||
	    (yes(e, FACT_NOT_SENT_PERHAPS) && yes(e, FACT_TRANSLATED) && idle_for(e, IDLE_BOX_NS)))
		return weigh_both_sides(e);
	if (yes(e, FACT_KERNEL_VANISHED))
		return opinion_excluded();
	if (!(met_stranger(e) || came_untranslated(e)) || yes(e, FACT_SENDER_WENT_ON) || box_expired(e))
		return opinion_excluded();
	o = opinion_possible(strength(e));
	BECAUSE(&o, e, FACT_IDLE_BEFORE, FACT_IDLE_IS_ROUND);
	return o;
}
