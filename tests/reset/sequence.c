/*
 * Law: a RST counts if its number is what the receiver expects; how far it is off is told, and an unknown window is
 * none.
 */
#include "support/stage.h"

static const struct evidence *forge(const struct setting *setting, int32_t off)
{
	stage(setting);
	play_subject(play_forge(&play, SERVER, TCP_RST, play.host[SERVER].next + (uint32_t)off, 0));
	return evidence_of_subject();
}

static void distances(void)
{
	const struct evidence *e = forge(&usual, 0);

	is_so(e, FACT_RST_SEQ_EXACT, "the next number");
	is_so(e, FACT_RST_SEQ_OWN_NEXT, "the next number");
	e = forge(&usual, 1000);
	counts(e, FACT_RST_SEQ_AHEAD, 1000, "1000 ahead");
	is_not_so(e, FACT_RST_OUT_OF_WINDOW, "1000 ahead");
	e = forge(&usual, -200);
	counts(e, FACT_RST_SEQ_BEHIND, 200, "200 behind");
	is_so(e, FACT_RST_OUT_OF_WINDOW, "200 behind");
	e = forge(&usual, 0x10000000);
	is_so(e, FACT_RST_OUT_OF_WINDOW, "far ahead");
	ok(e->accepted == ACCEPTANCE_NO && e->part == PART_IGNORED, "what is out of the window is ignored");
}

static void unknown_windows(void)
{
	struct setting late = usual;

	late.cut = 3;
	is_unknown(forge(&late, 0x10000000), FACT_RST_OUT_OF_WINDOW, "without the handshake");
}

static void wrapped(void)
{
	struct setting wrap = usual;
	const struct evidence *e;

	wrap.isn[SERVER] = 0u - 300;
	e = forge(&wrap, 0);
	is_so(e, FACT_RST_SEQ_EXACT, "past 2^32");
	counts(e, FACT_SENDER_DATA, 600, "past 2^32");
	counts(forge(&wrap, -400), FACT_RST_SEQ_BEHIND, 400, "before 2^32");
}

static void acknowledgements(void)
{
	const struct evidence *e;

	stage(&usual);
	play_subject(play_abort(&play, SERVER));
	e = evidence_of_subject();
	is_so(e, FACT_RST_ACK_CURRENT, "an abort");
	is_not_so(e, FACT_RST_ACK_WRONG, "an abort");
	stage(&usual);
	play_subject(play_forge(&play, SERVER, TCP_RST | TCP_ACK, play.host[SERVER].next, play.host[CLIENT].next + 5000));
	e = evidence_of_subject();
	is_so(e, FACT_RST_ACK_WRONG, "an ack of what was never sent");
	stage(&usual);
	play_subject(play_forge(&play, SERVER, TCP_RST, play.host[SERVER].next, 77));
	is_so(evidence_of_subject(), FACT_RST_ACK_UNFLAGGED, "an ack number without its flag");
}

static void cut_short(void)
{
	struct setting narrow = usual;
	const struct evidence *e;

	narrow.captured_max = 54;
	stage(&narrow);
	play_subject(play_abort(&play, SERVER));
	e = evidence_of_subject();
	is_so(e, FACT_RST_CUT, "options that were not captured");
	is_unknown(e, FACT_RST_TIMESTAMP, "options that were not captured");
	stage(&usual);
	play_subject(play_abort(&play, SERVER));
	is_not_so(evidence_of_subject(), FACT_RST_CUT, "a whole RST");
}

int main(void)
{
	distances();
	unknown_windows();
	wrapped();
	acknowledgements();
	cut_short();
	return done_testing();
}
