#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_idle_expired = {
	.id = "idle-expired",
	.family = FAMILY_NETWORK,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.sender = ROLE_MIDDLEBOX,
	.harm = HARM_RETRY,
	.title = N_("a box in between forgot the idle connection"),
	.headline = N_("a box in between forgot the idle connection and reset it in the name of {sender}"),
	.what = N_("A load balancer, NAT gateway or firewall on the path keeps a table of connections and forgets "
	           "those that are idle. This one had been idle longer than its limit: the box answered the next "
	           "segment with a RST, or sent one to each side when the time was up. The end in whose name the "
	           "RST came knows nothing of it."),
	.who = N_("the box in between. It answers the next segment: AWS NLB and NAT gateway 350 s, Azure NAT "
	          "gateway 240 s. It resets when the time is up: Azure LB 240 s with TCP reset on, F5 300 s. Many "
	          "drop in silence unless told to reset: GCP VPC 600 s, Cloud NAT 1200 s, IPVS 900 s, PAN-OS, "
	          "FortiGate and Cisco ASA 3600 s"),
	.sender_sees = N_("nothing: its connection stays open until it writes, or until its own keepalive or idle "
	                  "limit ends it"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("the first request after the pause fails; the far end never saw it, so it may be sent "
	                "again"),
	.advice = N_("send keepalives more often than the box forgets: `sysctl net.ipv4.tcp_keepalive_time=120` "
	             "and SO_KEEPALIVE (or TCP_KEEPIDLE in the program)\n"
	             "Linux keepalive starts at 7200 s and is off per socket by default: `ss -tno` shows whether a "
	             "socket has a keepalive timer\n"
	             "let connection pools drop connections that are idle for longer than the box's limit\n"
	             "raise the limit of the box: AWS NLB `tcp.idle_timeout.seconds`, Azure idleTimeoutInMinutes, "
	             "F5 idle-timeout, ASA `timeout conn`"),
	.decide = N_("a capture at the end in whose name the RST came: it never sent one; or other hops, MAC or a "
	             "vendor's code in the RST"),
	.references = N_("RFC 5382 section 5; RFC 1122 section 4.2.3.6; the makers' documents on idle time-outs"),
	.reproduce = N_("Put a router between the ends with the rule `meta l4proto tcp ct state invalid reject "
	                "with tcp reset`, set nf_conntrack_tcp_timeout_established=5 and nf_conntrack_tcp_loose=0 "
	                "there, pause 6 s, and write."),
	.scenarios = scenarios_idle_expired,
	.weigh = weigh,
};

/* The box says so itself. */
static struct opinion weigh_box(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_BOX_SAYS_EXPIRED) || idle_for(e, IDLE_BOX_NS))
		o = opinion_established();
	else
		o = opinion_possible(40);
	BECAUSE(&o, e, FACT_IDLE_BEFORE, FACT_NETSCALER_CODE, FACT_BOX_SAYS_EXPIRED, FACT_TEXT_REASON, FACT_DIAGNOSTIC_CODE,
	        FACT_HOPS_LIKE_HANDSHAKE, FACT_IDLE_IS_ROUND);
	return o;
}

static unsigned strength(const struct evidence *e)
{
	if (yes(e, FACT_NOT_SENT_PERHAPS) && yes(e, FACT_TRANSLATED))
		return 50;
	if (answered_on_the_way(e))
		return yes(e, FACT_TRANSLATED) ? 50 : 90;
	if (aborted(e))
		return yes(e, FACT_RST_BOTH_WAYS) && yes(e, FACT_IDLE_IS_ROUND) ? 75 : yes(e, FACT_IDLE_IS_ROUND) ? 48 : 38;
	/* A firewall that shows itself after a long silence has forgotten, more likely than got a new rule. */
	if ((yes(e, FACT_HOPS_DIFFER) && !made_by_kernel(e)) || made_by_firewall(e))
		return 82;
	return yes(e, FACT_IDLE_IS_ROUND) ? 62 : yes(e, FACT_HOPS_DIFFER) ? 55 : 45;
}

static struct opinion weigh_silence(const struct evidence *e)
{
	struct opinion o;

	if (!idle_for(e, IDLE_BOX_NS) || !(met_stranger(e) || aborted(e)) || yes(e, FACT_SENDER_WENT_ON) ||
	    yes(e, FACT_UNTRANSLATED))
		return opinion_excluded();
	o = yes(e, FACT_HOPS_LIKE_HANDSHAKE) ? opinion_established() : opinion_possible(strength(e));
	BECAUSE(&o, e, FACT_NOT_SENT, FACT_TRIGGER_STOPPED);
	BECAUSE(&o, e, FACT_IDLE_BEFORE, FACT_IDLE_IS_ROUND, FACT_HOPS_LIKE_HANDSHAKE, FACT_ANSWERS_DATA,
	        FACT_ANSWERS_KEEPALIVE, FACT_RST_BOTH_WAYS, FACT_SHAPE_PASSIVE);
	return o;
}

static struct opinion weigh(const struct evidence *e)
{
	if (says_box(e) && !yes(e, FACT_PEER_RESET_RELAYED))
		return weigh_box(e);
	return weigh_silence(e);
}
