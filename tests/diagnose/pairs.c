/*
 * Law: each cause, its facts alone, is told as itself; and of two causes whose facts are all there, none is certain
 * unless one hides the other by its rank or is its parent. A capture in which both are seen has one of them wrong.
 */
#include "base/clock.h"
#include "diagnose/diagnose.h"
#include "tap.h"

#define FACTS_OF_ONE 12

/* What a cause rests on: facts that are so, with their numbers, and facts that are known not to be so. */
struct sketch {
	enum cause_id cause;
	enum certainty at_least;
	struct {
		enum fact fact;
		uint64_t number;
	} so[FACTS_OF_ONE];
	enum fact not_so[FACTS_OF_ONE];
};

#define ACTIVE { FACT_SHAPE_ACTIVE, 0 }, { FACT_RST_ACK_FLAG, 0 }
#define PASSIVE { FACT_SHAPE_PASSIVE, 0 }, { FACT_RST_BARE, 0 }
#define SHOOK { FACT_SYN_SEEN, 0 }, { FACT_HANDSHAKE_SEEN, 0 }, { FACT_SENDER_SEEN, 0 }
#define END { FACTS, 0 }
#define SECONDS(n) ((uint64_t)((n) * NS_PER_S))

static const struct sketch sketches[] = {
	{ CAUSE_port_closed, CERTAINTY_CERTAIN, { { FACT_ANSWERS_SYN, 0 }, { FACT_SHAPE_PASSIVE, 0 },
	  { FACT_RST_ACK_FLAG, 0 }, { FACT_CLASS_COPIED, 0 }, END }, { FACTS } },
	{ CAUSE_firewall_reject, CERTAINTY_LIKELY, { { FACT_ANSWERS_SYN, 0 }, { FACT_SHAPE_PASSIVE, 0 },
	  { FACT_RST_ACK_FLAG, 0 }, { FACT_CLASS_DROPPED, 0 }, END }, { FACTS } },
	{ CAUSE_local_reject, CERTAINTY_CERTAIN, { PASSIVE, SHOOK, { FACT_LOOPBACK_ONLY, 0 }, { FACT_ANSWERS_DATA, 5 },
	  END }, { FACTS } },
	{ CAUSE_backend_refused, CERTAINTY_CERTAIN, { SHOOK, ACTIVE, { FACT_BOX_SAYS_REFUSED, 0 },
	  { FACT_AGE, SECONDS(1) }, END }, { FACT_SENDER_IS_INITIATOR, FACT_SENDER_DATA, FACTS } },
	{ CAUSE_backend_timeout, CERTAINTY_LIKELY, { SHOOK, ACTIVE, { FACT_WAITED_FOR_REPLY, SECONDS(30) },
	  { FACT_IDLE_BEFORE, SECONDS(30) }, { FACT_IDLE_IS_ROUND, SECONDS(30) }, { FACT_RECEIVER_DATA, 9 }, END },
	  { FACT_SENDER_IS_INITIATOR, FACT_SENDER_DATA, FACTS } },
	{ CAUSE_connect_abandoned, CERTAINTY_CERTAIN, { PASSIVE, { FACT_SYN_SEEN, 0 }, { FACT_ANSWERS_SYN_ACK, 0 }, END },
	  { FACTS } },
	{ CAUSE_accept_queue_ghost, CERTAINTY_CERTAIN, { PASSIVE, SHOOK, { FACT_SYN_ACK_REPEATS, 2 },
	  { FACT_RECEIVER_DATA_NEVER_ACKED, 0 }, { FACT_ANSWERS_DATA, 5 }, END }, { FACT_SENDER_IS_INITIATOR, FACTS } },
	{ CAUSE_bad_handshake, CERTAINTY_CERTAIN, { PASSIVE, { FACT_SYN_SEEN, 0 }, { FACT_HANDSHAKE_OPEN, 0 },
	  { FACT_ANSWERS_WRONG_ACK, 0 }, { FACT_ANSWERS_ACK, 0 }, END }, { FACTS } },
	{ CAUSE_half_open_reconnect, CERTAINTY_CERTAIN, { PASSIVE, { FACT_SYN_SEEN, 0 }, { FACT_HANDSHAKE_OPEN, 0 },
	  { FACT_ANSWERS_CHALLENGE, 0 }, { FACT_OLD_CONNECTION, 0 }, END }, { FACT_FAKE_SEGMENT, FACTS } },
	{ CAUSE_time_wait_reuse, CERTAINTY_CERTAIN, { PASSIVE, { FACT_SYN_SEEN, 0 }, { FACT_HANDSHAKE_OPEN, 0 },
	  { FACT_ANSWERS_CHALLENGE, 0 }, { FACT_OLD_TIME_WAIT, 0 }, { FACT_SYN_AGAIN, 0 }, END },
	  { FACT_FAKE_SEGMENT, FACTS } },
	{ CAUSE_half_open_scan, CERTAINTY_CERTAIN, { PASSIVE, { FACT_SYN_SEEN, 0 }, { FACT_ANSWERS_SYN_ACK, 0 },
	  { FACT_SENDER_IS_INITIATOR, 0 }, { FACT_SYN_HOPS_DIFFER, 0 }, END }, { FACTS } },
	{ CAUSE_connect_scan, CERTAINTY_LIKELY, { SHOOK, ACTIVE, { FACT_SENDER_IS_INITIATOR, 0 }, { FACT_AGE, 1000000 },
	  END }, { FACT_SENDER_DATA, FACT_RECEIVER_DATA, FACTS } },
	{ CAUSE_stray_probe, CERTAINTY_CERTAIN, { PASSIVE, { FACT_ANSWERS_FIRST_SEGMENT, 0 },
	  { FACT_ANSWERS_ODD_FLAGS, 0 }, END }, { FACTS } },
	{ CAUSE_abort, CERTAINTY_CERTAIN, { SHOOK, ACTIVE, { FACT_SENDER_DATA, 9 }, { FACT_RECEIVER_DATA, 9 }, END },
	  { FACTS } },
	{ CAUSE_abort_after_fin, CERTAINTY_CERTAIN, { SHOOK, ACTIVE, { FACT_RECEIVER_FIN, 0 },
	  { FACT_RECEIVER_FIN_ACKED, 0 }, { FACT_SENDER_DATA, 9 }, END }, { FACTS } },
	{ CAUSE_orphan_limit, CERTAINTY_LIKELY, { SHOOK, ACTIVE, { FACT_SENDER_FIN, 0 }, { FACT_FIN_TO_RST, 36000 },
	  { FACT_SENDER_DATA, 9 }, END }, { FACTS } },
	{ CAUSE_mptcp_fastclose, CERTAINTY_CERTAIN, { SHOOK, ACTIVE, { FACT_MP_FASTCLOSE, 0 }, END }, { FACTS } },
	{ CAUSE_mptcp_subflow, CERTAINTY_CERTAIN, { SHOOK, ACTIVE, { FACT_MP_TCPRST_REASON, 1 }, END }, { FACTS } },
	{ CAUSE_idle_close, CERTAINTY_LIKELY, { SHOOK, ACTIVE, { FACT_IDLE_BEFORE, SECONDS(15) },
	  { FACT_SENDER_DATA, 9 }, END }, { FACTS } },
	{ CAUSE_write_after_close, CERTAINTY_CERTAIN, { SHOOK, PASSIVE, { FACT_SENDER_FIN, 0 },
	  { FACT_ANSWERS_AFTER_ACK_OF_FIN, 0 }, { FACT_ANSWERS_DATA, 5 }, END }, { FACTS } },
	{ CAUSE_close_race, CERTAINTY_CERTAIN, { SHOOK, PASSIVE, { FACT_SENDER_FIN, 0 },
	  { FACT_ANSWERS_BEFORE_ACK_OF_FIN, 0 }, { FACT_ANSWERS_DATA, 5 }, END }, { FACTS } },
	{ CAUSE_late_segment, CERTAINTY_CERTAIN, { SHOOK, PASSIVE, { FACT_EARLIER_RST_BY_SENDER, 0 },
	  { FACT_ANSWERS_DATA, 5 }, END }, { FACTS } },
	{ CAUSE_half_open, CERTAINTY_LIKELY, { SHOOK, PASSIVE, { FACT_SENDER_KNEW, 0 }, { FACT_ANSWERS_DATA, 5 },
	  { FACT_CLASS_COPIED, 0 }, END }, { FACTS } },
	{ CAUSE_failover, CERTAINTY_LIKELY, { SHOOK, PASSIVE, { FACT_MAC_DIFFERS, 0 }, { FACT_ANSWERS_DATA, 5 }, END },
	  { FACTS } },
	{ CAUSE_keepalive_timeout, CERTAINTY_CERTAIN, { SHOOK, ACTIVE, { FACT_SENDER_PROBES, 9 },
	  { FACT_RST_SEQ_OWN_NEXT, 0 }, END }, { FACTS } },
	{ CAUSE_retransmission_timeout, CERTAINTY_CERTAIN, { SHOOK, ACTIVE, { FACT_SENDER_RETRANSMITS, 8 },
	  { FACT_RST_SEQ_OWN_NEXT, 0 }, END }, { FACTS } },
	{ CAUSE_idle_expired, CERTAINTY_CERTAIN, { SHOOK, ACTIVE, { FACT_BOX_SAYS_EXPIRED, 0 },
	  { FACT_IDLE_BEFORE, SECONDS(300) }, END }, { FACTS } },
	{ CAUSE_conntrack_invalid, CERTAINTY_CERTAIN, { PASSIVE, { FACT_LEAKED_TWIN, 0 },
	  { FACT_ANSWERS_FIRST_SEGMENT, 0 }, { FACT_ANSWERS_DATA, 5 }, END }, { FACTS } },
	{ CAUSE_injected, CERTAINTY_CERTAIN, { SHOOK, { FACT_RST_BARE, 0 }, { FACT_RST_LADDER, 3 },
	  { FACT_HOPS_DIFFER, 0 }, END }, { FACTS } },
	{ CAUSE_proxy_relayed, CERTAINTY_CERTAIN, { SHOOK, ACTIVE, { FACT_PEER_RESET_RELAYED, 0 }, END }, { FACTS } },
	{ CAUSE_time_wait_assassination, CERTAINTY_CERTAIN, { SHOOK, PASSIVE, { FACT_BOTH_CLOSED, 0 }, { FACT_SENDER_FIN, 0 },
	  { FACT_RECEIVER_TIME_WAIT, 0 }, { FACT_ANSWERS_ACK, 0 }, END }, { FACTS } },
	{ CAUSE_unsigned_reset, CERTAINTY_CERTAIN, { SHOOK, { FACT_RST_BARE, 0 }, { FACT_SIGNATURE_IN_USE, 0 },
	  { FACT_RST_UNSIGNED, 0 }, END }, { FACTS } },
	{ CAUSE_accept_queue_overflow, CERTAINTY_CERTAIN, { { FACT_KERNEL_QUEUE_OVERFLOW, 0 }, END }, { FACTS } },
	{ CAUSE_listener_closed, CERTAINTY_CERTAIN, { { FACT_KERNEL_LISTENER_CLOSED, 0 }, END }, { FACTS } },
	{ CAUSE_unread_data, CERTAINTY_CERTAIN, { { FACT_KERNEL_UNREAD, 5 }, END }, { FACTS } },
	{ CAUSE_linger_zero, CERTAINTY_CERTAIN, { { FACT_KERNEL_LINGER_ZERO, 0 }, END }, { FACTS } },
	{ CAUSE_process_death, CERTAINTY_CERTAIN, { { FACT_KERNEL_EXIT, 0 }, { FACT_KERNEL_UNREAD, 5 }, END }, { FACTS } },
	{ CAUSE_disconnect, CERTAINTY_CERTAIN, { { FACT_KERNEL_DISCONNECT, 0 }, END }, { FACTS } },
	{ CAUSE_socket_destroyed, CERTAINTY_CERTAIN, { { FACT_KERNEL_DESTROYED, 0 }, END }, { FACTS } },
	{ CAUSE_linger2_expired, CERTAINTY_CERTAIN, { { FACT_KERNEL_LINGER2, 0 }, END }, { FACTS } },
	{ CAUSE_write_after_shutdown, CERTAINTY_CERTAIN, { { FACT_KERNEL_SHUTDOWN, 0 }, END }, { FACTS } },
};
#define SKETCHES (sizeof sketches / sizeof *sketches)

