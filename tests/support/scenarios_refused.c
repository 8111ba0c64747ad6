/* Handshakes that never finished or had nobody behind them, and probes. */
#include "support/scenarios.h"

#define BOX_AT 5               /* a firewall between the middle and the server */
#define DSCP 0x48
#define ANY_ABORT (BIT(abort) | BIT(unread_data) | BIT(linger_zero) | BIT(backend_refused))

/* A01 */
static void closed_port(struct play *p)
{
	play_syn(p);
	play_subject(play_answer(p, SERVER));
}

/* D07: the kernel's RST repeats the DSCP of what it answers. */
static void closed_port_with_class(struct play *p)
{
	p->host[CLIENT].class = DSCP;
	closed_port(p);
}

/* Windows sends the SYN again, and meets the same. */
static void closed_port_tried_again(struct play *p)
{
	struct packet *syn = play_send(p, CLIENT, TCP_SYN, 0);

	play_settle(p);
	play_subject(play_answer(p, SERVER));
	play_wait(p, 500 * NS_PER_MS);
	play_again(p, syn);
	play_settle(p);
	play_answer(p, SERVER);
}

static struct packet *box_answers(struct play *p, struct packet *trigger)
{
	struct packet *rst;

	trigger->to = BOX_AT;
	play_wait(p, PLAY_TRIP_NS);
	rst = play_answer_to(p, SERVER, trigger);
	rst->from = BOX_AT;
	rst->segment.hop_limit = 64;
	rst->segment.traffic_class = 0;
	rst->segment.flow_label = 0;
	rst->segment.ip_id = 0;
	return rst;
}

/* E01: REJECT --reject-with tcp-reset. */
static void firewall_refuses_syn(struct play *p)
{
	p->host[CLIENT].class = DSCP;
	play_subject(box_answers(p, play_send(p, CLIENT, TCP_SYN, 0)));
}

/* E02: a rule changed, and the server never knows. */
static void firewall_cuts_in(struct play *p)
{
	p->host[CLIENT].class = DSCP;
	play_shake(p);
	play_exchange(p);
	play_wait(p, NS_PER_S);
	play_subject(box_answers(p, play_tell(p, CLIENT, 50)));
	play_settle(p);
	play_wait(p, NS_PER_S);
	play_tell(p, SERVER, 70);
	play_settle(p);
	play_answer(p, CLIENT)->to = BOX_AT;
}

/* E18: the RST shows on lo alone. */
static void own_firewall_refuses(struct play *p)
{
	struct packet *rst;

	play_shake(p);
	play_exchange(p);
	rst = play_forge(p, SERVER, TCP_RST, p->host[CLIENT].expects, 0);
	rst->from = rst->to = 0;
	rst->on_loopback = true;
	rst->segment.window = rst->segment.ip_id = 0;
	rst->segment.flow_label = 0;
	play_subject(rst);
}

/* E13: SYNPROXY passes on the RST of the server. */
static void syn_proxy_refused(struct play *p)
{
	struct packet *rst;

	play_shake(p);
	rst = play_answer(p, SERVER);
	rst->segment.flags = TCP_RST | TCP_ACK;
	rst->segment.ack = p->host[SERVER].expects;
	play_subject(rst);
}

/* H5: a proxy in user space accepts, then its backend refuses. */
static void proxy_refused(struct play *p)
{
	play_shake(p);
	play_say(p, CLIENT, 11);
	play_wait(p, 5 * NS_PER_MS);
	play_subject(play_abort(p, SERVER));
}

static void backend_never_answers(struct play *p)
{
	play_shake(p);
	play_say(p, CLIENT, 120);
	play_wait(p, 30 * NS_PER_S);
	play_subject(play_abort(p, SERVER));
}

/* A09 */
static void connect_given_up(struct play *p)
{
	play_syn(p);
	play_wait(p, NS_PER_S);
	play_send(p, SERVER, TCP_SYN | TCP_ACK, 0);
	play_settle(p);
	play_subject(play_answer(p, CLIENT));
}

/* A04 */
static void accept_queue_full_and_reset(struct play *p)
{
	play_shake(p);
	play_subject(play_answer(p, SERVER));
}

/* A05b */
static void accept_queue_full_and_silent(struct play *p)
{
	struct packet *syn_ack;

	play_syn(p);
	syn_ack = play_send(p, SERVER, TCP_SYN | TCP_ACK, 0);
	play_settle(p);
	play_ack(p, CLIENT);
	for (int i = 0; i < 2; i++) {
		play_wait(p, NS_PER_S << i);
		play_again(p, syn_ack);
		play_settle(p);
		play_ack(p, CLIENT);
	}
	play_wait(p, 5 * NS_PER_S);
	play_tell(p, CLIENT, 5);
	play_settle(p);
	play_subject(play_answer(p, SERVER));
}

/* A06 A07 */
static void listener_closes(struct play *p)
{
	play_shake(p);
	play_wait(p, 20 * NS_PER_MS);
	play_subject(play_abort(p, SERVER));
}

/* A08 */
static void listener_closes_under_handshake(struct play *p)
{
	play_shake(p);
	play_subject(play_answer(p, SERVER));
}

