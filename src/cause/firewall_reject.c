#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_firewall_reject = {
	.id = "firewall-reject",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.sender = ROLE_MIDDLEBOX,
	.harm = HARM_RETRY,
	.title = N_("a firewall answered with a RST in the host's name"),
	.headline = N_("a firewall rejected the segment of {receiver} and sent the RST in the name of {sender}"),
	.what = N_("A packet filter with a rule such as \"reject with tcp reset\" caught the segment and made the "
	           "RST itself, with the address of the other end. That end never saw the segment. In the middle "
	           "of a connection this happens after a rule change, a firewall restart or when the firewall has "
	           "forgotten the connection."),
	.who = N_("a packet filter on the path, or on the host itself; the TCP of the host whose address the RST "
	          "bears has no part in it"),
	.sender_sees = N_("nothing: after a SYN it never heard of the attempt; in the middle of a connection its "
	                  "socket stays ESTABLISHED until it writes or its keepalive runs out"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = N_("a rejected SYN is sent again up to three times, so WSAECONNREFUSED (10061) takes seconds"),
	.harm_text = N_("the attempt failed, or the connection was cut for one side only and the other still holds "
	                "it"),
	.advice = N_("find the rule: `nft list ruleset` or `iptables-save`, on both hosts and on every router "
	             "between them\n"
	             "see which rule it was: set `meta nftrace set 1` for the flow, then `nft monitor trace`\n"
	             "capture on both hosts: a RST that the receiver got and the sender never sent comes from "
	             "between\n"
	             "in the middle of a connection: accept `ct state established,related` before anything "
	             "rejects, and keep connection tracking across reloads\n"
	             "no access to the firewall? tell its owner the time, both addresses and ports, and how many "
	             "hops away it answers"),
	.decide = N_("the RST's hops, DSCP, flow label or round trip differ from the host's other packets, or a "
	             "capture at the host shows none leaving"),
	.references = N_("RFC 3360; nf_send_reset() and nf_send_reset6(): no tcp_send_reset event, no TcpOutRsts"),
	.reproduce = N_("On a router between the two: `nft add rule inet filter forward tcp dport 80 reject with "
	                "tcp reset`, then connect."),
	.scenarios = scenarios_firewall_reject,
	.weigh = weigh,
};

static struct opinion weigh_syn(const struct evidence *e)
{
	struct opinion o;

	if (!refused_syn(e) || made_by_kernel(e) || yes(e, FACT_BOX_SAYS_REFUSED))
		return opinion_excluded();
	if (yes(e, FACT_NOT_SENT) || yes(e, FACT_NOT_SENT_PERHAPS))
		o = opinion_possible(88);
	else
		o = opinion_possible(made_by_firewall(e) || yes(e, FACT_WINDOW_COPIED) ? 70 : 40);
	BECAUSE(&o, e, FACT_NOT_SENT, FACT_NOT_SENT_PERHAPS, FACT_TRIGGER_STOPPED);
	BECAUSE(&o, e, FACT_ANSWERS_SYN, FACT_WINDOW_COPIED, FACT_CLASS_DROPPED, FACT_LABEL_ZERO, FACT_ANSWER_DELAY);
	return o;
}

/* Without a difference on the network layer a REJECT on the host looks like a host that forgot the connection. */
static struct opinion weigh_midstream(const struct evidence *e)
{
	struct opinion o;

	if (!met_stranger(e) || made_by_kernel(e) || yes(e, FACT_LABEL_SAME) || yes(e, FACT_SENDER_GOT_IT) ||
	    box_expired(e) || yes(e, FACT_RST_LADDER) || number(e, FACT_RST_WINDOW))
		return opinion_excluded();
	/*
	 * A forger numbers its packets; netfilter and most stacks answer with IP ID 0. After a long silence a box on the
	 * path, that also answers from nearer, has rather forgotten than been told to reject.
	 */
	if (yes(e, FACT_HOPS_DIFFER) && idle_for(e, IDLE_BOX_NS) && !made_by_firewall(e))
		o = opinion_possible(40);
	else if (yes(e, FACT_HOPS_DIFFER) && no(e, FACT_RST_IP_ID_ZERO) && !made_by_firewall(e))
		o = opinion_possible(40);
	else if (yes(e, FACT_HOPS_DIFFER))
		o = opinion_possible(yes(e, FACT_SENDER_UNAWARE) || made_by_firewall(e) ? 80 : 65);
	else
		o = opinion_possible(made_by_firewall(e) ? 70 : 25);
	if (yes(e, FACT_NOT_SENT_PERHAPS) && yes(e, FACT_HOPS_DIFFER) && !idle_for(e, IDLE_BOX_NS) && o.strength < 85)
		o = opinion_possible(85);
	BECAUSE(&o, e, FACT_NOT_SENT_PERHAPS, FACT_TRIGGER_STOPPED);
	BECAUSE(&o, e, FACT_ANSWERS_DATA, FACT_ANSWERS_KEEPALIVE, FACT_ANSWERS_ACK, FACT_ANSWERS_FIN, FACT_HOPS_DIFFER,
	        FACT_CLASS_DROPPED, FACT_LABEL_ZERO, FACT_SENDER_UNAWARE);
	return o;
}

/*
 * A box that is nearer than the host keeps back what came, and answers. It may have forgotten, or translate. What
 * answers from farther away, or as far, stands not on the way: the address may have moved there.
 */
static struct opinion weigh_on_the_way(const struct evidence *e)
{
	struct opinion o;

	if (!met_stranger(e) || number(e, FACT_RST_WINDOW))
		return opinion_excluded();
	if (yes(e, FACT_TRANSLATED) || idle_for(e, IDLE_BOX_NS))
		o = opinion_possible(yes(e, FACT_TRANSLATED) ? 40 : 60);
	else if (yes(e, FACT_HOPS_DIFFER) && yes(e, FACT_HOPS_NEARER) && !may_be_missed(e))
		o = opinion_established();
	else
		o = opinion_possible(85);
	BECAUSE(&o, e, FACT_NOT_SENT, FACT_NOTHING_DROPPED, FACT_TRIGGER_STOPPED, FACT_ANSWERS_DATA,
	        FACT_ANSWERS_KEEPALIVE, FACT_ANSWERS_ACK, FACT_ANSWERS_FIN, FACT_HOPS_NEARER, FACT_HOPS_DIFFER,
	        FACT_SENDER_STAYED);
	return o;
}

static struct opinion weigh(const struct evidence *e)
{
	if (yes(e, FACT_KERNEL_REJECTED) && !yes(e, FACT_KERNEL_REJECTED_OUT)) {
		struct opinion o = idle_for(e, IDLE_BOX_NS) ? opinion_possible(60) : opinion_established();

		BECAUSE(&o, e, FACT_KERNEL_REJECTED, FACT_ANSWERS_SYN, FACT_ANSWERS_DATA);
		return o;
	}
	if (yes(e, FACT_KERNEL_REJECTED_OUT) || no(e, FACT_KERNEL_REJECTED))
		return opinion_excluded();
	if (yes(e, FACT_UNTRANSLATED) || forged_on_the_way(e))
		return opinion_excluded();
	if (yes(e, FACT_ANSWERS_SYN))
		return weigh_syn(e);
	if (answered_on_the_way(e))
		return weigh_on_the_way(e);
	return weigh_midstream(e);
}
