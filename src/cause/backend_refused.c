#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_backend_refused = {
	.id = "backend-refused",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_LIKELY,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_RETRY,
	.title = N_("a proxy shook hands, its backend refused"),
	.headline = N_("{sender} is a proxy or load balancer: it accepted {receiver}, and then its backend refused"),
	.what = N_("The handshake was with a box in front of the service. Only then did the box try the real "
	           "server, and nobody listened there or it could not be reached. So connect() succeeded, and the "
	           "RST followed before a single byte of an answer."),
	.who = N_("the proxy or load balancer; behind a SYN proxy the backend's own kernel, whose RST is passed on"),
	.sender_sees = N_("{sender}, if it is a proxy, got ECONNREFUSED, EHOSTUNREACH or ETIMEDOUT from its own "
	                  "connect() to the backend, and closed; its log says so"),
	.receiver_sees = N_("connect() succeeds; then read() or write(), whichever comes first, gets ECONNRESET; "
	                    "after that read() gets end of file and write() EPIPE with SIGPIPE; where the RST is "
	                    "quick, a blocking connect() itself fails with ECONNRESET"),
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("one attempt failed; the service never saw the request, so it may be repeated"),
	.advice = N_("read the log of the proxy or load balancer for this time: it names the backend\n"
	             "is the backend up, and listening where the proxy looks? `ss -ltnp` there; `nc -v BACKEND "
	             "PORT` from the proxy\n"
	             "give the proxy health checks, so that it stops accepting for a backend that is down\n"
	             "published container ports and `ssh -L` shake hands before they know whether the service "
	             "runs: wait for the service"),
	.decide = N_("the proxy's log, or a capture between proxy and backend: SYN, then RST or nothing"),
	.references = N_("RFC 9293 section 3.10.5; nf_synproxy; tcp_send_active_reset() in the proxy's close()"),
	.reproduce = N_("Run a TCP proxy that accepts first, with a backend port on which nothing listens, connect "
	                "and send a request."),
	.scenarios = scenarios_backend_refused,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (!no(e, FACT_SENDER_IS_INITIATOR) || !yes(e, FACT_HANDSHAKE_SEEN) || !no(e, FACT_SENDER_DATA) || sender_closed(e) ||
	    reset_before(e) || yes(e, FACT_RECEIVER_FIN) || yes(e, FACT_SYN_ACK_REPEATS) || yes(e, FACT_ANSWERS_WRONG_ACK) ||
	    !younger_than(e, REFUSED_AGE_NS) || says_mptcp(e) || says_box(e))
		return opinion_excluded();
	if (yes(e, FACT_BOX_SAYS_REFUSED))
		o = opinion_established();
	else if (yes(e, FACT_HOPS_DIFFER))
		o = opinion_possible(20);
	else if (yes(e, FACT_ANSWERS_HANDSHAKE_ACK) && !yes(e, FACT_SHAPE_ACTIVE))
		o = opinion_possible(60);
	else if (yes(e, FACT_RECEIVER_DATA_NEVER_ACKED) && yes(e, FACT_SHAPE_PASSIVE))
		o = opinion_possible(45);
	else if (yes(e, FACT_SHAPE_ACTIVE))
		o = opinion_possible(30);
	else
		return opinion_excluded();
	BECAUSE(&o, e, FACT_HANDSHAKE_SEEN, FACT_ANSWERS_HANDSHAKE_ACK, FACT_RECEIVER_DATA, FACT_SHAPE_ACTIVE, FACT_AGE,
	        FACT_TEXT_REASON);
	return o;
}
