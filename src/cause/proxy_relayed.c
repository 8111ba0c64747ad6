#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_proxy_relayed = {
	.id = "proxy-relayed",
	.family = FAMILY_NETWORK,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("a proxy passed on a reset from its other side"),
	.headline = N_("a proxy or load balancer at {sender} passed on a reset that it received on its other side"),
	.what = N_("Between the two programs stands a box that ends the connection and opens a second one. It "
	           "received a RST on its other side, or lost that connection, and passed this on. It says so in "
	           "the RST: a vendor's code in the window or the payload, an MP_TCPRST reason or a diagnostic "
	           "payload."),
	.who = N_("the proxy or load balancer, in the name of the service; the true cause is on its other side"),
	.sender_sees = N_("the proxy knows; the program behind it sees how its own connection to the proxy ended"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("as harmful as the reset on the other side that it stands for"),
	.advice = N_("capture on the other side of the box and run `tcpwhy read` on that file: the true cause is "
	             "there\n"
	             "on F5: `tmsh show net rst-cause`, and `tmsh modify sys db tm.rstcause.log value enable`\n"
	             "on NetScaler: the window of the RST is its code; 9700 and 9701 are passed on, others are its "
	             "own"),
	.decide = N_("a capture on the other side of the box, for the same moment"),
	.references = N_("RFC 8684 section 3.6; draft-ietf-tcpm-rst-diagnostic-payload; Citrix CTX200852; F5 RST "
	                 "cause logging"),
	.reproduce = N_("Put a proxy in the middle that answers a RST on one side with a RST of its own on the "
	                "other, with the reason in its payload."),
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (!yes(e, FACT_PEER_RESET_RELAYED))
		return opinion_excluded();
	o = opinion_established();
	BECAUSE(&o, e, FACT_PEER_RESET_RELAYED, FACT_TEXT_REASON, FACT_DIAGNOSTIC_CODE);
	return o;
}
