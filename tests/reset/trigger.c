/* Law: the numbers of a RST tell which segment it answers (RFC 9293 section 3.10.7.1), and whether it answers any. */
#include "support/stage.h"

static void answers_to_handshakes(void)
{
	const struct evidence *e;

	play_begin(&play, &usual);
	play_syn(&play);
	play_subject(play_answer(&play, SERVER));
	e = evidence_of_subject();
	is_so(e, FACT_ANSWERS_SYN, "a RST-ACK with 0 and the SYN's number");
	is_so(e, FACT_SHAPE_PASSIVE, "a RST-ACK with 0 and the SYN's number");

	play_begin(&play, &usual);
	play_syn(&play);
	play_send(&play, SERVER, TCP_SYN | TCP_ACK, 0);
	play_settle(&play);
	play_subject(play_answer(&play, CLIENT));
	is_so(evidence_of_subject(), FACT_ANSWERS_SYN_ACK, "a RST with the SYN-ACK's ack");

	play_begin(&play, &usual);
	play_shake(&play);
	play_subject(play_answer(&play, SERVER));
	is_so(evidence_of_subject(), FACT_ANSWERS_HANDSHAKE_ACK, "a RST after the last ACK of a handshake");
}

static void answers_to_data(void)
{
	const struct evidence *e;

	stage(&usual);
	play_tell(&play, CLIENT, 77);
	play_settle(&play);
	play_subject(play_answer(&play, SERVER));
	e = evidence_of_subject();
	counts(e, FACT_ANSWERS_DATA, 77, "a RST after data");
	is_not_so(e, FACT_ANSWERS_KEEPALIVE, "a RST after data");
	is_not_so(e, FACT_ANSWERS_WRONG_ACK, "a RST after data");
	is_so(e, FACT_RST_SEQ_EXACT, "a RST after data");

	stage(&usual);
	play_wait(&play, 10 * NS_PER_S);
	play_probe(&play, CLIENT);
	play_settle(&play);
	play_subject(play_answer(&play, SERVER));
	is_so(evidence_of_subject(), FACT_ANSWERS_KEEPALIVE, "a RST after a probe");
}

static void each_of_a_burst(void)
{
	struct packet *flight[3];

	stage(&usual);
	for (int i = 0; i < 3; i++)
		flight[i] = play_tell(&play, CLIENT, 10u * (unsigned)(i + 1));
	play_settle(&play);
	for (int i = 0; i < 3; i++)
		play_answer_to(&play, SERVER, flight[i]);
	play_subject(&play.packets[play.count - 1]);
	counts(evidence_of_subject(), FACT_ANSWERS_DATA, 30, "the third RST answers the third segment");
}

static void fins(void)
{
	const struct evidence *e;

	stage(&usual);
	play_close(&play, SERVER);
	play_tell(&play, CLIENT, 5);
	play_settle(&play);
	play_subject(play_answer(&play, SERVER));
	e = evidence_of_subject();
	is_so(e, FACT_ANSWERS_AFTER_ACK_OF_FIN, "data after the ACK of a FIN");
	is_not_so(e, FACT_ANSWERS_BEFORE_ACK_OF_FIN, "data after the ACK of a FIN");

	stage(&usual);
	play_fin(&play, SERVER);
	play_tell(&play, CLIENT, 5);
	play_settle(&play);
	play_subject(play_answer(&play, SERVER));
	is_so(evidence_of_subject(), FACT_ANSWERS_BEFORE_ACK_OF_FIN, "data that cross a FIN");
}

static void no_answers(void)
{
	const struct evidence *e;

	stage(&usual);
	play_wait(&play, NS_PER_S);
	play_subject(play_abort(&play, SERVER));
	e = evidence_of_subject();
	is_unknown(e, FACT_ANSWERS_DATA, "an abort");
	is_so(e, FACT_SHAPE_ACTIVE, "an abort");
	is_not_so(e, FACT_SHAPE_PASSIVE, "an abort");

	stage(&usual);
	play_wait(&play, 10 * NS_PER_S);
	play_subject(play_answer(&play, SERVER));
	is_unknown(evidence_of_subject(), FACT_ANSWERS_ACK, "a RST ten seconds after all segments");
}

static void answer_with_ack(void)
{
	struct setting windows = usual;
	const struct evidence *e;

	windows.stack[SERVER] = &stack_windows;
	stage(&windows);
	play_close(&play, SERVER);
	play_tell(&play, CLIENT, 5);
	play_settle(&play);
	play_subject(play_answer(&play, SERVER));
	e = evidence_of_subject();
	counts(e, FACT_ANSWERS_DATA, 5, "a RST-ACK of a host that had closed");
	ok(!yes(e, FACT_SHAPE_ACTIVE), "and it is no abort");

	stage(&windows);
	play_fin(&play, SERVER);
	play_settle(&play);
	play_tell(&play, CLIENT, 53);
	play_settle(&play);
	play_subject(play_answer(&play, SERVER));
	e = evidence_of_subject();
	counts(e, FACT_ANSWERS_DATA, 53, "the first ACK of the FIN carries data: a RST-ACK");
	ok(!yes(e, FACT_SHAPE_ACTIVE), "and it is no abort either");

	stage(&windows);
	play_close(&play, SERVER);
	play_subject(play_abort(&play, SERVER));
	is_so(evidence_of_subject(), FACT_SHAPE_ACTIVE, "the mere ACK of a FIN draws nothing: a RST-ACK");
}

int main(void)
{
	answers_to_handshakes();
	answers_to_data();
	each_of_a_burst();
	fins();
	no_answers();
	answer_with_ack();
	return done_testing();
}
