#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_fin_wait2_timeout = {
	.id = "fin-wait2-timeout",
	.family = FAMILY_TIMER,
	.told_by = TOLD_BY_KERNEL,
	.rank = RANK_MECHANISM,
	.parent = CAUSE_abort,
	.harm = HARM_NONE,
	.title = N_("the peer never closed its side: FIN_WAIT2 ran out"),
	.headline = N_("{sender} had closed and {receiver} never did, until the wait in FIN_WAIT2 ran out"),
	.what = N_("One side had closed; its FIN was acknowledged, but the other side never sent its own. The "
	           "kernel waits for it for tcp_fin_timeout, 60 s by default, or as long as TCP_LINGER2 says. "
	           "Linux mostly ends this wait in silence; it sends a RST when the timer of a full socket fires "
	           "and no time is left."),
	.who = N_("the FIN_WAIT2 timer in the kernel of the side that had closed"),
	.sender_sees = N_("nothing: close() returned 0 long ago"),
	.receiver_sees = N_("read() gives the data received before, then end of file, never ECONNRESET; write() "
	                    "gets EPIPE and SIGPIPE"),
	.bsd = N_("the FIN_WAIT_2 timer ends in silence; as a receiver: read() and SO_ERROR give ECONNRESET, "
	          "write() gets EPIPE and SIGPIPE"),
	.windows = NULL,
	.harm_text = N_("harmless to the side that closed; the other side has kept a dead connection open"),
	.advice = N_("mend the side that does not close: it must close() when read() returns 0; `ss -tnp state "
	             "close-wait` lists its forgotten sockets\n"
	             "to wait longer for a slow peer: `sysctl net.ipv4.tcp_fin_timeout=120`, or shutdown(SHUT_WR) "
	             "and read to the end before close()"),
	.decide = N_("the kernel of the sender: the RST came from its timer, in state FIN_WAIT2"),
	.references = N_("RFC 9293 section 3.6; tcp(7) tcp_fin_timeout and TCP_LINGER2; tcp_keepalive_timer() with "
	                 "SK_RST_REASON_TCP_STATE"),
	.reproduce = N_("Set `sysctl net.ipv4.tcp_fin_timeout=62` at the server, close there while the client "
	                "never closes, and set it to 30 within the next two seconds."),
	.weigh = weigh,
};

/* net.ipv4.tcp_fin_timeout is 60 s by default; shorter ones are common, but not under some seconds. */
#define FIN_WAIT2_MIN_NS (5 * NS_PER_S)

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_FIN_WAIT2)) {
		o = opinion_established();
		opinion_because(&o, FACT_KERNEL_FIN_WAIT2);
		return o;
	}
	if (no(e, FACT_KERNEL_FIN_WAIT2) || !aborted(e) || !yes(e, FACT_SENDER_FIN_ACKED) || yes(e, FACT_RECEIVER_FIN) ||
	    number(e, FACT_FIN_TO_RST) < FIN_WAIT2_MIN_NS)
		return opinion_excluded();
	o = opinion_possible(55);
	BECAUSE(&o, e, FACT_SENDER_FIN, FACT_SENDER_FIN_ACKED, FACT_FIN_TO_RST);
	return o;
}
