#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_retransmission_timeout = {
	.id = "retransmission-timeout",
	.family = FAMILY_TIMER,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_DATA_LOST,
	.title = N_("gave up retransmitting"),
	.headline = N_("{sender} sent the same data again and again, got no acknowledgment, and gave up with a RST"),
	.what = N_("One side had sent data that was never acknowledged. It sent it again with growing pauses, "
	           "reached its limit and gave the connection up. BSD, macOS and many appliances say so with a "
	           "RST; Linux stays silent, so there the last sign is the last retransmission."),
	.who = N_("the retransmission timer of the side whose data was not acknowledged; not Linux"),
	.sender_sees = N_("read() or write() gives ETIMEDOUT once, then read() gives end of file, and write() "
	                  "EPIPE and SIGPIPE (a Linux sender would get these too, without any RST)"),
	.receiver_sees = NULL,
	.bsd = N_("ETIMEDOUT at the sender"),
	.windows = N_("WSAETIMEDOUT (10060) or WSAECONNABORTED (10053) at the sender"),
	.harm_text = N_("the unacknowledged data is lost, or arrived and its acknowledgments were lost: nobody at "
	                "this end can say"),
	.advice = N_("find where the packets stop: capture at both ends, or trace the path with `mtr -T -P PORT "
	             "HOST`\n"
	             "if only large packets vanish it is the MTU: `tracepath HOST`, then `sysctl "
	             "net.ipv4.tcp_mtu_probing=1` or a lower MSS\n"
	             "if a firewall dropped the flow: `nft list ruleset`, `conntrack -L -p tcp`\n"
	             "to give up sooner or later on Linux: TCP_USER_TIMEOUT on the socket, `sysctl "
	             "net.ipv4.tcp_retries2=8` (default 15, about 924 s)"),
	.decide = N_("several retransmissions of the same bytes by the sender, with no acknowledgment, before its "
	             "RST"),
	.references = N_("RFC 1122 section 4.2.3.5; RFC 9293 section 3.8.3; RFC 6298; tcp_write_timeout() (Linux: "
	                 "no RST)"),
	.reproduce = N_("Drop everything that the receiver sends, let a BSD or macOS host write, and wait; a Linux "
	                "host ends without a RST."),
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;
	/* Seen near the peer, what is sent again was acknowledged, and the acknowledgements may be lost on their way. */
	bool deaf = number(e, FACT_SENDER_REPEATED_ACKED) >= DEAD_RETRANSMITS && yes(e, FACT_SHAPE_ACTIVE);

	if (!(number(e, FACT_SENDER_RETRANSMITS) || deaf) || yes(e, FACT_SHAPE_PASSIVE) || reset_before(e) || says_box(e) ||
	    !yes(e, FACT_RST_SEQ_OWN_NEXT) || number(e, FACT_SENDER_PROBES) >= DEAD_PROBES)
		return opinion_excluded();
	o = number(e, FACT_SENDER_RETRANSMITS) >= DEAD_RETRANSMITS ? opinion_established() : opinion_possible(35);
	BECAUSE(&o, e, FACT_SENDER_UNACKED, FACT_SENDER_RETRANSMITS, FACT_SENDER_REPEATED_ACKED, FACT_RST_SEQ_OWN_NEXT);
	return o;
}