static void add(struct evidence *e, const struct sketch *s)
{
	for (unsigned i = 0; i < FACTS_OF_ONE && s->not_so[i] != FACTS; i++)
		if (!yes(e, s->not_so[i]))
			evidence_no(e, s->not_so[i]);
	for (unsigned i = 0; i < FACTS_OF_ONE && s->so[i].fact != FACTS; i++)
		evidence_number(e, s->so[i].fact, s->so[i].number, i + 1, NS_PER_S);
}

static struct verdict judge(struct evidence *e, const struct sketch *a, const struct sketch *b)
{
	struct verdict v;

	*e = (struct evidence){ .sealed = SEALED_EOF };
	add(e, a);
	if (b)
		add(e, b);
	diagnose(e, &v);
	return v;
}

static bool is_established(const struct evidence *e, enum cause_id id)
{
	const struct cause *cause = cause_get(id);

	return cause->weigh && cause->weigh(e).stance == STANCE_ESTABLISHED;
}

/* Documented in cause.h: the better rank hides the worse, those of one rank from RANK_SPECIFIC on hide nothing. */
static bool may_hide(enum cause_id top, enum cause_id other)
{
	enum rank a = cause_get(top)->rank, b = cause_get(other)->rank;

	return cause_descends(other, top) || cause_descends(top, other) || (a < RANK_SPECIFIC && a < b) ||
	       (a >= RANK_ACTION && a < b);
}

