#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_connect_scan = {
	.id = "connect-scan",
	.family = FAMILY_PROBING,
	.told_by = TOLD_BY_LIKELY,
	.rank = RANK_ACTION,
	.parent = CAUSE_NONE,
	.harm = HARM_NONE,
	.title = N_("a connect scan or health check: connected, aborted at once"),
	.headline = N_("{sender} connected to {receiver} and aborted at once without a byte: a scan or a health "
	               "check"),
	.what = N_("A program completed the handshake and aborted the connection straight away. It wanted to know "
	           "only whether the port is open, and the abort saves it a TIME_WAIT. Scanners and the TCP health "
	           "checks of load balancers work like this."),
	.who = N_("the kernel of the side that connected, because its program closed with SO_LINGER set to zero"),
	.sender_sees = N_("its close() returns 0; it has learnt that the port is open"),
	.receiver_sees = N_("accept() succeeds all the same, and the first read() or write() gets ECONNRESET"),
	.bsd = N_("accept() may fail with ECONNABORTED"),
	.windows = NULL,
	.harm_text = N_("harmless: nothing was sent, so nothing was lost"),
	.advice = N_("find out who it is: a fixed interval from a few addresses is a load balancer or monitoring\n"
	             "let the server log an ECONNRESET before the first byte quietly, and never stop accepting "
	             "because of it\n"
	             "give the health check a protocol to speak (an HTTP path, `option httpchk` in HAProxy), which "
	             "also tells more than an open port"),
	.decide = N_("a regular interval or many ports from one address, or the configuration of the prober"),
	.references = N_("RFC 9293 section 3.10.5; tcp_disconnect() from tcp_close(), reason TCP_STATE"),
	.reproduce = N_("`nmap -sT -p 80 HOST`, or connect(), SO_LINGER {1, 0} and close()."),
	.scenarios = scenarios_connect_scan,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;
	bool scanning = number(e, FACT_SCANNED_PORTS) >= SCAN_ENDS;

	if (!yes(e, FACT_SENDER_IS_INITIATOR) || !yes(e, FACT_HANDSHAKE_SEEN) || !no(e, FACT_SENDER_DATA) ||
	    sender_closed(e) || yes(e, FACT_RECEIVER_FIN) || reset_before(e) || !younger_than(e, SCAN_AGE_NS) ||
	    says_mptcp(e) || yes(e, FACT_ANSWERS_DATA) || yes(e, FACT_SENDER_WENT_ON) || yes(e, FACT_RST_OUT_OF_WINDOW))
		return opinion_excluded();
	o = opinion_possible(no(e, FACT_RECEIVER_DATA) || scanning ? (scanning ? 90 : 65) : 40);
	BECAUSE(&o, e, FACT_HANDSHAKE_SEEN, FACT_AGE, FACT_SHAPE_ACTIVE, FACT_SCANNED_PORTS);
	return o;
}
