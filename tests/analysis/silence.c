/*
 * Law: what is innocent is no evidence. Each test plays something that resembles the trace of a cause and is none,
 * and asks that the rule stays silent; then every scenario is played under conditions that may take evidence away,
 * but add none.
 */
#include "base/sequence.h"
#include "support/scenarios.h"
#include "tap.h"

static struct play play;
static struct told_all all;

static const struct setting plain = {
	.stack = { &stack_linux, &stack_linux }, .version = 4, .timestamps = true, .vantage = IN_MIDDLE,
};

static const struct told *explain(void)
{
	play_explain(&play, &all);
	return told_subject(&all);
}

static void begin(const struct setting *setting)
{
	play_begin(&play, setting);
	play_shake(&play);
	play_exchange(&play);
}

static bool is(const struct told *t, enum cause_id cause, enum certainty certainty)
{
	bool right = t && t->cause == cause && t->certainty == certainty;

	if (!right && t)
		printf("#   %s %s\n", certainty_id(t->certainty), cause_get(t->cause)->id);
	return right;
}

static bool nobody_is(enum cause_id cause)
{
	for (unsigned i = 0; i < all.count; i++)
		if (told_names(&all.told[i], cause)) {
			printf("#   frame %u: %s %s\n", (unsigned)all.told[i].frame, certainty_id(all.told[i].certainty),
			       cause_get(all.told[i].cause)->id);
			return false;
		}
	return true;
}

static void hop_limits(void)
{
	struct packet *rst;

	begin(&plain);
	rst = play_abort(&play, SERVER);
	rst->segment.hop_limit--;
	play_subject(rst);
	ok(is(explain(), CAUSE_abort, CERTAINTY_CERTAIN), "an abort from one hop further away is an abort");
	begin(&plain);
	play_close(&play, SERVER);
	play_tell(&play, CLIENT, 5);
	play_settle(&play);
	rst = play_answer(&play, SERVER);
	rst->segment.hop_limit = 255;
	play_subject(rst);
	ok(is(explain(), CAUSE_write_after_close, CERTAINTY_CERTAIN), "another initial hop limit is the same distance");
}

static void marks_of_other_stacks(void)
{
	struct packet *rst;

	begin(&plain);
	play_close(&play, SERVER);
	play_tell(&play, CLIENT, 5);
	play_settle(&play);
	rst = play_answer(&play, SERVER);
	rst->segment.dont_fragment = false;
	rst->segment.ip_id = 0x9abc;
	play_subject(rst);
	ok(is(explain(), CAUSE_write_after_close, CERTAINTY_CERTAIN), "DF cleared and an IP ID of its own mark no forgery");
}

static void window_of_a_netscaler(void)
{
	struct packet *rst;

	begin(&plain);
	rst = play_abort(&play, SERVER);
	rst->segment.window = 9300;
	play_subject(rst);
	ok(is(explain(), CAUSE_abort, CERTAINTY_CERTAIN) && no(&told_subject(&all)->evidence, FACT_NETSCALER_CODE),
	   "a window of 9300 is no reason without the handshake of a NetScaler");
}

static void words_in_a_rst(void)
{
	static const char *const texts[] = { "good bye, and thank you", "\x01\x02\x03\x80\xff\xfe" };
	struct packet *rst;

	for (unsigned i = 0; i < 2; i++) {
		begin(&plain);
		rst = play_abort(&play, SERVER);
		rst->segment.payload = (const uint8_t *)texts[i];
		rst->segment.payload_len = rst->segment.payload_captured = (uint32_t)strlen(texts[i]);
		play_subject(rst);
		ok(is(explain(), CAUSE_abort, CERTAINTY_CERTAIN), "a RST with %s is no box's", i ? "bytes" : "any words");
	}
}

static void reordered_data(void)
{
	struct packet *data;

	begin(&plain);
	data = play_tell(&play, SERVER, 500);
	play_subject(play_abort(&play, SERVER));
	data->sent_ns += 2 * NS_PER_MS;
	ok(is(explain(), CAUSE_abort, CERTAINTY_CERTAIN), "data that a RST overtook are not those of a host that goes on");
	ok(nobody_is(CAUSE_injected), "and nothing is forged");
}

