#include "cause/cause.h"

#include "base/text.h"
#include "cause/rules.h"
#include "cause/step.h"

static struct opinion weigh(const struct evidence *e);

const struct cause cause_listener_closed = {
	.id = "listener-closed",
	.family = FAMILY_REFUSED,
	.told_by = TOLD_BY_KERNEL,
	.rank = RANK_ACTION,
	.parent = CAUSE_abort,
	.harm = HARM_RETRY,
	.title = N_("the listener closed while connections waited for accept()"),
	.headline = N_("{sender} closed its listening socket while the connection of {receiver} still waited for "
	               "accept()"),
	.what = N_("The handshake was complete and the connection sat in the listener's queue, not yet accepted. "
	           "Then the listening socket was closed or shut down, or its process ended, and the kernel reset "
	           "every connection in that queue. One still in its handshake is reset by its next segment."),
	.who = N_("the server's kernel, while it takes the listening socket apart"),
	.sender_sees = N_("nothing: no program ever had a socket for this connection"),
	.receiver_sees = N_("connect() succeeds; then read() or write(), whichever comes first, gets ECONNRESET; "
	                    "after that read() gets end of file and write() EPIPE with SIGPIPE"),
	.bsd = NULL,
	.windows = NULL,
	.harm_text = N_("one attempt failed; no program read any of it, so it may be repeated, even if the kernel "
	                "had acknowledged data"),
	.advice = N_("on a restart keep the listening socket: systemd socket activation, or pass it to the new "
	             "process\n"
	             "before closing, take the server out of the load balancer, then accept() and serve what is "
	             "still in the queue\n"
	             "with SO_REUSEPORT workers: `sysctl -w net.ipv4.tcp_migrate_req=1` moves the queue to "
	             "another worker (Linux 5.14)\n"
	             "in the client, repeat once on a new connection"),
	.decide = N_("a kernel trace at the sender: tcp_send_reset below inet_csk_listen_stop()"),
	.references = N_("inet_csk_listen_stop() and inet_child_forget(), which call tcp_disconnect(), reason "
	                 "TCP_STATE"),
	.reproduce = N_("listen(), let a client connect, and close() the listening socket without accept()."),
	.scenarios = scenarios_listener_closed,
	.weigh = weigh,
};

static struct opinion weigh(const struct evidence *e)
{
	struct opinion o;

	if (yes(e, FACT_KERNEL_LISTENER_CLOSED)) {
		o = opinion_established();
		opinion_because(&o, FACT_KERNEL_LISTENER_CLOSED);
		return o;
	}
	/* What was a handshake when the listener closed, is nothing to its kernel. */
	if (came_from_nowhere(e) && yes(e, FACT_KERNEL_LISTENED)) {
		o = opinion_possible(58);
		BECAUSE(&o, e, FACT_KERNEL_LISTENED, FACT_ANSWERS_DATA, FACT_SHAPE_PASSIVE);
		return o;
	}
	/* The connection waited in the queue, or was still in its handshake. */
	if (no(e, FACT_KERNEL_LISTENER_CLOSED) || !(aborted(e) || met_nobody_behind_handshake(e)) ||
	    !no(e, FACT_SENDER_IS_INITIATOR) || !no(e, FACT_SENDER_DATA) || sender_closed(e))
		return opinion_excluded();
	o = opinion_possible(28);
	BECAUSE(&o, e, FACT_ANSWERS_HANDSHAKE_ACK, FACT_RECEIVER_DATA_NEVER_ACKED, FACT_SHAPE_PASSIVE);
	return o;
}
