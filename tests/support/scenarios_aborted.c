/* Endpoints that end a connection on purpose, and their timers. */
#include "support/scenarios.h"

#define ANY_ABORT (BIT(abort) | BIT(unread_data) | BIT(linger_zero))

/* B01 and many others: what the wire shows of any abort after an exchange. */
static void server_aborts(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_wait(p, 300 * NS_PER_MS);
	play_subject(play_abort(p, SERVER));
}

static void client_aborts(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_wait(p, 300 * NS_PER_MS);
	play_subject(play_abort(p, CLIENT));
}

/* B35: the window falls with every request that nobody reads. */
static void server_closes_unread(struct play *p)
{
	play_shake(p);
	p->host[SERVER].unread = true;
	for (int i = 0; i < 3; i++)
		play_say(p, CLIENT, 1300);
	play_wait(p, 300 * NS_PER_MS);
	play_subject(play_abort(p, SERVER));
}

/* linger0: the peer had sent nothing. */
static void server_lingers_not(struct play *p)
{
	play_shake(p);
	play_say(p, SERVER, 200);
	play_wait(p, 300 * NS_PER_MS);
	play_subject(play_abort(p, SERVER));
}

static void server_aborts_after_fin(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_close(p, CLIENT);
	play_wait(p, 100 * NS_PER_MS);
	play_subject(play_abort(p, SERVER));
}

/* The RST itself acknowledges the FIN. */
static void server_aborts_on_fin(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_fin(p, CLIENT);
	play_settle(p);
	play_subject(play_abort(p, SERVER));
}

/* Both at once: the RST left before the FIN came. */
static void abort_crosses_fin(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_fin(p, CLIENT);
	play_subject(play_abort(p, SERVER));
	play_settle(p);
}

/* B17 */
static void fin_wait_cut_short(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_close(p, SERVER);
	play_subject(play_answer(p, SERVER));
}

/* B18 */
static void closed_after_shutdown(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_close(p, SERVER);
	play_wait(p, 24 * NS_PER_MS);
	play_subject(play_abort(p, SERVER));
}

/* Measured on 6.1: 36 us between FIN and RST. */
static void too_many_orphans(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_fin(p, SERVER);
	play_subject(play_abort(p, SERVER));
}

static void speak_mptcp(struct play *p)
{
	p->host[CLIENT].extra_options = p->host[SERVER].extra_options = OPTION_MPTCP;
	play_shake(p);
	play_exchange(p);
}

/* M2 */
static void mptcp_aborts(struct play *p)
{
	static const uint8_t fastclose[] = { 30, 12, 0x70, 0, 1, 2, 3, 4, 5, 6, 7, 8, 30, 4, 0x80, 0 };
	struct packet *rst;

	speak_mptcp(p);
	p->host[SERVER].extra_options = 0;
	rst = play_abort(p, SERVER);
	play_option(rst, fastclose, sizeof fastclose);
	play_subject(rst);
}

/* What the other subflows of the same connection get. */
static void mptcp_aborts_subflow(struct play *p)
{
	speak_mptcp(p);
	play_subject(play_abort(p, SERVER));
}

static const uint8_t tcprst[] = { 30, 4, 0x80, 1 };

/* M5 */
static void subflow_aborts(struct play *p)
{
	struct packet *rst;

	speak_mptcp(p);
	p->host[SERVER].extra_options = 0;
	rst = play_abort(p, SERVER);
	play_option(rst, tcprst, sizeof tcprst);
	play_subject(rst);
}

/* M6 */
static void join_refused(struct play *p)
{
	struct packet *rst;

	p->host[CLIENT].extra_options = OPTION_MP_JOIN;
	play_syn(p);
	rst = play_answer(p, SERVER);
	play_option(rst, tcprst, sizeof tcprst);
	play_subject(rst);
}

static void server_drops_idle(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_wait(p, 15 * NS_PER_S);
	play_subject(play_abort(p, SERVER));
}

