#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_abort = {
	.id = "abort",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_PARENT,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("an application aborted the connection"),
	.headline = N_("{sender} aborted the connection on purpose"),
	.what = N_("A program ended the connection without the usual FIN: it closed with received bytes unread, "
	           "closed with SO_LINGER 0, disconnected the socket, died, or had the connection cut by an "
	           "administrator. Its kernel dropped what was still to be sent and sent one RST. On the wire all "
	           "of these look the same."),
	.who = N_("the kernel of the end that aborted, on behalf of one of its programs: RST with the ACK flag, "
	          "the next sequence number of the connection and, if they were agreed, timestamps"),
	.sender_sees = N_("as a rule nothing: close() returns 0; a socket that an administrator cut gives "
	                  "ECONNABORTED"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("what was on its way in either direction may be lost, and the aborting side no longer "
	                "reads what the other side sent"),
	.advice = N_("find the program on the host that sent the RST: the tracepoint tcp:tcp_send_reset there names it and "
	             "the reason\n"
	             "without it, compare the counters around the reset: `nstat -az TcpExtTCPAbortOnClose "
	             "TcpExtTCPAbortOnData TcpExtTCPAbortOnTimeout TcpExtTCPAbortOnMemory`\n"
	             "look into the log of that program for the same second: a time limit, a refused request, a "
	             "crash or a restart"),
	.decide = N_("the reason that the kernel of the sender gives: its tracepoint tcp:tcp_send_reset"),
	.references = N_("RFC 9293 sections 3.5.2 and 3.10.5; RFC 1122 section 4.2.2.13; tcp_send_active_reset(), "
	                 "from tcp_close(), tcp_disconnect() and tcp_abort()"),
	.reproduce = N_("Accept a connection, set SO_LINGER on with 0 seconds and close(); or let the client send "
	                "a line and close() without reading it."),
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;
	/* After a long silence, or after probes, it may have been a timer, here or in a box; without any data, a scan. */
	bool timer = idle_for(e, IDLE_PROGRAM_NS) || number(e, FACT_WAITED_FOR_REPLY) >= BACKEND_WAIT_NS;
	bool scan = yes(e, FACT_SENDER_IS_INITIATOR) && no(e, FACT_SENDER_DATA) && no(e, FACT_RECEIVER_DATA) &&
	            younger_than(e, SCAN_AGE_NS);

	/* Nothing was left to abort; yet some systems send a RST from TIME_WAIT. */
	if (yes(e, FACT_BOTH_CLOSED) && yes(e, FACT_SHAPE_ACTIVE) && !reset_before(e))
		o = opinion_possible(20);
	else if (!aborted(e))
		return opinion_excluded();
	else if (timer || scan || may_have_been_timer(e) || may_have_been_deaf(e) || may_be_opening(e) ||
	    may_be_late_answer(e) || yes(e, FACT_MPTCP_IN_USE))
		o = opinion_possible(scan ? 45 : 55);
	else
		o = opinion_established();
	BECAUSE(&o, e, FACT_RECEIVER_DATA, FACT_SENDER_DATA, FACT_SENDER_FIN, FACT_SHAPE_ACTIVE, FACT_RST_TIMESTAMP,
	        FACT_IDLE_BEFORE);
	return o;
}