static void signatures_elsewhere(void)
{
	play_begin(&play, &plain);
	play.host[CLIENT].extra_options = play.host[SERVER].extra_options = OPTION_MD5;
	play_shake(&play);
	play_ports(&play, 40002, 9999);
	play_renew(&play, CLIENT);
	play_renew(&play, SERVER);
	play.host[CLIENT].extra_options = play.host[SERVER].extra_options = 0;
	play_shake(&play);
	play_exchange(&play);
	play_subject(play_abort(&play, SERVER));
	ok(is(explain(), CAUSE_abort, CERTAINTY_CERTAIN), "another connection's signatures make no RST unsigned");
}

static void burst_of_echoes(void)
{
	struct packet *flight[6];

	begin(&plain);
	for (int i = 0; i < 6; i++)
		flight[i] = play_tell(&play, CLIENT, 100);
	play_abort(&play, SERVER);
	play_settle(&play);
	for (int i = 0; i < 6; i++)
		play_answer_to(&play, SERVER, flight[i]);
	explain();
	is_number(all.count, 7, "an abort and six echoes are seven verdicts");
	ok(nobody_is(CAUSE_injected), "a burst of echoes is not forged");
}

static void crossing_aborts(void)
{
	begin(&plain);
	play_abort(&play, CLIENT);
	play_abort(&play, SERVER);
	explain();
	ok(all.count == 2 && all.told[0].cause == CAUSE_abort, "two aborts that cross are aborts");
	ok(nobody_is(CAUSE_injected), "and no forger's two RSTs");
}

static void refused_again_and_again(void)
{
	struct packet *syn;

	play_begin(&play, &plain);
	syn = play_send(&play, CLIENT, TCP_SYN, 0);
	for (int i = 0; i < 3; i++) {
		play_settle(&play);
		play_answer_to(&play, SERVER, syn);
		play_wait(&play, 500 * NS_PER_MS);
		syn = play_again(&play, syn);
	}
	explain();
	is_number(all.count, 3, "three refusals are three verdicts");
	for (unsigned i = 0; i < all.count; i++)
		ok(all.told[i].cause == CAUSE_port_closed, "refusal %u is a closed port", i + 1);
}

static void ports_used_again(void)
{
	begin(&plain);
	play_close(&play, CLIENT);
	play_close(&play, SERVER);
	play_wait(&play, 90 * NS_PER_S);
	play_renew(&play, CLIENT);
	play_renew(&play, SERVER);
	play_shake(&play);
	play_exchange(&play);
	play_subject(play_abort(&play, SERVER));
	ok(is(explain(), CAUSE_abort, CERTAINTY_CERTAIN), "a connection on ports used before stands for itself");
	is_number((long long)all.told[0].evidence.connection, 2, "and is another connection");
}

static void keepalives_answered(void)
{
	begin(&plain);
	for (int i = 0; i < 4; i++) {
		play_wait(&play, 2 * NS_PER_S);
		play_probe(&play, SERVER);
		play_settle(&play);
		play_ack(&play, CLIENT);
		play_settle(&play);
	}
	play_exchange(&play);
	play_subject(play_abort(&play, SERVER));
	ok(is(explain(), CAUSE_abort, CERTAINTY_CERTAIN), "probes that were answered ran into no time-out");
}

/* Answered probes prove nothing against an abort; they only forbid to be certain of it. */
static void abort_between_probes(void)
{
	begin(&plain);
	for (int i = 0; i < 3; i++) {
		play_wait(&play, 2 * NS_PER_S);
		play_probe(&play, SERVER);
		play_settle(&play);
		play_ack(&play, CLIENT);
		play_settle(&play);
	}
	play_wait(&play, NS_PER_S / 2);
	play_subject(play_abort(&play, SERVER));
	ok(is(explain(), CAUSE_abort, CERTAINTY_LIKELY), "an abort before the next probe is due is likely an abort");
	ok(told_names(told_subject(&all), CAUSE_keepalive_timeout), "and perhaps a time-out");
}