/* A04b: the ACK of the handshake counts for nothing without data (TCP_DEFER_ACCEPT). */
static void deferred_request_meets_full_queue(struct play *p)
{
	play_shake(p);
	play_wait(p, 100 * NS_PER_MS);
	play_tell(p, CLIENT, 5);
	play_settle(p);
	play_subject(play_answer(p, SERVER));
}

/* A11 */
static void wrong_ack_in_handshake(struct play *p)
{
	play_syn(p);
	play_send(p, SERVER, TCP_SYN | TCP_ACK, 0);
	play_settle(p);
	play_ack(p, CLIENT)->segment.ack += 499;
	play_settle(p);
	play_subject(play_answer(p, SERVER));
}

static void second_syn_in_handshake(struct play *p)
{
	play_syn(p);
	play_send(p, SERVER, TCP_SYN | TCP_ACK, 0);
	play_settle(p);
	p->host[CLIENT].next = p->host[CLIENT].isn + 100;
	play_send(p, CLIENT, TCP_SYN, 0);
	play_settle(p);
	play_subject(play_answer(p, SERVER));
}

/* A10: an ACK for something else while connecting, and nothing more is known. */
static void wrong_ack_while_connecting(struct play *p)
{
	play_syn(p);
	play_forge(p, SERVER, TCP_ACK, 5000, p->host[CLIENT].isn + 1000);
	play_settle(p);
	play_subject(play_answer(p, CLIENT));
}

static void connect_again(struct play *p)
{
	play_renew(p, CLIENT);
	play_syn(p);
	play_ack(p, SERVER);
	play_settle(p);
	play_subject(play_answer(p, CLIENT));
	play_settle(p);
	play_renew(p, SERVER);
	play_wait(p, 10 * NS_PER_MS);
	p->host[CLIENT].next = p->host[CLIENT].isn;
	play_shake(p);
	play_exchange(p);
}

/* C02 */
static void reconnect_after_crash(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_wait(p, 5 * NS_PER_S);
	connect_again(p);
}

/* C13 */
static void reconnect_into_time_wait(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_close(p, SERVER);
	play_close(p, CLIENT);
	play_wait(p, NS_PER_S);
	connect_again(p);
}

/* nmap -sS: raw SYNs with a hop limit of their own. */
static void raw_scan(struct play *p)
{
	for (uint16_t port = 21; port < 27; port++) {
		struct packet *syn;

		play_ports(p, (uint16_t)(50000 + port), port);
		play_renew(p, CLIENT);
		play_renew(p, SERVER);
		syn = play_send(p, CLIENT, TCP_SYN, 0);
		syn->segment.options_len = syn->segment.header_options_len = 0;
		syn->segment.window = 1024;
		syn->segment.hop_limit = 47;
		play_settle(p);
		play_send(p, SERVER, TCP_SYN | TCP_ACK, 0);
		play_settle(p);
		play_subject(play_answer(p, CLIENT));
	}
}

/* nmap -sT, or a health check. */
static void connect_and_leave(struct play *p)
{
	play_shake(p);
	play_subject(play_abort(p, CLIENT));
}

static void probe(struct play *p, unsigned flags)
{
	play_forge(p, CLIENT, flags, 1000, flags & TCP_ACK ? 777 : 0);
	play_settle(p);
	play_subject(play_answer(p, SERVER));
}

/* A03 */
static void ack_probe(struct play *p)
{
	probe(p, TCP_ACK);
}

static void xmas_probe(struct play *p)
{
	probe(p, TCP_FIN | TCP_PSH | TCP_URG);
}

static void null_probe(struct play *p)
{
	probe(p, 0);
}

static void syn_ack_out_of_nothing(struct play *p)
{
	probe(p, TCP_SYN | TCP_ACK);
}

