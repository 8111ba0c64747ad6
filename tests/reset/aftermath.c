/* Law: what comes after a RST tells who went on; what was on its way already tells nothing. */
#include "support/stage.h"

static void abort_by_server(void)
{
	stage(&usual);
	play_subject(play_abort(&play, SERVER));
	play_settle(&play);
}

static void silence(void)
{
	const struct evidence *e;

	abort_by_server();
	e = evidence_of_subject();
	is_so(e, FACT_RECEIVER_SILENT, "nothing after an abort");
	is_not_so(e, FACT_SENDER_WENT_ON, "nothing after an abort");
	ok(e->accepted == ACCEPTANCE_YES && e->sealed == SEALED_EOF, "it was accepted, as far as the capture goes");
}

static void on_its_way(void)
{
	stage(&usual);
	play_tell(&play, CLIENT, 50);
	play_subject(play_abort(&play, SERVER));
	is_not_so(evidence_of_subject(), FACT_RECEIVER_WENT_ON, "data that crossed the RST");
}

static void went_on(void)
{
	const struct evidence *e;

	abort_by_server();
	play_wait(&play, NS_PER_S);
	play.host[SERVER].gone = false;
	play_exchange(&play);
	e = evidence_of_subject();
	is_so(e, FACT_RECEIVER_WENT_ON, "both go on");
	is_so(e, FACT_SENDER_WENT_ON, "both go on");
	ok(e->accepted == ACCEPTANCE_NO, "so it was not accepted");
}

static void challenged(void)
{
	stage(&usual);
	play_subject(play_forge(&play, SERVER, TCP_RST, play.host[SERVER].next + 100, 0));
	play_settle(&play);
	play_ack(&play, CLIENT);
	play_settle(&play);
	is_so(evidence_of_subject(), FACT_RECEIVER_CHALLENGED, "an ACK at once after an inexact RST");
}

static void arrived_or_not(void)
{
	struct packet *data, *rst;

	for (int arrives = 0; arrives < 2; arrives++) {
		stage(&usual);
		data = play_tell(&play, CLIENT, 50);
		rst = play_answer_to(&play, SERVER, data);
		rst->from = data->to = 5;
		rst->sent_ns = data->sent_ns + 5 * NS_PER_MS;
		if (arrives)
			data->to = PLAY_HOPS;
		play_subject(rst);
		play_settle(&play);
		play_wait(&play, NS_PER_S);
		play_tell(&play, SERVER, 70);
		ok(yes(evidence_of_subject(), FACT_SENDER_GOT_IT) == arrives, "a host %s what a box answered",
		   arrives ? "that goes on had got" : "behind a firewall never got");
	}
}

static void ladders(void)
{
	uint32_t next;

	stage(&usual);
	next = play.host[SERVER].next;
	for (uint32_t i = 0; i < 3; i++)
		play_forge(&play, SERVER, TCP_RST, next + 5000 * i, 0);
	play_subject(&play.packets[play.count - 1]);
	counts(evidence_of_subject(), FACT_RST_LADDER, 3, "growing numbers");
	stage(&usual);
	play_subject(play_forge(&play, SERVER, TCP_RST, play.host[SERVER].next + 5000, 0));
	is_not_so(evidence_of_subject(), FACT_RST_LADDER, "a single step");
	stage(&usual);
	next = play.host[SERVER].next;
	play_forge(&play, SERVER, TCP_RST | TCP_ACK, next + 300, play.host[CLIENT].next);
	play_subject(play_forge(&play, SERVER, TCP_RST, next, 0));
	is_not_so(evidence_of_subject(), FACT_RST_LADDER, "a number that falls back to what was acknowledged");
}