static void probes_of_the_other_side(void)
{
	begin(&plain);
	for (int i = 0; i < 3; i++) {
		play_wait(&play, 2 * NS_PER_S);
		play_probe(&play, CLIENT);
		play_settle(&play);
		play_ack(&play, SERVER);
		play_settle(&play);
	}
	play_wait(&play, 2 * NS_PER_S);
	play_subject(play_abort(&play, SERVER));
	ok(is(explain(), CAUSE_abort, CERTAINTY_CERTAIN), "who only answers probes has not run into a time-out");
}

static void one_probe(void)
{
	begin(&plain);
	play_wait(&play, 2 * NS_PER_S);
	play_probe(&play, SERVER);
	play_settle(&play);
	play_ack(&play, CLIENT);
	play_wait(&play, 2 * NS_PER_S);
	play_subject(play_abort(&play, SERVER));
	ok(is(explain(), CAUSE_abort, CERTAINTY_LIKELY), "one answered probe makes no time-out");
}

/* What was acknowledged here is sent again and again, and then reset: the acknowledgements may not have arrived. */
static void repeated_though_acknowledged(unsigned times, enum certainty certainty, const char *name)
{
	struct packet *data;

	begin(&plain);
	data = play_tell(&play, SERVER, 300);
	play_settle(&play);
	play_ack(&play, CLIENT);
	play_settle(&play);
	for (unsigned i = 0; i < times; i++) {
		play_wait(&play, NS_PER_S << i);
		play_again(&play, data);
		play_settle(&play);
		play_ack(&play, CLIENT);
		play_settle(&play);
	}
	play_wait(&play, NS_PER_S);
	play_subject(play_abort(&play, SERVER));
	ok(is(explain(), CAUSE_abort, certainty), "%s", name);
	ok(told_names(told_subject(&all), CAUSE_retransmission_timeout) == (certainty != CERTAINTY_CERTAIN),
	   "%s: and a time-out only then", name);
}

static void window_probes(void)
{
	begin(&plain);
	play.host[SERVER].window = 0;
	play_ack(&play, SERVER);
	play_settle(&play);
	for (int i = 0; i < 4; i++) {
		play_wait(&play, NS_PER_S);
		play_probe(&play, CLIENT);
		play_settle(&play);
		play_ack(&play, SERVER);
		play_settle(&play);
	}
	play_subject(play_abort(&play, CLIENT));
	explain();
	ok(nobody_is(CAUSE_keepalive_timeout), "window probes are no keepalive probes");
}

static void giants(void)
{
	play_begin(&play, &plain);
	play_shake(&play);
	play_say(&play, CLIENT, 120);
	play_say(&play, SERVER, 9000);
	play_subject(play_abort(&play, SERVER));
	ok(is(explain(), CAUSE_abort, CERTAINTY_CERTAIN), "segments larger than any path takes are offload, not evidence");
	ok(told_subject(&all)->lost_known == false || told_subject(&all)->lost_bytes == 0, "and nothing of them is lost");
}

static void request_lost_on_the_way(void)
{
	begin(&plain);
	play_tell(&play, SERVER, 400)->to = 6;
	play_subject(play_abort(&play, SERVER));
	explain();
	ok(nobody_is(CAUSE_injected), "a RST beyond data that the capture missed climbs no ladder");
}

/* Under a condition that takes evidence away a verdict may be weaker, but never certain of something else. */
static unsigned dishonest_under(const struct setting *setting)
{
	unsigned dishonest = 0;

	for (unsigned i = 0; i < SCENARIO_LISTS; i++)
		for (unsigned j = 0; j < scenario_lists[i]->count; j++) {
			const struct scenario *s = &scenario_lists[i]->scenarios[j];
			const struct told *t;

			if (!scenario_plays(s, setting))
				continue;
			play_begin(&play, setting);
			s->play(&play);
			t = explain();
			if (!t || t->certainty != CERTAINTY_CERTAIN || t->cause == s->cause || s->certain_too >> t->cause & 1)
				continue;
			dishonest++;
			printf("#   %s, IPv%u: certain %s\n", s->title, setting->version, cause_get(t->cause)->id);
		}
	return dishonest;
}

