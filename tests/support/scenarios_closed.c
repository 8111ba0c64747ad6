/* One side had closed or forgotten the connection, and the other wrote. */
#include "support/scenarios.h"

static void write_is_refused(struct play *p)
{
	play_tell(p, CLIENT, 5);
	play_settle(p);
	play_subject(play_answer(p, SERVER));
	play_settle(p);
}

/* B13 */
static void client_writes_after_fin(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_close(p, SERVER);
	play_wait(p, 3 * NS_PER_S);
	write_is_refused(p);
}

/* The other way round: a browser closes, and the server goes on writing. */
static void server_writes_after_fin(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_close(p, CLIENT);
	play_wait(p, 200 * NS_PER_MS);
	play_tell(p, SERVER, 900);
	play_settle(p);
	play_subject(play_answer(p, CLIENT));
}

/* B14 */
static void fin_and_data_cross(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_wait(p, 5 * NS_PER_S);
	play_fin(p, SERVER);
	write_is_refused(p);
}

/* B14: the FIN never gets through; the socket that answers still knows the connection, so it has its flow label. */
static void fin_is_lost(struct play *p)
{
	struct packet *rst;

	p->host[CLIENT].class = 0x48;
	play_shake(p);
	play_exchange(p);
	play_wait(p, 5 * NS_PER_S);
	play_fin(p, SERVER)->to = 1;
	play_settle(p);
	play_tell(p, CLIENT, 5);
	play_settle(p);
	rst = play_answer(p, SERVER);
	rst->segment.flow_label = p->host[SERVER].label;
	play_subject(rst);
	play_settle(p);
}

/* H3: three segments in flight meet one abort. */
static void segments_in_flight(struct play *p)
{
	struct packet *flight[3];

	play_shake(p);
	play_exchange(p);
	for (int i = 0; i < 3; i++)
		play_wait(p, 300 * NS_PER_US), flight[i] = play_tell(p, CLIENT, 100);
	play_abort(p, SERVER);
	play_settle(p);
	for (int i = 0; i < 3; i++)
		play_wait(p, 300 * NS_PER_US), play_subject(play_answer_to(p, SERVER, flight[i]));
}

/* C26: the abort lies beyond data that was lost; the challenge ACK draws a second RST. */
static void abort_beyond_lost_data(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_tell(p, SERVER, 10)->to = 7;
	play_abort(p, SERVER);
	play_settle(p);
	play_ack(p, CLIENT);
	play_settle(p);
	play_subject(play_answer(p, SERVER));
}

/* C07 and L01: the first RST is lost, and a retransmission draws another. */
static void retransmission_meets_abort(struct play *p)
{
	struct packet *data;

	play_shake(p);
	play_exchange(p);
	play_abort(p, SERVER)->to = 1;
	data = play_tell(p, CLIENT, 100);
	data->to = PLAY_HOPS;
	play_wait(p, 210 * NS_PER_MS);
	play_again(p, data);
	play_settle(p);
	play_subject(play_answer(p, SERVER));
}

/* The FIN of a client comes when the server had long given up waiting for it. */
static void fin_after_fin_wait(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_close(p, SERVER);
	play_wait(p, 70 * NS_PER_S);
	play_fin(p, CLIENT);
	play_settle(p);
	play_subject(play_answer(p, SERVER));
}

/* C01 */
static void write_meets_reboot(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_renew(p, SERVER);
	play_wait(p, 10 * NS_PER_S);
	write_is_refused(p);
}

static void marked_write_meets_reboot(struct play *p)
{
	p->host[CLIENT].class = 0x48;
	write_meets_reboot(p);
}

/* C03 */
static void probe_meets_reboot(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_renew(p, SERVER);
	play_wait(p, 40 * NS_PER_S);
	play_probe(p, CLIENT);
	play_settle(p);
	play_subject(play_answer(p, SERVER));
}

/* C05: the server had retransmitted in vain. */
static void peer_had_given_up(struct play *p)
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
	play_wait(p, 20 * NS_PER_S);
	write_is_refused(p);
}

/* E17 */
static void another_machine_answers(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_renew(p, SERVER);
	p->host[SERVER].mac_last = 0x77;
	play_wait(p, 10 * NS_PER_S);
	write_is_refused(p);
}