static void alone(const struct sketch *s)
{
	struct evidence e;
	struct verdict v = judge(&e, s, NULL);

	if (!ok(v.cause == s->cause && v.certainty >= s->at_least, "%s alone is told", cause_get(s->cause)->id))
		printf("#   %s %s\n", certainty_id(v.certainty), cause_get(v.cause)->id);
}

/* Both stand, and the verdict is certain all the same: then one of them hides the other. */
static bool is_sound(const struct sketch *a, const struct sketch *b)
{
	struct evidence e;
	struct verdict v = judge(&e, a, b);
	bool sound = true;

	if (v.certainty != CERTAINTY_CERTAIN)
		return true;
	for (unsigned i = 0; i < 2; i++) {
		enum cause_id other = i ? b->cause : a->cause;

		if (other == v.cause || !is_established(&e, other) || may_hide(v.cause, other))
			continue;
		printf("#   %s and %s: certain %s\n", cause_get(a->cause)->id, cause_get(b->cause)->id, cause_get(v.cause)->id);
		sound = false;
	}
	return sound;
}

/* Pure: the same evidence gives the same verdict. */
static bool is_repeatable(const struct sketch *a, const struct sketch *b)
{
	struct evidence e;
	struct verdict v = judge(&e, a, b), w;

	diagnose(&e, &w);
	return v.cause == w.cause && v.certainty == w.certainty && v.candidate_count == w.candidate_count;
}