static void each_place(struct setting setting, const char *name)
{
	unsigned dishonest = 0;

	for (unsigned i = 0; i < 2 * 2 * VANTAGES; i++) {
		setting.version = i & 1 ? 6 : 4;
		setting.timestamps = i & 2;
		setting.vantage = (enum vantage)(i / 4);
		dishonest += dishonest_under(&setting);
	}
	ok(!dishonest, "%s: never certain of what is not so", name);
}

static void less_evidence(void)
{
	struct setting s = plain;

	s.from_client_only = true;
	each_place(s, "only what the client sent");
	s = plain;
	s.from_server_only = true;
	each_place(s, "only what the server sent");
	s = plain;
	s.captured_max = 68;
	each_place(s, "frames cut at 68 bytes");
	s.captured_max = 54;
	each_place(s, "frames cut at 54 bytes");
}

/*
 * The same conversation elsewhere in sequence space, or with checksums that a card fills in, is the same
 * conversation.
 */
static unsigned changed_by(const struct setting *changed)
{
	struct setting usual = plain;
	unsigned differences = 0;

	usual.version = changed->version;
	usual.vantage = changed->vantage;
	for (unsigned i = 0; i < SCENARIO_LISTS; i++)
		for (unsigned j = 0; j < scenario_lists[i]->count; j++) {
			const struct scenario *s = &scenario_lists[i]->scenarios[j];
			const struct told *t;
			struct told before = { 0 };

			if (!scenario_plays(s, changed) || !scenario_plays(s, &usual))
				continue;
			play_begin(&play, &usual);
			s->play(&play);
			if ((t = explain()) != NULL)
				before = *t;
			play_begin(&play, changed);
			s->play(&play);
			t = explain();
			if (!t == !before.found && (!t || (t->cause == before.cause && t->certainty == before.certainty &&
			                                   t->accepted == before.accepted && t->part == before.part)))
				continue;
			differences++;
			printf("#   %s: %s, then %s\n", s->title, cause_get(before.cause)->id, t ? cause_get(t->cause)->id : "nothing");
		}
	return differences;
}

static void same_evidence(void)
{
	struct setting s = plain;
	unsigned wrapped = 0, offloaded = 0;

	for (unsigned i = 0; i < 2 * VANTAGES; i++) {
		s = plain;
		s.version = i & 1 ? 6 : 4;
		s.vantage = (enum vantage)(i / 2);
		for (uint32_t before_wrap = 1; before_wrap < 3000; before_wrap = before_wrap * 5 + 1) {
			s.isn[CLIENT] = s.isn[SERVER] = 0u - before_wrap;
			wrapped += changed_by(&s);
		}
		s.isn[CLIENT] = s.isn[SERVER] = 0;
		s.offloaded = true;
		offloaded += changed_by(&s);
	}
	is_number(wrapped, 0, "verdicts that change where sequence numbers wrap");
	is_number(offloaded, 0, "verdicts that change where a card fills in checksums");
}

int main(void)
{
	hop_limits();
	marks_of_other_stacks();
	window_of_a_netscaler();
	words_in_a_rst();
	reordered_data();
	signatures_elsewhere();
	burst_of_echoes();
	crossing_aborts();
	refused_again_and_again();
	ports_used_again();
	keepalives_answered();
	abort_between_probes();
	probes_of_the_other_side();
	one_probe();
	repeated_though_acknowledged(1, CERTAINTY_CERTAIN, "a single needless retransmission");
	repeated_though_acknowledged(3, CERTAINTY_LIKELY, "three needless retransmissions");
	window_probes();
	giants();
	request_lost_on_the_way();
	less_evidence();
	same_evidence();
	return done_testing();
}
