#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_keepalive_timeout = {
	.id = "keepalive-timeout",
	.family = FAMILY_TIMER,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("keepalive probes went unanswered"),
	.headline = N_("{sender} got no answer to its keepalive probes and gave the connection up"),
	.what = N_("One side had keepalive on. After a quiet time its kernel sent probes, none of them was "
	           "answered, and after the last one it declared the peer dead: it sent a RST, mostly into a path "
	           "that is broken, and gave its program ETIMEDOUT. The other side only receives this RST if the "
	           "path fails in one direction or has just come back."),
	.who = N_("the keepalive timer in the kernel of the side that sent the probes"),
	.sender_sees = N_("read() or write() gives ETIMEDOUT once, then read() gives end of file, and write() "
	                  "EPIPE and SIGPIPE"),
	.receiver_sees = NULL,
	.bsd = N_("the same: ETIMEDOUT at the prober"),
	.windows = N_("WSAENETRESET (10052) at the prober"),
	.harm_text = N_("the peer could not be reached any more; whether it is dead or only the path, the "
	                "connection is lost"),
	.advice = N_("find the break: were probes sent and not answered, or answered and the answers lost? Capture "
	             "at the other end as well\n"
	             "look for a box that forgot the connection before the first probe: Linux waits 7200 s by "
	             "default; `sysctl net.ipv4.tcp_keepalive_time=120`\n"
	             "if short outages shall be survived allow more probes, TCP_KEEPCNT and TCP_KEEPINTVL in the "
	             "program (9 and 75 s by default)\n"
	             "see a connection's timer with `ss -tno`, and count with `nstat -az TcpExtTCPKeepAlive "
	             "TcpExtTCPAbortOnTimeout`"),
	.decide = N_("probes of the sender before the RST (no data, one below its next sequence number) that "
	             "nobody acknowledged"),
	.references = N_("RFC 1122 section 4.2.3.6; RFC 9293 section 3.8.4; tcp_keepalive_timer() with "
	                 "SK_RST_REASON_TCP_KEEPALIVE_TIMEOUT"),
	.reproduce = N_("Set SO_KEEPALIVE with TCP_KEEPIDLE, TCP_KEEPINTVL and TCP_KEEPCNT of 1, 1 and 2 at the "
	                "server, and drop all that the client sends."),
	.scenarios = scenarios_keepalive_timeout,
	.weigh = weigh,
};

/* Seen near the peer, the probes are answered, and the answers may be lost on their way back. */
static unsigned strength(const struct evidence *e)
{
	if (!yes(e, FACT_RST_IN_PROBES_PLACE))
		return number(e, FACT_SENDER_PROBES) ? 40 : 30;
	return yes(e, FACT_PROBES_IN_HASTE) ? 75 : 58;
}

static struct opinion weigh(const struct evidence *e)
{
	bool probed = number(e, FACT_SENDER_PROBES) && yes(e, FACT_RST_SEQ_OWN_NEXT);
	struct opinion o;

	if (yes(e, FACT_KERNEL_KEEPALIVE)) {
		o = opinion_established();
		BECAUSE(&o, e, FACT_KERNEL_KEEPALIVE, FACT_IDLE_BEFORE);
		return o;
	}
	if (no(e, FACT_KERNEL_KEEPALIVE))
		return opinion_excluded();
	/* The kernel of its receiver counts no probes. */
	if (yes(e, FACT_KERNEL_RECEIVER_ALONE) && aborted(e) && may_have_been_timer(e)) {
		o = opinion_possible(30);
		BECAUSE(&o, e, FACT_IDLE_BEFORE, FACT_SHAPE_ACTIVE);
		return o;
	}
	if (!(probed || number(e, FACT_SENDER_PROBES_ANSWERED)) || yes(e, FACT_SHAPE_PASSIVE) || reset_before(e) ||
	    says_box(e))
		return opinion_excluded();
	o = number(e, FACT_SENDER_PROBES) >= DEAD_PROBES ? opinion_established() : opinion_possible(strength(e));
	BECAUSE(&o, e, FACT_IDLE_BEFORE, FACT_SENDER_PROBES, FACT_SENDER_PROBES_ANSWERED, FACT_PROBES_IN_HASTE,
	        FACT_RST_IN_PROBES_PLACE, FACT_RST_SEQ_OWN_NEXT, FACT_SHAPE_ACTIVE);
	return o;
}
