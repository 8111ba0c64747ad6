#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_icmp_refused = {
	.id = "icmp-refused",
	.family = FAMILY_ENDING,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("no RST: an ICMP error ended the attempt"),
	.headline = N_("{sender} did not answer {receiver}: an ICMP error came instead and ended the attempt"),
	.what = N_("The SYN was answered not with a RST but with an ICMP error: port, host or network unreachable, "
	           "or prohibited. While it connects, Linux ends the attempt with an error that depends on type "
	           "and code. Once connected, such messages do not end the connection; it goes on repeating its "
	           "data."),
	.who = N_("no RST is sent; a router, firewall or the host itself sends the ICMP message, whose source "
	          "address names it"),
	.sender_sees = N_("nothing: the SYN did not reach a listener there"),
	.receiver_sees = N_("connect() fails: ECONNREFUSED for port unreachable, EHOSTUNREACH for host unreachable "
	                    "or prohibited and for an exceeded hop limit, ENETUNREACH for network unreachable; "
	                    "IPv6 prohibited: EACCES"),
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("one attempt failed; nothing was sent yet, and it may be repeated"),
	.advice = N_("the source address of the ICMP message is the box to look at\n"
	             "port unreachable or prohibited: a firewall rejects (the default of nft's reject): `nft "
	             "list ruleset` there\n"
	             "host or network unreachable: `ip route get ADDRESS` here and on that router; is the host "
	             "up?\n"
	             "if you run the firewall, `reject with tcp reset` tells clients more clearly, and by TCP "
	             "itself"),
	.decide = N_("an ICMP error that quotes this SYN, in the same capture"),
	.references = N_("RFC 1122 section 4.2.3.9; RFC 5461; tcp_v4_err() and tcp_v6_err()"),
	.reproduce = N_("`nft add rule inet filter input tcp dport 80 reject` at the server, then connect."),
	.scenarios = scenarios_icmp_refused,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_UNREACHABLE))
		o = opinion_possible(80);
	else if (yes(e, FACT_ICMP_ERROR) || yes(e, FACT_KERNEL_ICMP))
		o = opinion_established();
	else
		return opinion_excluded();
	BECAUSE(&o, e, FACT_SYN_SEEN, FACT_ICMP_ERROR, FACT_KERNEL_ICMP, FACT_KERNEL_UNREACHABLE, FACT_RECEIVER_RETRANSMITS);
	return o;
}
