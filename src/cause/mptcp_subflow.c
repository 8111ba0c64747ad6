#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_mptcp_subflow = {
	.id = "mptcp-subflow",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_NONE,
	.title = N_("one subflow of a Multipath TCP connection was reset"),
	.headline = N_("{sender} reset one subflow of a Multipath TCP connection"),
	.what = N_("A Multipath TCP connection runs over several TCP connections, its subflows. One of them was "
	           "refused or ended with a RST that carries an MP_TCPRST option with a reason: an MPTCP error, "
	           "lack of resources, policy, too much outstanding data, bad performance or a middlebox. The "
	           "connection itself goes on as long as another subflow lives."),
	.who = N_("the MPTCP stack of the kernel, or its path manager; an MP_JOIN with an unknown token is "
	          "answered by the listener"),
	.sender_sees = N_("nothing: data moves over the other subflows"),
	.receiver_sees = N_("nothing: data moves over the other subflows; if this was the last one, read() blocks "
	                    "and write() succeeds until net.mptcp.close_timeout has passed"),
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("none while another subflow lives; lost data is sent again on it"),
	.advice = N_("nothing, if the connection goes on: `ss -Mtni` shows its subflows\n"
	             "check that the peer's path manager announces addresses that can be reached: `ip mptcp "
	             "endpoint show`, `ip mptcp limits show`\n"
	             "where the reason is middlebox or checksum: a box strips or rewrites TCP options; `sysctl "
	             "net.mptcp.enabled=0` tells whether MPTCP is the matter\n"
	             "see the counters `nstat -az MPTcpExtMPRstTx MPTcpExtMPRstRx MPTcpExtMPJoinNoTokenFound`"),
	.decide = N_("an MP_TCPRST option without MP_FASTCLOSE, and the reason in it"),
	.references = N_("RFC 8684 section 3.6; mptcp_subflow_reset() and subflow_v4_route_req()"),
	.reproduce = N_("Open an MPTCP connection with two subflows, and `ss -K` one of them; or send an MP_JOIN "
	                "with a token that nobody knows."),
	.scenarios = scenarios_mptcp_subflow,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	/* The kernel of its receiver does not tell the options of the RST. */
	if (yes(e, FACT_KERNEL_RECEIVER_ALONE) && yes(e, FACT_MPTCP_IN_USE)) {
		o = opinion_possible(24);
		opinion_because(&o, FACT_MPTCP_IN_USE);
		return o;
	}
	if (!(yes(e, FACT_MP_TCPRST_REASON) || yes(e, FACT_KERNEL_SUBFLOW)) || yes(e, FACT_MP_FASTCLOSE))
		return opinion_excluded();
	o = opinion_established();
	BECAUSE(&o, e, FACT_MP_TCPRST_REASON, FACT_KERNEL_SUBFLOW, FACT_MPTCP_IN_USE);
	return o;
}