static struct packet *draw_reset_from_time_wait(struct play *p, struct packet *old)
{
	play_again(p, old);
	play_settle(p);
	play_ack(p, SERVER);
	play_settle(p);
	p->host[CLIENT].fin_sent = false;
	return play_answer(p, CLIENT);
}

static struct packet *leave_time_wait(struct play *p)
{
	struct packet *old;

	play_shake(p);
	play_exchange(p);
	old = play_tell(p, CLIENT, 40);
	play_settle(p);
	play_ack(p, SERVER);
	play_settle(p);
	play_close(p, SERVER);
	play_close(p, CLIENT);
	play_wait(p, 500 * NS_PER_MS);
	return old;
}

/* C10: an old segment draws an ACK from TIME_WAIT, and that a RST. */
static void old_data_in_time_wait(struct play *p)
{
	play_subject(draw_reset_from_time_wait(p, leave_time_wait(p)));
}

/* Where TIME_WAIT ignores RSTs (RFC 1337), the next old segment draws another. */
static struct packet *draw_resets_from_time_wait(struct play *p, int64_t after_ns, struct packet **ret_first)
{
	struct packet *old = leave_time_wait(p);

	*ret_first = draw_reset_from_time_wait(p, old);
	play_wait(p, after_ns);
	return draw_reset_from_time_wait(p, old);
}

static void time_wait_ignores_reset(struct play *p)
{
	struct packet *first;

	draw_resets_from_time_wait(p, 5 * NS_PER_S, &first);
	play_subject(first);
}

static void old_data_after_seconds(struct play *p)
{
	struct packet *first;

	play_subject(draw_resets_from_time_wait(p, 5 * NS_PER_S, &first));
}

/* On a slow path the second ACK may have left before the first RST came. */
static void old_data_soon(struct play *p)
{
	struct packet *first;

	play_subject(draw_resets_from_time_wait(p, 2 * NS_PER_S, &first));
}

static void old_data_at_once(struct play *p)
{
	struct packet *first;

	play_subject(draw_resets_from_time_wait(p, NS_PER_MS, &first));
}

/* C12: an old SYN draws the same ACK. */
static void old_syn_in_time_wait(struct play *p)
{
	struct packet *old;

	play_shake(p);
	old = &p->packets[0];
	play_exchange(p);
	play_close(p, SERVER);
	play_close(p, CLIENT);
	play_wait(p, 500 * NS_PER_MS);
	play_again(p, old)->segment.seq -= 50000;
	play_settle(p);
	play_ack(p, SERVER);
	play_settle(p);
	p->host[CLIENT].fin_sent = false;
	play_subject(play_answer(p, CLIENT));
}

#define END .accepted = ACCEPTANCE_YES, .sender = ROLE_SERVER

