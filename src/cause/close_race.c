#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_close_race = {
	.id = "close-race",
	.family = FAMILY_CLOSED,
	.told_by = TOLD_BY_WIRE,
	.rank = RANK_SPECIFIC,
	.parent = CAUSE_NONE,
	.harm = HARM_DATA_LOST,
	.title = N_("data and the peer's close crossed on the way"),
	.headline = N_("{sender} closed the connection while data of {receiver} was on its way"),
	.what = N_("One side closed its socket just as the other sent data; the FIN and the data passed each "
	           "other. The writer could not have known. Nobody reads at the closed side any more, so its "
	           "kernel answers the data with a RST. The classic case is a server that closes an idle "
	           "keep-alive connection at the moment when the client reuses it."),
	.who = N_("the kernel of the side that had closed"),
	.sender_sees = N_("nothing: its program had closed the socket already"),
	.receiver_sees = NULL,
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("the data that crossed the FIN is lost and was not read by the program there, although "
	                "write() reported success"),
	.advice = N_("let the side that sends requests drop idle connections first: its idle limit below the "
	             "server's, with some seconds to spare\n"
	             "behind a load balancer make the server's keep-alive longer than the balancer's idle "
	             "time-out (`keepalive_timeout` in nginx, `keepAliveTimeout` in Node.js: 5 s by default)\n"
	             "repeat the request on a new connection: it was not read; HTTP clients do this for "
	             "idempotent methods\n"
	             "let the server announce it: `Connection: close` with the last answer, GOAWAY in HTTP/2"),
	.decide = N_("the data that drew the RST acknowledges nothing of the sender's FIN"),
	.references = N_("RFC 9112 section 9.6; RFC 9293 section 3.6.1; tcp_rcv_state_process() in FIN_WAIT1, "
	                 "reason TCP_ABORT_ON_DATA"),
	.reproduce = N_("Delay one direction by 50 ms; let the server close() an idle connection and the client "
	                "write within that time."),
	.scenarios = scenarios_close_race,
	.weigh = weigh,
};

/*
 * A FIN that is lost on its way to the writer is in no capture there: the RST looks as if the sender had forgotten the
 * connection. Only a new flow label says that it came from a kernel without any socket.
 */
static bool fin_may_be_lost(const struct evidence *e)
{
	return met_stranger(e) && !yes(e, FACT_KERNEL_VANISHED) && yes(e, FACT_ANSWERS_DATA) &&
	       !yes(e, FACT_LABEL_FRESH) && !yes(e, FACT_HOPS_DIFFER) && !yes(e, FACT_SENDER_WENT_ON) && !box_expired(e);
}

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (fin_may_be_lost(e)) {
		o = opinion_possible(15);
		BECAUSE(&o, e, FACT_ANSWERS_DATA, FACT_SHAPE_PASSIVE);
		return o;
	}
	if (!yes(e, FACT_SENDER_FIN) || yes(e, FACT_SHAPE_ACTIVE) || reset_before(e))
		return opinion_excluded();
	if (yes(e, FACT_ANSWERS_BEFORE_ACK_OF_FIN) && yes(e, FACT_ANSWERS_DATA))
		o = opinion_established();
	else if (yes(e, FACT_ANSWERS_FIN) && (yes(e, FACT_RECEIVER_UNACKED) || yes(e, FACT_BYTES_MISSING)))
		o = opinion_possible(40);
	/* The kernel of its receiver had data on the way when the FIN came, and does not know which of it was answered. */
	else if (yes(e, FACT_KERNEL_RECEIVER_ALONE) && yes(e, FACT_ANSWERS_DATA) && !yes(e, FACT_ANSWERS_AFTER_ACK_OF_FIN))
		o = opinion_possible(50);
	else
		return opinion_excluded();
	BECAUSE(&o, e, FACT_SENDER_FIN, FACT_ANSWERS_DATA, FACT_ANSWERS_BEFORE_ACK_OF_FIN, FACT_SHAPE_PASSIVE,
	        FACT_IDLE_BEFORE);
	return o;
}
