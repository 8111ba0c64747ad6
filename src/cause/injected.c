#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_injected = {
	.id = "injected",
	.family = FAMILY_NETWORK,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_FORGED,
	.parent = CAUSE_NONE,
	.sender = ROLE_MIDDLEBOX,
	.harm = HARM_RETRY,
	.title = N_("forged by a third party on the path"),
	.headline = N_("somebody on the path forged this RST in the name of {sender}"),
	.what = N_("A device that sees the traffic sent a RST with the address of one end: a censor, a traffic "
	           "manager, an intrusion prevention system or an attacker. It gives itself away: other hops or IP "
	           "ID than the true host, several RSTs with growing sequence numbers, RSTs to both ends at once, "
	           "or a true host that goes on sending."),
	.who = N_("a machine between the two ends, in the name of one of them"),
	.sender_sees = N_("nothing from this RST: {sender} never sent it; often it gets a forged one of its own"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("the connection is cut; the true peer may have received and answered everything"),
	.advice = N_("capture at both ends at once: `tcpdump -ni any -v \"tcp[tcpflags] & tcp-rst != 0\"`; what "
	             "one end never sent was forged\n"
	             "measure where it stands: the TTL of the RST against that of the true host's data tells how "
	             "many hops apart they started\n"
	             "ask whoever runs the path: intrusion prevention, web filter, data loss prevention and "
	             "parental control send such resets by policy\n"
	             "TLS does not help, as TCP headers stay open; a tunnel does (WireGuard, IPsec), and so does "
	             "TCP-AO or MD5 for BGP"),
	.decide = N_("a capture at the end in whose name it was sent: the RST never left there"),
	.references = N_("RFC 5961 section 3; RFC 3360; Weaver, Sommer and Paxson, Detecting Forged TCP Reset "
	                 "Packets, NDSS 2009; tcp_validate_incoming()"),
	.reproduce = N_("Sniff a connection from a third host or the router, and send a RST with the exact next "
	                "sequence number of one end."),
	.scenarios = scenarios_injected,
	.weigh = weigh,
};

/* Identical RSTs in one burst that no stack sends. */
#define REPEATS 3

/* The kernel of the sender knows nothing of it, and no firewall of this host rejected what it answers. */
static bool nobody_sent_it(const struct evidence *e)
{
	return yes(e, FACT_KERNEL_SILENT) && no(e, FACT_KERNEL_REJECTED) && !idle_for(e, IDLE_BOX_NS);
}

/* What no TCP does: guesses at the window, or a reset by a side that goes on with the conversation. */
static bool proof_of_forgery(const struct evidence *e)
{
	/* A firewall in the path lets the host go on, too, but not get what it rejected. */
	bool rejected = !no(e, FACT_SHAPE_PASSIVE) && yes(e, FACT_RST_BARE) && !number(e, FACT_RST_WINDOW) &&
	                !yes(e, FACT_SENDER_GOT_IT);
	bool went_on = yes(e, FACT_SENDER_WENT_ON) && !reset_before(e) && !sender_closed(e) && !rejected &&
	               (yes(e, FACT_ANSWERS_SYN) || !may_be_opening(e));

	return yes(e, FACT_RST_LADDER) || yes(e, FACT_FAKE_SEGMENT) || went_on || nobody_sent_it(e) ||
	       forged_on_the_way(e);
}

