#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_no_answer = {
	.id = "no-answer",
	.family = FAMILY_ENDING,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("no RST: the other side never answered, and time ran out"),
	.headline = N_("{sender} did not answer any more, and {receiver} gave up"),
	.what = N_("Segments were sent again and again with growing pauses, and none was answered until the time "
	           "limit ran out. The other host is down, the path is broken, or a filter drops the segments in "
	           "one direction. A RST that is lost on the way looks the same from here."),
	.who = N_("nobody: there is no RST; the side that gave up ends the connection by itself, and Linux does so "
	          "silently"),
	.sender_sees = N_("nothing, if the segments never arrived; if only its answers were lost, its connection "
	                  "stays open for now"),
	.receiver_sees = N_("connect(), read() or write() fails with ETIMEDOUT, once; then read() gets end of file "
	                    "and write() EPIPE; EHOSTUNREACH or another error where an ICMP message came before"),
	.bsd = N_("connect() gives up after some 75 seconds"),
	.windows = N_("connect() gives up after some 21 seconds with WSAETIMEDOUT (10060)"),
	.harm_text = N_("the attempt failed; of what was written and never acknowledged, nobody can say whether it "
	                "arrived"),
	.advice = N_("is the host there, and does the path carry TCP to that port? `ping HOST`, `traceroute -T "
	             "-p PORT HOST`\n"
	             "a SYN without any answer is most often a filter that drops: `nft list ruleset`, security "
	             "groups, routes back\n"
	             "capture at the other side: do the segments arrive, do answers leave?\n"
	             "in the middle of a connection `ss -tino` shows the retransmissions; large segments only: "
	             "suspect the path's MTU\n"
	             "do not wait 15 minutes: set TCP_USER_TIMEOUT or a time limit of your own"),
	.decide = N_("a capture at the silent side: whether the segments arrive, and whether it answers"),
	.references = N_("RFC 9293 section 3.8.3; tcp_write_timeout() and tcp_write_err(); "
	                 "net.ipv4.tcp_syn_retries (about two minutes), net.ipv4.tcp_retries2 (about 15 minutes)"),
	.reproduce = N_("`nft add rule inet filter input tcp dport 80 drop` at the server, then connect."),
	.scenarios = scenarios_no_answer,
	.weigh = weigh,
};

/* Retransmissions after which a host has surely given up or will: Linux sends a SYN 7 times. */
#define GIVEN_UP 6

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_ICMP_ERROR) || yes(e, FACT_KERNEL_ICMP) || yes(e, FACT_KERNEL_UNREACHABLE))
		return opinion_excluded();
	o = yes(e, FACT_RST_STOPPED) || number(e, FACT_RECEIVER_RETRANSMITS) >= GIVEN_UP || yes(e, FACT_KERNEL_TIMED_OUT)
	    ? opinion_established() : opinion_possible(60);
	BECAUSE(&o, e, FACT_RST_STOPPED, FACT_RST_STOPPED_PERHAPS);
	BECAUSE(&o, e, FACT_SENDER_SEEN, FACT_HANDSHAKE_SEEN, FACT_RECEIVER_RETRANSMITS, FACT_KERNEL_TIMED_OUT, FACT_AGE);
	return o;
}
