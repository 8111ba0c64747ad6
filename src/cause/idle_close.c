#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_idle_close = {
	.id = "idle-close",
	.family = FAMILY_ABORTED,
	.told_by = TOLD_BY_LIKELY,
	.rank = RANK_ACTION,
	.parent = CAUSE_abort,
	.harm = HARM_RETRY,
	.title = N_("an endpoint aborted a connection that had been idle"),
	.headline = N_("{sender} aborted the connection after it had been idle"),
	.what = N_("Nothing had happened on the connection for a time, and one end cleaned up: its program or "
	           "proxy reached an idle limit and ended the connection with a RST instead of a FIN. The RST "
	           "comes by itself, in answer to no segment, and the silence before it is a round time."),
	.who = N_("the kernel of that end, on behalf of a server, proxy, connection pool or load balancer that "
	          "ends connections itself"),
	.sender_sees = N_("nothing, or a line about a time limit in its own log"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("nothing is lost if the other side was idle too; a request that it sends in that very "
	                "moment costs a retry"),
	.advice = N_("let the client give up first: set its pool's idle time below the limit of the server or "
	             "proxy, and check a connection before reuse\n"
	             "keep it busy with pings of the protocol; TCP keepalives (SO_KEEPALIVE) only count where a "
	             "load balancer watches packets\n"
	             "look for a setting that resets instead of closing: `reset_timedout_connection` in nginx, "
	             "\"reset on timeout\" in F5 profiles\n"
	             "usual limits (most close with FIN): Node.js 5 s, Puma 20 s, AWS ALB 60 s, nginx 75 s, F5 300 "
	             "s, Envoy 1 h"),
	.decide = N_("whether that host itself sent the RST (its hops, its kernel or its log), and the same "
	             "silence before other resets of it"),
	.references = N_("RFC 9293 section 3.10.5; RFC 9112 section 9.5; tcp_send_active_reset()"),
	.reproduce = N_("Accept, exchange a line, wait for the idle limit, then set SO_LINGER on with 0 seconds "
	                "and close()."),
	.scenarios = scenarios_idle_close,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (!aborted(e) || !idle_for(e, IDLE_PROGRAM_NS) || yes(e, FACT_RECEIVER_FIN) || sender_closed(e))
		return opinion_excluded();
	/* Who owes an answer is not idle but late. */
	o = opinion_possible(number(e, FACT_WAITED_FOR_REPLY) >= BACKEND_WAIT_NS ? 52 : 60);
	BECAUSE(&o, e, FACT_IDLE_BEFORE, FACT_IDLE_IS_ROUND, FACT_SHAPE_ACTIVE);
	return o;
}