static void falling_ladders(void)
{
	struct packet *first, *second;
	uint32_t next;

	stage(&usual);
	next = play.host[SERVER].next;
	play_forge(&play, SERVER, TCP_RST, next + 9000, 0);
	play_subject(play_forge(&play, SERVER, TCP_RST, next, 0));
	counts(evidence_of_subject(), FACT_RST_LADDER, 2, "a guess, and a lower one");

	stage(&usual);
	first = play_tell(&play, CLIENT, 50);
	play_say(&play, SERVER, 300);
	second = play_tell(&play, CLIENT, 50);
	play_settle(&play);
	play_answer_to(&play, SERVER, second);
	play_subject(play_answer_to(&play, SERVER, first));
	is_not_so(evidence_of_subject(), FACT_RST_LADDER, "two answers, the later segment's first");
}

static void echoes(void)
{
	const struct evidence *e;
	struct packet *data;

	stage(&usual);
	data = play_tell(&play, CLIENT, 50);
	play_abort(&play, SERVER);
	play_settle(&play);
	play_subject(play_answer_to(&play, SERVER, data));
	e = evidence_of_subject();
	ok(e->part == PART_ECHO, "a RST after an abort is its echo");
	is_number((long long)e->echo_of, (long long)all.told[0].frame, "and names it");
}

static void after_both_closed(void)
{
	const struct evidence *e;
	uint64_t last_ack;

	stage(&usual);
	play_close(&play, CLIENT);
	play_close(&play, SERVER);
	last_ack = play.count;
	play_wait(&play, 15 * NS_PER_S);
	play_subject(play_abort(&play, CLIENT));
	e = evidence_of_subject();
	ok(e->part == PART_ECHO, "a RST after both have closed ends nothing");
	is_number((long long)e->echo_of, (long long)last_ack, "it comes after the last ACK");
	ok(told_subject(&all)->certainty != CERTAINTY_CERTAIN, "and there was nothing to abort for certain");

	stage(&usual);
	play_close(&play, CLIENT);
	play_close(&play, SERVER);
	play_subject(play_abort(&play, SERVER));
	ok(evidence_of_subject()->part != PART_ECHO, "in TIME_WAIT there is something to end");
}

/* The server sends two responses and a FIN and is gone, while this request of the client is on its way. */
static struct packet *request_to_somebody_gone(void)
{
	struct packet *request;

	stage(&usual);
	play_tell(&play, SERVER, 65);
	play_tell(&play, SERVER, 65);
	play_fin(&play, SERVER);
	request = play_tell(&play, CLIENT, 50);
	play_settle(&play);
	return request;
}

static void overtaken(void)
{
	const struct evidence *e;
	struct packet *request = request_to_somebody_gone(), *ack;

	play_subject(play_answer_to(&play, SERVER, request));
	e = evidence_of_subject();
	ok(e->accepted == ACCEPTANCE_UNKNOWN, "a RST from behind what its sender had just sent may be dropped");

	request = request_to_somebody_gone();
	ack = play_ack(&play, CLIENT);
	ack->segment.ack -= 66;
	play_ack(&play, CLIENT);
	play_settle(&play);
	play_answer_to(&play, SERVER, request);
	play_subject(play_answer_to(&play, SERVER, ack));
	e = evidence_of_subject();
	is_so(e, FACT_EARLIER_RST_DROPPED, "two RSTs from behind what the receiver has acknowledged");
	ok(e->accepted == ACCEPTANCE_NO, "they are dropped");
	ok(told_subject(&all)->cause == CAUSE_late_segment, "what was on its way to somebody gone drew the second");
}

static void losses(void)
{
	const struct evidence *e;

	stage(&usual);
	play_close(&play, SERVER);
	play_tell(&play, CLIENT, 5);
	play_settle(&play);
	play_subject(play_answer(&play, SERVER));
	e = evidence_of_subject();
	ok(e->lost_known && e->lost_bytes == 5, "what drew the RST is lost");
	abort_by_server();
	ok(!evidence_of_subject()->lost_known, "what an abort left unread nobody knows");
}

int main(void)
{
	silence();
	on_its_way();
	went_on();
	challenged();
	arrived_or_not();
	ladders();
	falling_ladders();
	echoes();
	after_both_closed();
	overtaken();
	losses();
	return done_testing();
}