static const struct scenario list[] = {
	{ "a SYN meets a closed port", CAUSE_port_closed, CERTAINTY_LIKELY, .sender = ROLE_SERVER,
	  .accepted = ACCEPTANCE_YES, .harm = HARM_RETRY, .conditions = HARM_SURE, .play = closed_port },
	{ "a marked SYN meets a closed port", CAUSE_port_closed, CERTAINTY_CERTAIN, .sender = ROLE_SERVER,
	  .accepted = ACCEPTANCE_YES, .conditions = ONLY_LINUX, .play = closed_port_with_class },
	{ "a refused SYN is sent again", CAUSE_port_closed, CERTAINTY_LIKELY, .sender = ROLE_SERVER,
	  .accepted = ACCEPTANCE_YES, .play = closed_port_tried_again },
	{ "a firewall rejects a SYN", CAUSE_firewall_reject, CERTAINTY_LIKELY, .accepted = ACCEPTANCE_YES,
	  .conditions = NOT_AT_SERVER, .play = firewall_refuses_syn },
	{ "a firewall rejects in the middle of a connection", CAUSE_firewall_reject, CERTAINTY_LIKELY,
	  .conditions = NOT_AT_SERVER, .sender = ROLE_MIDDLEBOX, .accepted = ACCEPTANCE_YES, .play = firewall_cuts_in,
	  .certain_too = BIT(half_open) },
	{ "the own output firewall rejects", CAUSE_local_reject, CERTAINTY_CERTAIN, .sender = ROLE_MIDDLEBOX,
	  .accepted = ACCEPTANCE_YES, .conditions = NOT_IN_MIDDLE | NOT_AT_SERVER, .play = own_firewall_refuses },
	{ "a SYN proxy finds its backend closed", CAUSE_backend_refused, CERTAINTY_LIKELY, ANY_ABORT,
	  .accepted = ACCEPTANCE_YES, .sender = ROLE_SERVER, .play = syn_proxy_refused, .certain_too = BIT(abort) },
	{ "a proxy finds its backend closed", CAUSE_backend_refused, CERTAINTY_LIKELY, ANY_ABORT,
	  .accepted = ACCEPTANCE_YES, .sender = ROLE_SERVER, .play = proxy_refused, .certain_too = BIT(abort) },
	{ "a proxy waits for its backend in vain", CAUSE_backend_timeout, CERTAINTY_LIKELY,
	  BIT(abort) | BIT(idle_close), .accepted = ACCEPTANCE_YES, .sender = ROLE_SERVER, .play = backend_never_answers },
	{ "the client had given up connecting", CAUSE_connect_abandoned, CERTAINTY_CERTAIN, .accepted = ACCEPTANCE_YES,
	  .sender = ROLE_CLIENT, .play = connect_given_up },
	{ "the accept queue is full, and the server resets", CAUSE_accept_queue_overflow, CERTAINTY_LIKELY,
	  BIT(backend_refused), .accepted = ACCEPTANCE_YES, .sender = ROLE_SERVER, .play = accept_queue_full_and_reset },
	{ "the accept queue is full, and the client believes it is connected", CAUSE_accept_queue_ghost, CERTAINTY_CERTAIN,
	  .accepted = ACCEPTANCE_YES, .sender = ROLE_SERVER, .play = accept_queue_full_and_silent },
	{ "a listener closes over its queue", CAUSE_listener_closed, CERTAINTY_LIKELY, ANY_ABORT,
	  .accepted = ACCEPTANCE_YES, .sender = ROLE_SERVER, .play = listener_closes, .certain_too = BIT(abort) },
	{ "a listener closes under a handshake", CAUSE_listener_closed, CERTAINTY_LIKELY, BIT(backend_refused),
	  .accepted = ACCEPTANCE_YES, .sender = ROLE_SERVER, .play = listener_closes_under_handshake },
	{ "a deferred request meets a full accept queue", CAUSE_accept_queue_overflow, CERTAINTY_LIKELY,
	  BIT(backend_refused) | BIT(half_open), .accepted = ACCEPTANCE_YES, .sender = ROLE_SERVER,
	  .play = deferred_request_meets_full_queue },
	{ "the last ACK of a handshake is wrong", CAUSE_bad_handshake, CERTAINTY_CERTAIN, .sender = ROLE_SERVER,
	  .play = wrong_ack_in_handshake },
	{ "a second SYN disturbs a handshake", CAUSE_bad_handshake, CERTAINTY_CERTAIN, .sender = ROLE_SERVER,
	  .play = second_syn_in_handshake, .certain_too = BIT(port_closed) },
	{ "an ACK for something else answers a SYN", CAUSE_bad_handshake, CERTAINTY_LIKELY,
	  BIT(half_open_reconnect) | BIT(time_wait_reuse), .sender = ROLE_CLIENT, .play = wrong_ack_while_connecting },
	{ "a host that crashed connects again from the same port", CAUSE_half_open_reconnect, CERTAINTY_CERTAIN,
	  .sender = ROLE_CLIENT, .accepted = ACCEPTANCE_YES, .play = reconnect_after_crash },
	{ "a connect meets TIME_WAIT", CAUSE_time_wait_reuse, CERTAINTY_CERTAIN, .sender = ROLE_CLIENT,
	  .conditions = ONLY_LINUX | WITHOUT_TIMESTAMPS, .play = reconnect_into_time_wait },
	{ "raw SYNs scan ports", CAUSE_half_open_scan, CERTAINTY_CERTAIN, .sender = ROLE_CLIENT, .play = raw_scan },
	{ "a client connects and leaves", CAUSE_connect_scan, CERTAINTY_LIKELY, BIT(abort), .sender = ROLE_CLIENT,
	  .accepted = ACCEPTANCE_YES, .play = connect_and_leave, .certain_too = BIT(abort) },
	{ "an ACK probes a port", CAUSE_stray_probe, CERTAINTY_LIKELY, .sender = ROLE_SERVER, .play = ack_probe },
	{ "FIN, PSH and URG probe a port", CAUSE_stray_probe, CERTAINTY_CERTAIN, .play = xmas_probe },
	{ "no flags at all probe a port", CAUSE_stray_probe, CERTAINTY_CERTAIN, .play = null_probe },
	{ "a SYN-ACK that nobody asked for", CAUSE_stray_probe, CERTAINTY_LIKELY, .play = syn_ack_out_of_nothing },
};

const struct scenario_list scenarios_refused = { list, sizeof list / sizeof *list };