/* C04: the probes, or their answers, never arrive. */
static void probes_unanswered(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	for (int i = 0; i < 3; i++) {
		play_wait(p, (i ? 10 : 60) * NS_PER_S);
		play_probe(p, SERVER)->to = 1;
	}
	play_wait(p, 10 * NS_PER_S);
	play_subject(play_abort(p, SERVER));
}

/* The client answers, and the answers are lost a hop behind it. */
static void probe_answers_lost(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	for (int i = 0; i < 3; i++) {
		play_wait(p, (i ? 10 : 60) * NS_PER_S);
		play_probe(p, SERVER);
		play_settle(p);
		play_ack(p, CLIENT)->to = 1;
	}
	play_wait(p, 10 * NS_PER_S - PLAY_TRIP_NS);
	play_subject(play_abort(p, SERVER));
}

/* C04: TCP_KEEPIDLE and TCP_KEEPINTVL alike, so that the pace says nothing. */
static struct packet *abort_after_even_probes(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	for (int i = 0; i < 2; i++) {
		play_wait(p, NS_PER_S);
		play_probe(p, SERVER);
		play_settle(p);
		play_ack(p, CLIENT)->to = 1;
	}
	play_wait(p, NS_PER_S - PLAY_TRIP_NS);
	return play_abort(p, SERVER);
}

static void probe_answers_lost_evenly(struct play *p)
{
	play_subject(abort_after_even_probes(p));
}

/* It left in time, and waited in a queue: only its timestamp tells. */
static void probe_answers_lost_and_delayed(struct play *p)
{
	struct packet *rst = abort_after_even_probes(p);

	rst->sent_ns += 300 * NS_PER_MS;
	play_subject(rst);
}

/* BSD and Windows say so when they give up; Linux does not. */
static void retransmissions_unanswered(struct play *p)
{
	struct packet *data;

	play_shake(p);
	play_exchange(p);
	data = play_tell(p, SERVER, 300);
	data->to = 1;
	for (int i = 0; i < 5; i++) {
		play_wait(p, NS_PER_S << i);
		play_again(p, data)->to = 1;
	}
	play_wait(p, 32 * NS_PER_S);
	play_subject(play_abort(p, SERVER));
}

static void fin_wait_runs_out(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_close(p, SERVER);
	play_wait(p, 60 * NS_PER_S);
	play_subject(play_abort(p, SERVER));
}

#define ABORT .accepted = ACCEPTANCE_YES, .sender = ROLE_SERVER
#define TIMERS (BIT(abort) | BIT(idle_close) | BIT(fin_wait2_timeout) | BIT(idle_expired))

