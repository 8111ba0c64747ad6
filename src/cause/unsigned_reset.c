#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_unsigned_reset = {
	.id = "unsigned",
	.family = FAMILY_OTHER,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_FORGED,
	.parent = CAUSE_NONE,
	.harm = HARM_NONE,
	.title = N_("a RST without a valid signature (MD5, TCP-AO), ignored"),
	.headline = N_("this RST was not signed as the connection requires, so the kernel of {receiver} ignored it"),
	.what = N_("The two ends sign their segments with TCP-MD5 or TCP-AO, as BGP routers do. This RST has no "
	           "signature or a wrong one, so it counts for nothing and the connection lives on. It may be "
	           "forged, or come from a peer that restarted and has lost the keys: such a peer cannot end the "
	           "old connection, which then hangs until a timer ends it."),
	.who = N_("a host that knows no key for the connection: a third party, or the true peer after a restart"),
	.sender_sees = N_("nothing: it had no such connection"),
	.receiver_sees = N_("nothing: the connection goes on; if the peer is really gone, read() waits until a "
	                    "keepalive or the protocol's own hold timer ends it"),
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("harmless as such; behind a restarted peer the old connection is dead without knowing it"),
	.advice = N_("see that such segments arrive: `nstat -az TcpExtTCPMD5NotFound TcpExtTCPMD5Failure "
	             "TcpExtTCPAORequired TcpExtTCPAOBad`\n"
	             "if the peer restarted: let its BGP daemon listen with the keys configured before traffic "
	             "comes; then its kernel signs its RSTs\n"
	             "let the hold timer, BFD or SO_KEEPALIVE find a dead peer, for a RST will not\n"
	             "if the keys may differ compare both configurations; a SYN with the wrong key gets no answer "
	             "at all"),
	.decide = N_("a signature option in the other segments of the connection, and none or a wrong one in the "
	             "RST"),
	.references = N_("RFC 2385; RFC 5925 section 7; tcp_inbound_hash() and tcp_v4_send_reset()"),
	.reproduce = N_("Set TCP_MD5SIG at both ends, connect, and send a RST with the exact sequence number and "
	                "no MD5 option."),
	.scenarios = scenarios_unsigned_reset,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (!yes(e, FACT_RST_UNSIGNED))
		return opinion_excluded();
	o = opinion_established();
	BECAUSE(&o, e, FACT_SIGNATURE_IN_USE, FACT_RST_UNSIGNED, FACT_RECEIVER_WENT_ON);
	return o;
}
