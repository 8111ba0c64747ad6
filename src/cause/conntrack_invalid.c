#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_conntrack_invalid = {
	.id = "conntrack-invalid",
	.family = FAMILY_NETWORK,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_DATA_LOST,
	.title = N_("conntrack called a packet invalid and let it leak without NAT"),
	.headline = N_("connection tracking let a packet of {receiver} through without NAT, and {sender} reset a "
	               "connection that it did not know"),
	.what = N_("A Linux firewall translates the addresses of this connection. One packet did not fit the "
	           "window that it tracks, so it was called INVALID, was not translated back, and still went on "
	           "its way. It reached the other end with the wrong address; that kernel knew no such connection "
	           "and answered with a RST to the true owner. Kubernetes services are the best known case."),
	.who = N_("the kernel of the host where the untranslated packet arrived: the client behind a translated "
	          "destination, or the translating box itself behind a masquerade"),
	.sender_sees = N_("nothing at first: its own connection, to the translated address, stays open; its next "
	                  "write() succeeds and draws a RST, after which read() gives ECONNRESET"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("a transfer, often a large or slow one, breaks off in the middle"),
	.advice = N_("on the translating host: `sysctl net.netfilter.nf_conntrack_tcp_be_liberal=1`\n"
	             "or drop what is not translated: `nft insert rule inet filter forward ct state invalid drop` "
	             "(a chain of your own in place of forward)\n"
	             "prove it: `conntrack -S` counts invalid up; `sysctl "
	             "net.netfilter.nf_conntrack_log_invalid=6` logs each one\n"
	             "in Kubernetes use a kube-proxy that has this rule (PR 74840); look for captured packets with "
	             "the pod's address instead of the service's"),
	.decide = N_("at the leaking side: a segment of the same flow, with the untranslated address, just before "
	             "the RST"),
	.references = N_("RFC 9293 section 3.5.2; tcp_in_window() and nf_conntrack_tcp_packet(); "
	                 "net.netfilter.nf_conntrack_tcp_be_liberal; kubernetes/kubernetes issue 74839"),
	.reproduce = N_("Put a router with destination NAT between the ends and let the server send a segment "
	                "beyond the client's window; repeat it with nf_conntrack_tcp_be_liberal=1, and it does no "
	                "harm."),
	.scenarios = scenarios_conntrack_invalid,
	.weigh = weigh,
};

/*
 * Where the leak itself is not captured, the end that sent the packet only sees a kernel that does not know the
 * connection: that of the opener behind a translated destination, or a masquerading box in its name.
 */
static bool may_have_leaked(const struct evidence *e)
{
	/* What came without being translated is new to the kernel that answers it. */
	if (yes(e, FACT_KERNEL_SENT) && came_from_nowhere(e))
		return yes(e, FACT_ANSWERS_DATA) || yes(e, FACT_ANSWERS_ACK);
	return met_stranger(e) && !yes(e, FACT_KERNEL_VANISHED) && yes(e, FACT_SENDER_IS_INITIATOR) &&
	       (yes(e, FACT_ANSWERS_DATA) || yes(e, FACT_ANSWERS_ACK) || yes(e, FACT_KERNEL_RECEIVER_ALONE)) &&
	       !yes(e, FACT_SENDER_WENT_ON);
}

static struct opinion weigh_unseen(const struct evidence *e)
{
	struct opinion o = opinion_possible(yes(e, FACT_HOPS_DIFFER) && made_by_kernel(e) ? 50 : 12);

	BECAUSE(&o, e, FACT_ANSWERS_DATA, FACT_ANSWERS_ACK, FACT_HOPS_DIFFER, FACT_SHAPE_PASSIVE);
	return o;
}

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_UNTRANSLATED) || (answered_on_the_way(e) && yes(e, FACT_TRANSLATED))) {
		o = yes(e, FACT_ANSWERS_BEYOND) ? opinion_possible(87) : opinion_possible(30);
		if (yes(e, FACT_UNTRANSLATED) && !yes(e, FACT_ANSWERS_BEYOND) && idle_for(e, IDLE_BOX_NS))
			o = opinion_excluded();
		BECAUSE(&o, e, FACT_ANSWERS_BEYOND, FACT_UNTRANSLATED, FACT_TRANSLATED, FACT_NOT_SENT, FACT_TRIGGER_STOPPED,
		        FACT_ANSWERS_DATA, FACT_SHAPE_PASSIVE);
		if (!yes(e, FACT_LEAKED_TWIN))
			return o;
	}
	if (answered_on_the_way(e) && no(e, FACT_TRANSLATED) && !yes(e, FACT_LEAKED_TWIN))
		return opinion_excluded();
	if (!yes(e, FACT_LEAKED_TWIN) && may_have_leaked(e))
		return weigh_unseen(e);
	if (!yes(e, FACT_LEAKED_TWIN) || !yes(e, FACT_SHAPE_PASSIVE))
		return opinion_excluded();
	o = opinion_established();
	BECAUSE(&o, e, FACT_LEAKED_TWIN, FACT_ANSWERS_FIRST_SEGMENT, FACT_ANSWERS_DATA, FACT_SHAPE_PASSIVE);
	return o;
}