static const struct scenario list[] = {
	{ "the server aborts after an exchange", CAUSE_abort, CERTAINTY_CERTAIN, ABORT, .play = server_aborts },
	{ "the client aborts after an exchange", CAUSE_abort, CERTAINTY_CERTAIN, .accepted = ACCEPTANCE_YES,
	  .sender = ROLE_CLIENT, .play = client_aborts },
	{ "a server closes with requests unread", CAUSE_unread_data, CERTAINTY_LIKELY, ANY_ABORT | BIT(backend_refused), ABORT,
	  .play = server_closes_unread, .certain_too = BIT(abort) },
	{ "a server closes with SO_LINGER 0", CAUSE_linger_zero, CERTAINTY_LIKELY, ANY_ABORT, ABORT,
	  .play = server_lingers_not, .certain_too = BIT(abort) },
	{ "a process dies", CAUSE_process_death, CERTAINTY_LIKELY, ANY_ABORT, ABORT, .play = server_aborts,
	  .certain_too = BIT(abort) },
	{ "a socket is disconnected", CAUSE_disconnect, CERTAINTY_LIKELY, ANY_ABORT, ABORT, .play = server_aborts,
	  .certain_too = BIT(abort) },
	{ "a socket is destroyed", CAUSE_socket_destroyed, CERTAINTY_LIKELY, ANY_ABORT, ABORT, .play = server_aborts,
	  .certain_too = BIT(abort) },
	{ "a server answers a FIN with an abort", CAUSE_abort_after_fin, CERTAINTY_CERTAIN, ABORT, .harm = HARM_NONE,
	  .conditions = HARM_SURE, .play = server_aborts_after_fin, .certain_too = BIT(abort) },
	{ "an abort acknowledges the FIN", CAUSE_abort_after_fin, CERTAINTY_CERTAIN, ABORT, .harm = HARM_NONE,
	  .conditions = HARM_SURE, .play = server_aborts_on_fin, .certain_too = BIT(abort) },
	{ "an abort crosses a FIN", CAUSE_abort, CERTAINTY_LIKELY, BIT(abort_after_fin), ABORT, .play = abort_crosses_fin },
	{ "the ACK of a FIN meets no FIN_WAIT2", CAUSE_linger2_expired, CERTAINTY_LIKELY, ABORT, .conditions = ONLY_LINUX,
	  .play = fin_wait_cut_short },
	{ "a close follows a shutdown with an abort", CAUSE_linger2_expired, CERTAINTY_LIKELY, ANY_ABORT, ABORT,
	  .conditions = ONLY_LINUX, .play = closed_after_shutdown, .certain_too = BIT(abort) },
	{ "orphans are too many", CAUSE_orphan_limit, CERTAINTY_LIKELY, BIT(abort), ABORT, .play = too_many_orphans,
	  .certain_too = BIT(abort) },
	{ "MPTCP aborts all of a connection", CAUSE_mptcp_fastclose, CERTAINTY_CERTAIN, ABORT, .conditions = ONLY_LINUX,
	  .play = mptcp_aborts },
	{ "MPTCP aborts all of a connection, seen on another subflow", CAUSE_mptcp_fastclose, CERTAINTY_LIKELY, BIT(abort),
	  ABORT, .conditions = ONLY_LINUX, .play = mptcp_aborts_subflow },
	{ "MPTCP resets a subflow", CAUSE_mptcp_subflow, CERTAINTY_CERTAIN, ABORT, .conditions = ONLY_LINUX,
	  .play = subflow_aborts },
	{ "MPTCP refuses a subflow", CAUSE_mptcp_subflow, CERTAINTY_CERTAIN, ABORT, .conditions = ONLY_LINUX,
	  .play = join_refused },
	{ "a server drops an idle client", CAUSE_idle_close, CERTAINTY_LIKELY, BIT(abort) | BIT(backend_timeout), ABORT,
	  .play = server_drops_idle },
	{ "keepalive probes stay unanswered", CAUSE_keepalive_timeout, CERTAINTY_CERTAIN, .sender = ROLE_SERVER,
	  .conditions = NOT_AT_CLIENT, .play = probes_unanswered },
	{ "the answers to keepalive probes are lost", CAUSE_keepalive_timeout, CERTAINTY_LIKELY, .sender = ROLE_SERVER,
	  .play = probe_answers_lost },
	{ "the answers to keepalive probes at an even pace are lost", CAUSE_keepalive_timeout, CERTAINTY_LIKELY,
	  .sender = ROLE_SERVER, .play = probe_answers_lost_evenly },
	{ "a RST after keepalive probes is held up", CAUSE_keepalive_timeout, CERTAINTY_LIKELY, .sender = ROLE_SERVER,
	  .conditions = ONLY_LINUX | WITH_TIMESTAMPS, .play = probe_answers_lost_and_delayed },
	{ "retransmissions stay unanswered, and a RST says so", CAUSE_retransmission_timeout, CERTAINTY_CERTAIN,
	  .sender = ROLE_SERVER, .conditions = NOT_AT_CLIENT, .play = retransmissions_unanswered },
	{ "FIN_WAIT2 runs out", CAUSE_fin_wait2_timeout, CERTAINTY_LIKELY, TIMERS, ABORT, .play = fin_wait_runs_out },
};

const struct scenario_list scenarios_aborted = { list, sizeof list / sizeof *list };
