#include "reset/evidence.h"

#include <stdio.h>

#include "base/run.h"
#include "base/text.h"

static const struct {
	const char *name;
	const char *text;
	enum fact_kind kind;
} table[FACTS] = {
#define FACT(fact, fact_kind, fact_text) [FACT_##fact] = { #fact, fact_text, KIND_##fact_kind },
#include "reset/facts.def"
#undef FACT
};

const char *fact_name(enum fact fact)
{
	return table[fact].name;
}

enum fact_kind fact_kind(enum fact fact)
{
	return table[fact].kind;
}

const char *fact_text(enum fact fact)
{
	return table[fact].text;
}

/* The origin stays what it is: whoever fills from a kernel says so. */
static void know(struct evidence *e, enum fact fact, uint64_t number, uint64_t frame, int64_t time_ns)
{
	fact_add(&e->yes, fact);
	fact_remove(&e->no, fact);
	e->facts[fact] = (struct fact_value){ number, frame_in_file(frame), frame ? time_ns : 0 };
}

void evidence_yes(struct evidence *e, enum fact fact, uint64_t frame, int64_t time_ns)
{
	know(e, fact, 0, frame, time_ns);
}

void evidence_no(struct evidence *e, enum fact fact)
{
	if (yes(e, fact))
		e->facts[fact] = (struct fact_value){ 0 };
	fact_remove(&e->yes, fact);
	fact_add(&e->no, fact);
}

void evidence_number(struct evidence *e, enum fact fact, uint64_t number, uint64_t frame, int64_t time_ns)
{
	know(e, fact, number, frame, time_ns);
}

void evidence_decide(struct evidence *e, enum fact fact, bool is_so, uint64_t frame, int64_t time_ns)
{
	if (is_so)
		evidence_yes(e, fact, frame, time_ns);
	else
		evidence_no(e, fact);
}

void evidence_describe(struct evidence *e, const struct zeek *zeek)
{
	snprintf(e->conn_state, sizeof e->conn_state, "%s", zeek_conn_state(zeek));
	zeek_history(zeek, e->history);
}
