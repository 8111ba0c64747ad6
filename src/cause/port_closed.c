#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_port_closed = {
	.id = "port-closed",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_LIKELY,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("nobody listens on that port (connection refused)"),
	.headline = N_("{receiver} tried to connect to a port on which {sender} has no listener"),
	.what = N_("A SYN arrived for an address and port on which no socket listens. The kernel answers it with "
	           "RST and ACK, which is how TCP says that the host is there and the service is not. The answer "
	           "comes after one round trip."),
	.who = N_("the kernel of the host that was asked; no program takes part"),
	.sender_sees = N_("nothing: no program has that port open"),
	.receiver_sees = N_("connect() fails with ECONNREFUSED; without blocking, poll() reports POLLERR and "
	                    "POLLHUP, and SO_ERROR, read() or write(), whichever asks first, gets ECONNREFUSED once"),
	.bsd = N_("a FreeBSD or macOS host with `net.inet.tcp.blackhole` above 0 does not answer, and the client "
	          "waits for its time-out"),
	.windows = N_("the client sends its SYN again up to three times, RST or not, so WSAECONNREFUSED (10061) "
	              "takes seconds; a Windows server also refuses like this when its listen backlog is full"),
	.harm_text = N_("one attempt failed; nothing was lost, and it may be repeated once the service listens"),
	.advice = N_("is it running, and on this port? `ss -ltnp` on the server\n"
	             "does it listen on this address and family? 127.0.0.1 is not 0.0.0.0, and [::] may be IPv6 "
	             "only\n"
	             "is it in this network namespace or container, and does the port mapping point at it? `nft "
	             "list ruleset`\n"
	             "if it does listen, look in the same place for a rule that rejects\n"
	             "while a service starts, repeat connect() with a growing delay"),
	.decide = N_("at the sender, `ss -ltn` shows no listener for that address and port, and the firewall has "
	             "no reject rule"),
	.references = N_("RFC 9293 sections 3.5.2 and 3.10.7.1; tcp_v4_rcv() and tcp_v4_send_reset(), reason "
	                 "NO_SOCKET"),
	.reproduce = N_("Connect to a port on which nothing listens, for example with `nc -v HOST 1`."),
	.scenarios = scenarios_port_closed,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (!refused_syn(e))
		return opinion_excluded();
	if (made_by_kernel(e) || yes(e, FACT_BOX_SAYS_REFUSED) || yes(e, FACT_KERNEL_NO_SOCKET))
		o = opinion_established();
	else if (yes(e, FACT_NOT_SENT_PERHAPS))
		o = opinion_possible(40);
	else
		o = opinion_possible(made_by_firewall(e) || yes(e, FACT_WINDOW_COPIED) ? 50 : 85);
	BECAUSE(&o, e, FACT_ANSWERS_SYN, FACT_RST_SEQ_ZERO, FACT_TEXT_REASON, FACT_CLASS_COPIED, FACT_LABEL_FRESH,
	        FACT_KERNEL_NO_SOCKET, FACT_KERNEL_LISTENED);
	BECAUSE(&o, e, FACT_ANSWER_DELAY, FACT_SYN_AGAIN);
	return o;
}
