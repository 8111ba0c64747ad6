#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_half_open_scan = {
	.id = "half-open-scan",
	.family = FAMILY_PROBING,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_NONE,
	.title = N_("a port scan: a raw SYN, then the kernel's RST"),
	.headline = N_("{sender} scanned the port of {receiver} with a hand-made SYN, and its kernel reset the "
	               "answer"),
	.what = N_("A scanner sent a SYN that its own kernel did not make. When the SYN-ACK arrived, that kernel "
	           "knew of no such connection and answered with a RST. The scanner has learnt that the port is "
	           "open, and no connection was ever made."),
	.who = N_("the kernel of the scanning host, which does not know what the scanner sent"),
	.sender_sees = N_("the scanner reads the SYN-ACK from its raw socket and reports the port as open"),
	.receiver_sees = N_("nothing: accept() never returns this connection; its kernel counts TcpAttemptFails "
	                    "and TcpExtEmbryonicRsts"),
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("harmless in itself: nothing was connected and nothing lost"),
	.advice = N_("nothing to mend: every public address is scanned\n"
	             "is it one of yours? Ask the security team; monitoring and inventory tools do this\n"
	             "if it is a nuisance, drop or limit it: `nft add rule inet filter input ip saddr ADDRESS drop`"),
	.decide = N_("hops, options or window of the SYN that the kernel behind the RST would not have chosen"),
	.references = N_("RFC 9293 section 3.10.7.1; tcp_v4_rcv(), reason NO_SOCKET"),
	.reproduce = N_("`nmap -sS -p 80 HOST` as root."),
	.scenarios = scenarios_half_open_scan,
	.weigh = weigh,
};

/* A kernel without a socket refuses a SYN-ACK: a program sent the SYN past it, or closed before the tracer began. */
static bool has_no_socket(const struct evidence *e)
{
	return yes(e, FACT_ANSWERS_SYN_ACK) && yes(e, FACT_KERNEL_NO_SOCKET) && !yes(e, FACT_SYN_SEEN);
}

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (has_no_socket(e)) {
		o = opinion_possible(34);
		BECAUSE(&o, e, FACT_ANSWERS_SYN_ACK, FACT_KERNEL_NO_SOCKET);
		return o;
	}
	if (!yes(e, FACT_ANSWERS_SYN_ACK) || !yes(e, FACT_SYN_SEEN) || !yes(e, FACT_RST_BARE) || yes(e, FACT_HANDSHAKE_SEEN) ||
	    !yes(e, FACT_SENDER_IS_INITIATOR) || reset_before(e) || yes(e, FACT_ANSWERS_WRONG_ACK))
		return opinion_excluded();
	if (yes(e, FACT_SYN_HOPS_DIFFER) || (yes(e, FACT_SYN_SCANTY) && number(e, FACT_SCANNED_PORTS) >= SCAN_ENDS))
		o = opinion_established();
	else if (yes(e, FACT_SYN_SCANTY)) /* so do routers and small devices */
		o = opinion_possible(45);
	else
		return opinion_excluded();
	BECAUSE(&o, e, FACT_ANSWERS_SYN_ACK, FACT_SYN_HOPS_DIFFER, FACT_SYN_SCANTY, FACT_SHAPE_PASSIVE, FACT_SCANNED_PORTS);
	return o;
}
