#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_orphan_limit = {
	.id = "orphan-limit",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_LIKELY,
	.rank = RANK_MECHANISM,
	.parent = CAUSE_abort,
	.harm = HARM_DATA_LOST,
	.title = N_("too many orphaned sockets, or TCP memory ran out"),
	.headline = N_("the kernel of {sender} dropped a closed connection for want of memory or orphan slots"),
	.what = N_("A program had closed its socket, and the kernel still had to deliver the rest and wait for the "
	           "peer: an orphan. The host had more orphans than tcp_max_orphans allows, or TCP used more "
	           "memory than tcp_mem allows, so the kernel gave this one up with a RST: microseconds after the "
	           "FIN, or at one of its retransmissions."),
	.who = N_("the kernel of the side that had closed, under pressure from all of its connections together"),
	.sender_sees = N_("nothing: close() returned 0"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("whatever the program had written and the peer had not yet acknowledged is lost, although "
	                "close() reported success"),
	.advice = N_("look for the kernel's own words: `dmesg | grep -E \"too many orphaned sockets|out of memory "
	             "-- consider tuning tcp_mem\"`\n"
	             "see the load: `cat /proc/net/sockstat` (orphan, mem), `nstat -az TcpExtTCPAbortOnMemory`\n"
	             "get rid of orphans sooner: `sysctl net.ipv4.tcp_fin_timeout=15`, `sysctl "
	             "net.ipv4.tcp_orphan_retries=3`\n"
	             "if the memory is there, allow more: `sysctl net.ipv4.tcp_max_orphans=262144`, `sysctl "
	             "net.ipv4.tcp_mem`"),
	.decide = N_("TcpExtTCPAbortOnMemory counting up on the sender, or its kernel log"),
	.references = N_("tcp(7) tcp_max_orphans and tcp_mem; __tcp_close() and tcp_out_of_resources() with "
	                 "SK_RST_REASON_TCP_ABORT_ON_MEMORY"),
	.reproduce = N_("Set `sysctl net.ipv4.tcp_max_orphans=0` on a machine of your own, accept, and close() "
	                "while data is still unacknowledged. The setting counts for the whole machine."),
	.weigh = weigh,
};

#define ORPHAN_NS (200 * NS_PER_US)

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_MEMORY)) {
		o = opinion_established();
		opinion_because(&o, FACT_KERNEL_MEMORY);
		return o;
	}
	/* The kernel decides within the same close(): microseconds. */
	if (no(e, FACT_KERNEL_MEMORY))
		return opinion_excluded();
	if (!aborted(e) || !yes(e, FACT_SENDER_FIN) || number(e, FACT_FIN_TO_RST) > ORPHAN_NS || yes(e, FACT_RECEIVER_FIN))
		return opinion_excluded();
	o = opinion_possible(60);
	BECAUSE(&o, e, FACT_SENDER_FIN, FACT_FIN_TO_RST, FACT_SHAPE_ACTIVE);
	return o;
}
