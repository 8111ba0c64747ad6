#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_linger_zero = {
	.id = "linger-zero",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_KERNEL,
	.rank = RANK_MECHANISM,
	.parent = CAUSE_abort,
	.harm = HARM_RETRY,
	.title = N_("closed with SO_LINGER 0"),
	.headline = N_("{sender} closed its socket with SO_LINGER set to 0, which asks for a RST"),
	.what = N_("A program set SO_LINGER to on with a time of 0 and closed. This asks the kernel to skip the "
	           "FIN and TIME_WAIT: it throws away what is not yet sent and sends a RST at once. No RST is sent "
	           "if the connection had already been closed from both sides."),
	.who = N_("the kernel of the closing side, inside close(), because its program (or a library or setting of "
	          "it) asked for it"),
	.sender_sees = N_("nothing: close() returns 0 at once"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("data not yet sent or not yet acknowledged is thrown away; after a complete exchange "
	                "nothing is lost"),
	.advice = N_("remove the option: look for SO_LINGER in the program, `SetLinger(0)` in Go, `option "
	             "nolinger` in HAProxy, `reset_timedout_connection` in nginx\n"
	             "if TIME_WAIT was the worry, let the client close first; `sysctl net.ipv4.tcp_tw_reuse=1` "
	             "helps a client that runs out of ports\n"
	             "catch the call: `strace -f -e trace=setsockopt,close -p PID` shows SO_LINGER with l_onoff=1, "
	             "l_linger=0\n"
	             "do not be misled by names: the kernel reports it as TCP_STATE and counts it in "
	             "TcpExtTCPAbortOnData; ABORT_ON_LINGER is TCP_LINGER2"),
	.decide = N_("the kernel of the sender: SO_LINGER on with time 0 when it closed, or the stack of the RST "
	             "through tcp_disconnect() from close()"),
	.references = N_("RFC 9293 section 3.10.5; RFC 1122 section 4.2.2.13; socket(7) SO_LINGER; __tcp_close() "
	                 "and tcp_disconnect()"),
	.reproduce = N_("Accept, set SO_LINGER on with 0 seconds, and close() with nothing left to read."),
	.scenarios = scenarios_linger_zero,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_LINGER_ZERO) && !yes(e, FACT_KERNEL_UNREAD)) {
		o = opinion_established();
		opinion_because(&o, FACT_KERNEL_LINGER_ZERO);
		return o;
	}
	if (no(e, FACT_KERNEL_LINGER_ZERO) || !aborted(e))
		return opinion_excluded();
	return opinion_possible(no(e, FACT_RECEIVER_DATA) ? 50 : 30);
}
