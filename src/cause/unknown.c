#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_unknown = {
	.id = "unknown",
	.family = FAMILY_OTHER,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_PARENT,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("the evidence does not tell"),
	.headline = N_("nothing in the evidence tells why {sender} reset the connection"),
	.what = N_("A RST was seen, but what would explain it is missing: the capture began too late, holds one "
	           "direction only, lost packets or cut them short, or the RST fits no known cause."),
	.who = N_("the end that is named as its source, or somebody in its name"),
	.sender_sees = N_("unknown: it depends on the cause"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("unknown: count it as a lost attempt until the cause is found"),
	.advice = N_("capture whole conversations in both directions, from their start: `tcpdump -ni any -s 256 -w "
	             "out.pcap host HOST and port PORT`, no filter on flags\n"
	             "capture at both ends at once: that tells whether the RST left the host in whose name it came\n"
	             "ask the kernel of the host that sends the RST (tracepoint tcp:tcp_send_reset): it knows the reason and "
	             "the "
	             "program"),
	.decide = N_("the missing part of the conversation, or the kernel of the sender"),
	.references = N_("RFC 9293 sections 3.5.2 and 3.5.3; the tracepoints tcp:tcp_send_reset and "
	                 "tcp:tcp_receive_reset"),
	.reproduce = N_("Start a capture in the middle of a connection, or keep nothing but its RST."),
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o = opinion_excluded(); /* what remains when nothing else does */

	BECAUSE(&o, e, FACT_START_MISSING, FACT_ANSWERS_DATA, FACT_ANSWERS_ACK, FACT_SENDER_SEEN, FACT_RST_SEQ_AHEAD,
	        FACT_RST_SEQ_BEHIND, FACT_RST_OUT_OF_WINDOW);
	return o;
}