static void candidates_are_sound(const struct sketch *a, const struct sketch *b, unsigned *ret_broken)
{
	struct evidence e;
	struct verdict v = judge(&e, a, b);

	for (unsigned i = 0; i < v.candidate_count; i++) {
		*ret_broken += v.candidates[i] == v.cause;
		for (unsigned j = 0; j < i; j++)
			*ret_broken += v.candidates[i] == v.candidates[j];
	}
}

int main(void)
{
	unsigned broken = 0;

	for (unsigned i = 0; i < SKETCHES; i++)
		alone(&sketches[i]);
	for (unsigned i = 0; i < SKETCHES; i++) {
		bool sound = true, repeatable = true;

		for (unsigned j = 0; j < SKETCHES; j++) {
			sound &= is_sound(&sketches[i], &sketches[j]);
			repeatable &= is_repeatable(&sketches[i], &sketches[j]);
			candidates_are_sound(&sketches[i], &sketches[j], &broken);
		}
		ok(sound, "%s with any other: certain only where one hides the other", cause_get(sketches[i].cause)->id);
		ok(repeatable, "%s with any other: the same each time", cause_get(sketches[i].cause)->id);
	}
	is_number(broken, 0, "no verdict has itself or a cause twice among its candidates");
	return done_testing();
}
