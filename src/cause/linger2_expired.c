#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_linger2_expired = {
	.id = "linger2-expired",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_KERNEL,
	.rank = RANK_MECHANISM,
	.parent = CAUSE_abort,
	.harm = HARM_NONE,
	.title = N_("closed with TCP_LINGER2 below zero: no waiting for the FIN"),
	.headline = N_("{sender} closed with TCP_LINGER2 below zero, so it did not wait for the FIN of {receiver}"),
	.what = N_("A program set TCP_LINGER2 to a negative value and closed. Its kernel sent FIN, but refuses to "
	           "wait in FIN_WAIT2 for the FIN of the peer: as soon as its own FIN is acknowledged, it sends a "
	           "RST and forgets the connection. The peer has done nothing wrong and need not have sent any "
	           "data."),
	.who = N_("the kernel of the closing side: when the acknowledgment of its FIN arrives, or inside close() "
	          "if it had arrived before"),
	.sender_sees = N_("nothing: close() returned 0 long ago"),
	.receiver_sees = N_("read() gives the data received before, then end of file, never ECONNRESET; write() "
	                    "gets EPIPE and SIGPIPE"),
	.bsd = N_("there is no TCP_LINGER2 at the sender; as a receiver: read() and SO_ERROR give ECONNRESET, "
	          "write() gets EPIPE and SIGPIPE"),
	.windows = NULL,
	.harm_text = N_("the side that closed gets no answer any more; everything that it had sent was "
	                "acknowledged"),
	.advice = N_("remove TCP_LINGER2 from the program, or give it a positive number of seconds\n"
	             "to end FIN_WAIT2 sooner for all programs use `sysctl net.ipv4.tcp_fin_timeout=15`: that wait "
	             "ends in silence\n"
	             "count them with `nstat -az TcpExtTCPAbortOnLinger`; those after an acknowledgment count in "
	             "TcpExtTCPAbortOnData"),
	.decide = N_("the kernel of the sender: TCP_LINGER2 below zero, or TcpExtTCPAbortOnLinger counting up"),
	.references = N_("tcp(7) TCP_LINGER2; __tcp_close() with SK_RST_REASON_TCP_ABORT_ON_LINGER; "
	                 "tcp_rcv_state_process() in FIN_WAIT1 with SK_RST_REASON_TCP_ABORT_ON_DATA"),
	.reproduce = N_("Accept, set TCP_LINGER2 to -1, and close() with nothing unread; the client only "
	                "acknowledges the FIN."),
	.scenarios = scenarios_linger2_expired,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_LINGER2)) {
		o = opinion_established();
		opinion_because(&o, FACT_KERNEL_LINGER2);
		return o;
	}
	if (no(e, FACT_KERNEL_LINGER2) || !yes(e, FACT_SENDER_FIN) || yes(e, FACT_RECEIVER_FIN) || reset_before(e))
		return opinion_excluded();
	/* The ACK of its FIN finds a socket that does not wait in FIN_WAIT2. */
	if (yes(e, FACT_ANSWERS_ACK) && yes(e, FACT_ANSWERS_AFTER_ACK_OF_FIN) && yes(e, FACT_SHAPE_PASSIVE))
		o = opinion_possible(60);
	/* The kernel of its receiver had sent nothing but that ACK. */
	else if (yes(e, FACT_KERNEL_RECEIVER_ALONE) && !yes(e, FACT_SHAPE_ACTIVE) && !yes(e, FACT_ANSWERS_DATA))
		o = opinion_possible(24);
	else if (aborted(e) && yes(e, FACT_SENDER_FIN_ACKED))
		o = opinion_possible(25);
	else
		return opinion_excluded();
	BECAUSE(&o, e, FACT_SENDER_FIN, FACT_ANSWERS_ACK, FACT_SENDER_FIN_ACKED, FACT_SHAPE_PASSIVE);
	return o;
}
