#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_mptcp_fastclose = {
	.id = "mptcp-fastclose",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("Multipath TCP connection aborted (MP_FASTCLOSE)"),
	.headline = N_("{sender} aborted the whole Multipath TCP connection"),
	.what = N_("The connection was Multipath TCP, and one side aborted all of it at once: its kernel reset "
	           "every subflow and put the MP_FASTCLOSE option into the RST, so that the other side ends the "
	           "whole connection too. On Linux that happens when a program closes with bytes unread or with "
	           "SO_LINGER 0."),
	.who = N_("the kernel of the side that closed, on behalf of its program"),
	.sender_sees = N_("nothing: close() returns 0"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("like any abort: unread and unsent data is lost on all paths"),
	.advice = N_("read until read() returns 0 before close(), and do not set SO_LINGER to 0\n"
	             "see both sides' counters: `nstat -az MPTcpExtMPFastcloseTx MPTcpExtMPFastcloseRx`\n"
	             "the program may not know that it speaks MPTCP: Go listens with it since 1.24 and mptcpize "
	             "forces it on others; `ss -Mn` shows it"),
	.decide = N_("an MP_FASTCLOSE option in the RST, or in the segments before it"),
	.references = N_("RFC 8684 sections 3.5 and 3.6; mptcp_do_fastclose()"),
	.reproduce = N_("Open both sockets with IPPROTO_MPTCP; the client sends a line, the server closes without "
	                "reading it."),
	.scenarios = scenarios_mptcp_fastclose,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	/* A connection that fell back to plain TCP is reset without a word of MPTCP. */
	if (yes(e, FACT_KERNEL_MPTCP_CLOSE)) {
		o = opinion_possible(70);
		opinion_because(&o, FACT_KERNEL_MPTCP_CLOSE);
		return o;
	}
	if (aborted(e) && yes(e, FACT_MPTCP_IN_USE)) {
		o = opinion_possible(60);
		opinion_because(&o, FACT_MPTCP_IN_USE);
		return o;
	}
	/* The kernel of its receiver does not tell the options of the RST. */
	if (yes(e, FACT_KERNEL_RECEIVER_ALONE) && yes(e, FACT_MPTCP_IN_USE)) {
		o = opinion_possible(24);
		opinion_because(&o, FACT_MPTCP_IN_USE);
		return o;
	}
	if (!yes(e, FACT_MP_FASTCLOSE))
		return opinion_excluded();
	o = opinion_established();
	BECAUSE(&o, e, FACT_MP_FASTCLOSE, FACT_MP_TCPRST_REASON, FACT_MPTCP_IN_USE);
	return o;
}