/* What a RST of the true host hardly shows; each alone has innocent explanations (another stack, a changed route). */
static unsigned marks_of_forgery(const struct evidence *e)
{
	unsigned marks = 0;

	/* A handshake by a box explains another distance, a raw scanner its own. */
	if (yes(e, FACT_HOPS_DIFFER) && !yes(e, FACT_SYN_HOPS_DIFFER) && !says_box(e))
		marks++;
	marks += yes(e, FACT_IP_ID_FOREIGN) && !yes(e, FACT_SHAPE_PASSIVE);
	marks += yes(e, FACT_DF_FLIPPED) && (yes(e, FACT_HOPS_DIFFER) || yes(e, FACT_RST_BOTH_WAYS) ||
	                                     number(e, FACT_RST_WINDOW) > 0);
	marks += yes(e, FACT_RST_RESERVED_BITS);
	marks += yes(e, FACT_RST_BARE) && yes(e, FACT_WINDOW_COPIED);
	marks += yes(e, FACT_RST_BOTH_WAYS) && !yes(e, FACT_SHAPE_ACTIVE) && yes(e, FACT_DF_FLIPPED);
	/* Routers, too, copy the IP ID of what they answer: it only adds to other marks. */
	marks += marks && yes(e, FACT_IP_ID_COPIED);
	return marks;
}

/* The kernel that took it, or did not, sees a RST as a socket that is gone would send it, and no more of it. */
static bool may_be_anyones(const struct evidence *e)
{
	return yes(e, FACT_KERNEL_RECEIVER_ALONE) && !yes(e, FACT_SHAPE_ACTIVE) && !yes(e, FACT_ANSWERS_SYN) &&
	       !yes(e, FACT_ANSWERS_AFTER_ACK_OF_FIN) && !yes(e, FACT_MPTCP_IN_USE);
}

static struct opinion weigh(const struct evidence *e)
{
	unsigned marks = marks_of_forgery(e);
	struct opinion o;

	/* What lacks the signature counts for nothing, whoever made it; on lo, other marks are those of the own firewall. */
	if (yes(e, FACT_RST_UNSIGNED) || (yes(e, FACT_LOOPBACK_ONLY) && !proof_of_forgery(e)))
		return opinion_excluded();
	/* Who keeps back what he answers stands in the path: a firewall, or a translator. */
	if (answered_on_the_way(e) && !yes(e, FACT_RST_LADDER) && !yes(e, FACT_FAKE_SEGMENT))
		return opinion_excluded();
	/* After the end of a connection a box may clear its state in its own way. */
	if (yes(e, FACT_KERNEL_SILENT_PERHAPS) && !proof_of_forgery(e))
		o = opinion_possible(70);
	else if (proof_of_forgery(e) || (marks >= 2 && !yes(e, FACT_BOTH_CLOSED)))
		o = opinion_established();
	else if (yes(e, FACT_NOT_SENT) && !idle_for(e, IDLE_BOX_NS))
		o = opinion_possible(75);
	else if (marks)
		o = opinion_possible(45);
	else if (yes(e, FACT_RST_OUT_OF_WINDOW) && !reset_before(e) && !sender_closed(e))
		o = opinion_possible(50);
	else if (may_be_anyones(e))
		o = opinion_possible(20);
	else if (number(e, FACT_RST_REPEATED) >= REPEATS && !yes(e, FACT_ANSWERS_SYN))
		o = opinion_possible(30);
	else
		return opinion_excluded();
	BECAUSE(&o, e, FACT_NOT_SENT, FACT_SENDER_STAYED, FACT_MADE_ON_THE_WAY);
	BECAUSE(&o, e, FACT_KERNEL_SILENT, FACT_KERNEL_SILENT_PERHAPS, FACT_KERNEL_OUT_OF_WINDOW, FACT_RECEIVER_CHALLENGED);
	BECAUSE(&o, e, FACT_RST_LADDER, FACT_FAKE_SEGMENT, FACT_SENDER_WENT_ON, FACT_HOPS_DIFFER, FACT_IP_ID_COPIED,
	        FACT_IP_ID_FOREIGN, FACT_DF_FLIPPED, FACT_RST_OUT_OF_WINDOW);
	BECAUSE(&o, e, FACT_RST_BOTH_WAYS, FACT_RST_RESERVED_BITS, FACT_WINDOW_COPIED, FACT_RST_REPEATED);
	return o;
}
