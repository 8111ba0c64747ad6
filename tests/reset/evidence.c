/* A fact is unknown until somebody fills it; then it is yes or no, and only a yes has a number and a frame. */
#include "reset/evidence.h"

#include <stdlib.h>

#include "tap.h"

static void test_unknown(void)
{
	struct evidence e = { 0 };
	bool neither = true;

	for (enum fact fact = 0; fact < FACTS; fact++)
		neither &= !yes(&e, fact) && !no(&e, fact) && !number(&e, fact);
	ok(neither, "nothing is known of new evidence: neither yes nor no");
}

static void test_filling(void)
{
	struct evidence e = { 0 };

	evidence_yes(&e, FACT_SENDER_FIN, 4, 1000);
	ok(yes(&e, FACT_SENDER_FIN) && !no(&e, FACT_SENDER_FIN), "yes");
	is_number((long long)e.facts[FACT_SENDER_FIN].frame, 4, "the frame that shows it");
	is_number(e.facts[FACT_SENDER_FIN].time_ns, 1000, "and its time");
	evidence_number(&e, FACT_ANSWERS_DATA, 5, 6, 2000);
	is_number((long long)number(&e, FACT_ANSWERS_DATA), 5, "a number is a yes");
	evidence_no(&e, FACT_ANSWERS_DATA);
	ok(no(&e, FACT_ANSWERS_DATA) && !number(&e, FACT_ANSWERS_DATA), "no takes the number back");
	is_number((long long)e.facts[FACT_ANSWERS_DATA].frame, 0, "and the frame");
	evidence_decide(&e, FACT_SYN_SEEN, true, 1, 10);
	evidence_decide(&e, FACT_START_MISSING, false, 1, 10);
	ok(yes(&e, FACT_SYN_SEEN) && no(&e, FACT_START_MISSING), "a condition that could be decided is yes or no");
	evidence_yes(&e, FACT_SENDER_FIN, 0, 77);
	is_number(e.facts[FACT_SENDER_FIN].time_ns, 0, "without a frame there is no time");
	fact_add(&e.from_kernel, FACT_KERNEL_EXIT);
	evidence_yes(&e, FACT_KERNEL_EXIT, 0, 0);
	ok(fact_in(&e.from_kernel, FACT_KERNEL_EXIT), "the origin stays");
}

static bool same_evidence(const struct evidence *a, const struct evidence *b)
{
	return memcmp(&a->yes, &b->yes, sizeof a->yes) == 0 && memcmp(&a->no, &b->no, sizeof a->no) == 0 &&
	       memcmp(&a->from_kernel, &b->from_kernel, sizeof a->from_kernel) == 0 &&
	       memcmp(a->facts, b->facts, sizeof a->facts) == 0 && a->file == b->file && a->frame == b->frame &&
	       memcmp(&a->src, &b->src, sizeof a->src) == 0 && memcmp(&a->dst, &b->dst, sizeof a->dst) == 0 &&
	       a->lost_bytes == b->lost_bytes && a->is_ending == b->is_ending && strcmp(a->history, b->history) == 0 &&
	       memcmp(a->text, b->text, sizeof a->text) == 0;
}

/* Evidence that is packed for a while comes out as it went in. */
static void test_packing(void)
{
	struct evidence e = { .file = "here.pcap", .frame = 7, .lost_bytes = 9, .is_ending = true, .history = "ShR" }, back;
	struct evidence_packed *packed;
	bool same = true;

	e.src.port = 80;
	e.dst.address.bytes[15] = 1;
	for (unsigned text_len = 0; text_len < EVIDENCE_TEXT_MAX; text_len += EVIDENCE_TEXT_MAX - 1) {
		memset(e.text, 'x', text_len);
		for (enum fact fact = 0; fact < FACTS; fact++) {
			evidence_decide(&e, fact, fact % 3 != 2, fact + 1, 1000);
			evidence_number(&e, (enum fact)(FACTS - 1 - fact), fact, 0, 0);
			if (fact % 2)
				fact_add(&e.from_kernel, fact);
			packed = evidence_pack(&e);
			memset(&back, 0xff, sizeof back);
			evidence_unpack(packed, &back);
			free(packed);
			same &= same_evidence(&e, &back);
		}
	}
	ok(same, "evidence comes out of its packing as it went in");
}

/* {n} where there is a number to tell; the unit comes with it. */
static bool text_fits(enum fact fact)
{
	const char *text = fact_text(fact);
	bool has_n = strstr(text, "{n}") != NULL, has_what = strstr(text, "{what}") != NULL;

	switch (fact_kind(fact)) {
	case KIND_YES_NO: return !has_n;
	case KIND_CODE: return has_what;
	case KIND_VANTAGE: return strstr(text, "{there}") && !has_n && !has_what;
	case KIND_BYTES: return has_n && !strstr(text, "{n} bytes") && !has_what;
	default: return has_n && !has_what;
	}
}

static void test_table(void)
{
	bool named = true;

	for (enum fact fact = 0; fact < FACTS; fact++) {
		named &= fact_name(fact) && *fact_name(fact);
		if (!text_fits(fact))
			ok(false, "the text of %s fits its kind: '%s'", fact_name(fact), fact_text(fact));
	}
	ok(named, "every fact has a name");
	is_text(fact_name(FACT_ANSWERS_DATA), "ANSWERS_DATA", "the name is that of the list");
	is_number(fact_kind(FACT_ANSWER_DELAY), KIND_DURATION, "the kind too");
}

int main(void)
{
	test_unknown();
	test_filling();
	test_packing();
	test_table();
	return done_testing();
}
