#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_backend_timeout = {
	.id = "backend-timeout",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_LIKELY,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_DATA_LOST,
	.title = N_("a proxy took the request, its backend never answered"),
	.headline = N_("{sender} took the request of {receiver}, waited for its backend in vain, and reset the "
	               "connection"),
	.what = N_("A proxy or load balancer acknowledged the request and passed it on, or tried to. No answer "
	           "came from behind within its time limit, and it ended the client's connection with a RST "
	           "instead of an answer."),
	.who = N_("the proxy or load balancer, or the server itself when a time limit for its handler ran out"),
	.sender_sees = N_("{sender} logged a time-out for its backend, often as status 502 or 504, and closed the "
	                  "connection itself"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("the request may or may not have been carried out; nobody on this side can say"),
	.advice = N_("read the proxy's log: which backend, which time limit? Nginx `proxy_read_timeout`, HAProxy "
	             "`timeout server`\n"
	             "see why the backend is slow or stuck: its load, its locks, its own backends\n"
	             "order the limits: backend shortest, then proxy, then client, so that each hears the answer "
	             "of the one behind\n"
	             "repeat the request only if doing it twice is harmless"),
	.decide = N_("the proxy's log, or a capture behind it: the request goes to the backend and no answer "
	             "returns"),
	.references = N_("RFC 9293 section 3.10.5; tcp_send_active_reset() in the proxy's close()"),
	.reproduce = N_("Let a proxy with a time limit of two seconds pass a request to a backend that accepts and "
	                "never answers."),
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (!aborted(e) || !no(e, FACT_SENDER_IS_INITIATOR) || !no(e, FACT_SENDER_DATA) || sender_closed(e) ||
	    yes(e, FACT_RECEIVER_FIN) || number(e, FACT_WAITED_FOR_REPLY) < BACKEND_WAIT_NS)
		return opinion_excluded();
	o = opinion_possible(yes(e, FACT_IDLE_IS_ROUND) ? 62 : 56);
	BECAUSE(&o, e, FACT_HANDSHAKE_SEEN, FACT_WAITED_FOR_REPLY, FACT_IDLE_IS_ROUND, FACT_SHAPE_ACTIVE);
	return o;
}