static const struct scenario list[] = {
	{ "a client writes to a connection that the server had closed", CAUSE_write_after_close, CERTAINTY_CERTAIN, END,
	  .harm = HARM_DATA_LOST, .conditions = HARM_SURE, .play = client_writes_after_fin },
	{ "a server writes to a connection that the client had closed", CAUSE_write_after_close, CERTAINTY_CERTAIN,
	  .accepted = ACCEPTANCE_YES, .sender = ROLE_CLIENT, .play = server_writes_after_fin },
	{ "a request crosses the FIN", CAUSE_close_race, CERTAINTY_CERTAIN, END, .play = fin_and_data_cross },
	{ "the FIN is lost, and the client writes", CAUSE_close_race, CERTAINTY_LIKELY, BIT(half_open), END,
	  .conditions = ONLY_LINUX, .play = fin_is_lost },
	{ "a write meets shutdown(SHUT_RDWR)", CAUSE_write_after_shutdown, CERTAINTY_LIKELY, BIT(write_after_close), END,
	  .play = client_writes_after_fin, .certain_too = BIT(write_after_close) },
	{ "segments in flight meet an aborted connection", CAUSE_late_segment, CERTAINTY_CERTAIN, .part = PART_ECHO,
	  .sender = ROLE_SERVER, .harm = HARM_NONE, .conditions = HARM_SURE, .play = segments_in_flight },
	{ "an abort beyond lost data is answered by a challenge", CAUSE_late_segment, CERTAINTY_CERTAIN, .part = PART_ECHO,
	  .sender = ROLE_SERVER, .play = abort_beyond_lost_data },
	{ "a retransmission meets an aborted connection", CAUSE_late_segment, CERTAINTY_CERTAIN, .part = PART_ECHO,
	  .sender = ROLE_SERVER, .conditions = NOT_AT_CLIENT, .play = retransmission_meets_abort },
	{ "a FIN meets a closed connection", CAUSE_late_segment, CERTAINTY_CERTAIN, .sender = ROLE_SERVER,
	  .play = fin_after_fin_wait },
	{ "a write meets a host that rebooted", CAUSE_half_open, CERTAINTY_LIKELY, END, .play = write_meets_reboot },
	{ "a marked write meets a host that rebooted", CAUSE_half_open, CERTAINTY_LIKELY, END, .conditions = ONLY_LINUX,
	  .play = marked_write_meets_reboot },
	{ "a labelled write meets a host that rebooted", CAUSE_half_open, CERTAINTY_CERTAIN, END,
	  .conditions = ONLY_LINUX | ONLY_V6 | NOT_AT_CLIENT | NOT_IN_MIDDLE, .play = marked_write_meets_reboot },
	{ "a keepalive probe meets a host that rebooted", CAUSE_half_open, CERTAINTY_LIKELY, END,
	  .play = probe_meets_reboot },
	{ "the peer had given up retransmitting", CAUSE_peer_timed_out, CERTAINTY_LIKELY, BIT(half_open), END,
	  .conditions = NOT_AT_CLIENT, .play = peer_had_given_up, .certain_too = BIT(half_open) },
	{ "another machine took over the address", CAUSE_failover, CERTAINTY_LIKELY, .accepted = ACCEPTANCE_YES,
	  .play = another_machine_answers, .certain_too = BIT(half_open) },
	{ "an old segment ends TIME_WAIT", CAUSE_time_wait_assassination, CERTAINTY_CERTAIN, .sender = ROLE_CLIENT,
	  .harm = HARM_NONE, .conditions = HARM_SURE | ONLY_LINUX, .play = old_data_in_time_wait },
	{ "TIME_WAIT ignores a RST", CAUSE_time_wait_assassination, CERTAINTY_CERTAIN, .accepted = ACCEPTANCE_NO,
	  .part = PART_IGNORED, .sender = ROLE_CLIENT, .conditions = ONLY_LINUX, .play = time_wait_ignores_reset },
	{ "TIME_WAIT ignored a RST, and draws another", CAUSE_time_wait_assassination, CERTAINTY_CERTAIN, .part = PART_ECHO,
	  .sender = ROLE_CLIENT, .harm = HARM_NONE, .conditions = HARM_SURE | ONLY_LINUX, .play = old_data_after_seconds,
	  .certain_too = BIT(late_segment) },
	{ "TIME_WAIT draws two RSTs at once", CAUSE_time_wait_assassination, CERTAINTY_LIKELY, BIT(late_segment),
	  .part = PART_ECHO, .sender = ROLE_CLIENT, .harm = HARM_NONE, .conditions = HARM_SURE | ONLY_LINUX,
	  .play = old_data_at_once, .certain_too = BIT(late_segment) },
	{ "TIME_WAIT draws two RSTs within seconds", CAUSE_time_wait_assassination, CERTAINTY_LIKELY, BIT(late_segment),
	  .part = PART_ECHO, .sender = ROLE_CLIENT, .harm = HARM_NONE, .conditions = HARM_SURE | ONLY_LINUX,
	  .play = old_data_soon, .certain_too = BIT(late_segment) },
	{ "an old SYN ends TIME_WAIT", CAUSE_time_wait_assassination, CERTAINTY_LIKELY, BIT(time_wait_reuse),
	  .sender = ROLE_CLIENT, .harm = HARM_NONE, .conditions = HARM_SURE | ONLY_LINUX, .play = old_syn_in_time_wait },
};

const struct scenario_list scenarios_closed = { list, sizeof list / sizeof *list };
