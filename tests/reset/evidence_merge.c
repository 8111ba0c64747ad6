/*
 * Law: what another capture knows of the same RST is added with its origin; what the RST says of itself must be alike,
 * and a contradiction forbids certainty; what depends on the place stays there.
 */
#include "diagnose/diagnose.h"
#include "support/stage.h"

static void test_adding(void)
{
	struct evidence here = { .frame = 7 }, there = { .frame = 9 };

	evidence_yes(&here, FACT_SENDER_FIN, 3, 1000);
	evidence_no(&here, FACT_RECEIVER_FIN);
	evidence_yes(&there, FACT_SENDER_FIN, 4, 2000);
	evidence_yes(&there, FACT_RECEIVER_FIN, 5, 2000);
	evidence_number(&there, FACT_ANSWERS_DATA, 5, 6, 3000);
	ok(evidence_merge(&here, &there, 2), "there is more to know");
	is_number((long long)number(&here, FACT_ANSWERS_DATA), 5, "what was not known here is known now");
	is_number((long long)here.facts[FACT_ANSWERS_DATA].frame, 6, "with the frame that shows it");
	is_number(here.from_vantage[FACT_ANSWERS_DATA], 2, "and where");
	is_number((long long)here.facts[FACT_SENDER_FIN].frame, 3, "what was known stays as it is");
	is_number(here.from_vantage[FACT_SENDER_FIN], 0, "its origin too");
	ok(no(&here, FACT_RECEIVER_FIN), "each capture sees a part: what was not seen here is no contradiction");
	ok(!evidence_merge(&here, &there, 2), "a second time there is nothing more");
}

static void test_places(void)
{
	struct evidence here = { 0 }, there = { 0 };

	evidence_yes(&there, FACT_HOPS_DIFFER, 6, 3000);
	evidence_yes(&there, FACT_MAC_DIFFERS, 6, 3000);
	evidence_yes(&there, FACT_BESIDE_SENDER, 6, 3000);
	ok(!evidence_merge(&here, &there, 1), "what depends on the place is not taken over");
	ok(!yes(&here, FACT_HOPS_DIFFER) && !no(&here, FACT_HOPS_DIFFER), "and stays unknown here");
}

static void test_contradiction(void)
{
	struct evidence here = { 0 }, there = { 0 };

	evidence_yes(&here, FACT_RST_TIMESTAMP, 7, 1000);
	evidence_no(&there, FACT_RST_TIMESTAMP);
	ok(evidence_merge(&here, &there, 1), "a RST that left otherwise than it came");
	ok(fact_in(&here.contradicted, FACT_RST_TIMESTAMP), "contradicts itself");
	ok(yes(&here, FACT_RST_TIMESTAMP), "and is what it is here");
	evidence_yes(&here, FACT_OLD_TIME_WAIT, 2, 500);
	evidence_no(&there, FACT_OLD_TIME_WAIT);
	evidence_no(&here, FACT_OLD_HANDSHAKE_OPEN);
	evidence_yes(&there, FACT_OLD_HANDSHAKE_OPEN, 2, 500);
	evidence_merge(&here, &there, 1);
	ok(fact_in(&here.contradicted, FACT_OLD_TIME_WAIT) && fact_in(&here.contradicted, FACT_OLD_HANDSHAKE_OPEN),
	   "where captures saw the older connection end otherwise, one of them lacks a part of it");
}

/* The server aborts after an exchange: certain, from anywhere. */
static const struct evidence *abort_of_server(void)
{
	stage(&usual);
	play_subject(play_abort(&play, SERVER));
	play_settle(&play);
	return evidence_of_subject();
}

static void test_certainty(void)
{
	struct evidence e = *abort_of_server();
	struct verdict verdict;

	diagnose(&e, &verdict);
	ok(verdict.cause == CAUSE_abort && verdict.certainty == CERTAINTY_CERTAIN, "an abort is certain");
	fact_add(&e.contradicted, FACT_RST_WINDOW);
	diagnose(&e, &verdict);
	ok(verdict.cause == CAUSE_abort && verdict.certainty == CERTAINTY_LIKELY, "a contradiction forbids that");

	e = *abort_of_server();
	evidence_number(&e, FACT_NOT_SENT, 1, 0, 0);
	diagnose(&e, &verdict);
	ok(verdict.cause == CAUSE_injected && verdict.certainty == CERTAINTY_LIKELY,
	   "one that the capture beside the server lacks was forged, as a rule");
	ok(verdict_has_candidate(&verdict, CAUSE_abort), "but that capture may have missed it");
	evidence_number(&e, FACT_SENDER_STAYED, 1, 0, 0);
	diagnose(&e, &verdict);
	ok(verdict.cause == CAUSE_injected && verdict.certainty == CERTAINTY_CERTAIN,
	   "where the server went on, that is out of the question");

	e = *abort_of_server();
	evidence_number(&e, FACT_NOT_SENT, 1, 0, 0);
	evidence_number(&e, FACT_TRIGGER_STOPPED, 1, 0, 0);
	diagnose(&e, &verdict);
	ok(verdict.certainty != CERTAINTY_CERTAIN &&
	   (verdict.cause == CAUSE_abort || verdict_has_candidate(&verdict, CAUSE_abort)),
	   "what it answers, missing as well, may be part of one burst");
	evidence_number(&e, FACT_NOTHING_DROPPED, 1, 0, 0);
	diagnose(&e, &verdict);
	ok(verdict.cause != CAUSE_abort && !verdict_has_candidate(&verdict, CAUSE_abort),
	   "but not where the capture says that nothing was dropped");
}

int main(void)
{
	test_adding();
	test_places();
	test_contradiction();
	test_certainty();
	return done_testing();
}
