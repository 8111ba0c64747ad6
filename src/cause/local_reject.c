#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_local_reject = {
	.id = "local-reject",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.sender = ROLE_MIDDLEBOX,
	.harm = HARM_RETRY,
	.title = N_("the host's own output firewall refused it"),
	.headline = N_("the firewall of {receiver} itself rejected the segment; it never went out to {sender}"),
	.what = N_("A reject rule in the output path caught the segment before it reached a network interface. The "
	           "RST that it made bears the remote address but was delivered inside the same host, and can be "
	           "captured on `lo` only."),
	.who = N_("the packet filter of the very host that received the RST"),
	.sender_sees = N_("nothing: the segment never reached it"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("the attempt failed before it left the host; in the middle of a connection the other side "
	                "still holds it"),
	.advice = N_("look for reject rules in the output chains: `nft list ruleset` or `iptables -S OUTPUT`\n"
	             "watch it happen: `tcpdump -ni lo 'tcp[tcpflags] & tcp-rst != 0'`\n"
	             "if only some programs are hit, the rule matches a user or a cgroup: look for `meta skuid` "
	             "and `socket cgroupv2`\n"
	             "in a container, look at the rules inside its own network namespace: `nsenter -t PID -n nft "
	             "list ruleset`"),
	.decide = N_("the RST shows on `lo` with a remote source address, and neither it nor the segment on any "
	             "other interface"),
	.references = N_("nf_send_reset() and nf_send_reset6() in the output hook"),
	.reproduce = N_("`nft add rule inet filter output tcp dport 80 reject with tcp reset`, then connect from "
	                "the same host."),
	.scenarios = scenarios_local_reject,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (!yes(e, FACT_LOOPBACK_ONLY) && !yes(e, FACT_KERNEL_REJECTED_OUT))
		return opinion_excluded();
	o = opinion_established();
	BECAUSE(&o, e, FACT_LOOPBACK_ONLY, FACT_KERNEL_REJECTED_OUT, FACT_ANSWERS_SYN, FACT_ANSWERS_DATA);
	return o;
}
