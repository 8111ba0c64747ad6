/*
 * Law: every cause that a capture can tell is told, from the client, from the middle and from the server, by IPv4 and
 * IPv6, with and without timestamps, whoever's kernel it is, though a segment was lost or every frame captured twice;
 * one that it cannot tell is among the candidates. And whatever is missing, it is never certain of something that is
 * not so.
 *
 * With --table it prints what it found as docs/causes-by-vantage.md.
 */
#include "support/scenarios.h"
#include "tap.h"

#define CUTS_MAX 24

static const struct stack *const pairs[][2] = {
	{ &stack_linux, &stack_linux }, { &stack_windows, &stack_linux }, { &stack_linux, &stack_windows },
	{ &stack_bsd, &stack_bsd },
};
#define PAIRS (sizeof pairs / sizeof *pairs)

static const char *const vantages[VANTAGES] = { "client", "middle", "server" };

static struct play play;
static struct told_all all;

static void describe(const struct setting *s, const struct told *t, const char *what)
{
	printf("#   %s: IPv%d, %s to %s, %stimestamps, at the %s%s%s, cut %u: ", what, s->version, s->stack[0]->name,
	       s->stack[1]->name, s->timestamps ? "" : "no ", vantages[s->vantage], s->lossy ? ", lossy" : "",
	       s->doubled ? ", doubled" : "", s->cut);
	if (!t) {
		printf("no verdict (%u others)\n", all.count);
		return;
	}
	printf("%s %s, accepted %d, part %s, sender %s, harm %s; or", certainty_id(t->certainty), cause_get(t->cause)->id,
	       t->accepted, part_id(t->part), role_id(t->sender), harm_id(t->harm));
	for (unsigned i = 0; i < t->candidate_count; i++)
		printf(" %s", cause_get((enum cause_id)t->candidates[i])->id);
	putchar('\n');
}

/* The verdict under these conditions, NULL where the RST does not pass here. */
static const struct told *explain(const struct scenario *s, const struct setting *setting)
{
	play_begin(&play, setting);
	s->play(&play);
	play_explain(&play, &all);
	return told_subject(&all);
}

static bool is_right(const struct scenario *s, const struct told *t)
{
	bool named = t->cause == s->cause || (s->or_named >> t->cause & 1 && told_names(t, s->cause));

	if (!named || t->certainty < s->at_least)
		return false;
	if (t->is_ending)
		return true;
	return (!s->accepted || t->accepted == s->accepted) && t->part == s->part &&
	       (!s->sender || t->sender == s->sender) && (!(s->conditions & HARM_SURE) || t->harm == s->harm);
}

static bool is_honest(const struct scenario *s, const struct told *t)
{
	return t->certainty != CERTAINTY_CERTAIN || t->cause == s->cause || s->certain_too >> t->cause & 1;
}

/* One setting, and what is asked of it. */
struct asked {
	const struct scenario *scenario;
	unsigned wrong, dishonest, told;
};

static void ask(struct asked *asked, const struct setting *setting)
{
	const struct scenario *s = asked->scenario;
	const struct told *t = explain(s, setting);
	bool whole = !setting->cut && scenario_tells(s, setting);

	asked->told += t != NULL;
	if (whole && (!t || !is_right(s, t)) && asked->wrong++ < 6)
		describe(setting, t, "wrong");
	if (t && !is_honest(s, t) && asked->dishonest++ < 6)
		describe(setting, t, "dishonest");
}

/* Frames missing at the start: of a sound capture, and between two Linux hosts of one with every fault. */
static bool is_cut(const struct setting *s)
{
	return s->lossy == s->doubled && (!s->lossy || (s->stack[0] == &stack_linux && s->stack[1] == &stack_linux));
}

/* Loss and copies, alone and together. */
static void ask_with_faults(struct asked *asked, struct setting setting)
{
	for (unsigned fault = 0; fault < 4; fault++) {
		setting.lossy = fault & 1;
		setting.doubled = fault & 2;
		setting.cut = 0;
		ask(asked, &setting);
		if (!is_cut(&setting) || !is_next_tried())
			continue;
		for (setting.cut = 1; setting.cut < CUTS_MAX && all.subject_frame != 1; setting.cut++)
			ask(asked, &setting);
	}
}

static void each_setting(struct asked *asked)
{
	for (unsigned i = 0; i < PAIRS * VANTAGES * 4; i++) {
		struct setting setting = {
			.stack = { pairs[i / 12][0], pairs[i / 12][1] }, .version = i & 1 ? 6 : 4, .timestamps = i & 2,
			.vantage = (enum vantage)(i / 4 % VANTAGES),
		};

		/* Who offers no timestamps plays the same without them. */
		if (setting.timestamps && !(setting.stack[0]->timestamps && setting.stack[1]->timestamps))
			continue;
		if (scenario_plays(asked->scenario, &setting))
			ask_with_faults(asked, setting);
	}
}

static void test(const struct scenario *s)
{
	struct asked asked = { .scenario = s };

	each_setting(&asked);
	ok(asked.told && !asked.wrong, "%s: %s", s->title, cause_get(s->cause)->id);
	ok(!asked.dishonest, "%s: never certain of anything else", s->title);
	if (asked.wrong || asked.dishonest)
		printf("#   %u wrong, %u dishonest\n", asked.wrong, asked.dishonest);
}

static bool is_played(enum cause_id cause)
{
	for (unsigned i = 0; i < SCENARIO_LISTS; i++)
		for (unsigned j = 0; j < scenario_lists[i]->count; j++)
			if (scenario_lists[i]->scenarios[j].cause == cause)
				return true;
	return false;
}

/* The verdict from several vantages together, whose clocks are a day apart and drift. */
static const struct told *explain_together(const struct scenario *s, const struct setting *setting, unsigned set)
{
	static const struct play_clock clock[VANTAGES] = {
		{ 0, 0 }, { 86400 * NS_PER_S, 50000 }, { -86400 * NS_PER_S, -50000 },
	};

	play_begin(&play, setting);
	s->play(&play);
	play_explain_together(&play, set, clock, false, &all);
	return told_subject(&all);
}

/* What is said of it from here: the certainty, or the cause that it hides behind; "-" where it does not pass. */
static void cell_of(const struct scenario *s, const struct setting *setting, unsigned set, char *cell, size_t size)
{
	const struct told *t = set ? explain_together(s, setting, set) : explain(s, setting);

	if (!t || (!all.subject_frame && setting->cut))
		snprintf(cell, size, "-");
	else if (t->cause == s->cause)
		snprintf(cell, size, "%s", certainty_id(t->certainty));
	else
		snprintf(cell, size, "%s%s%s", told_names(t, s->cause) ? "a candidate of " : "", cause_get(t->cause)->id,
		         t->certainty == CERTAINTY_CERTAIN ? ", certain" : "");
}

/* One column, by IPv4 and by IPv6: from one vantage, or from a set of them. */
static void print_cell(const struct scenario *s, enum vantage vantage, unsigned cut, unsigned set)
{
	char v4[64] = "", v6[64] = "";

	for (uint8_t version = 4; version <= 6; version += 2) {
		struct setting setting = {
			.stack = { &stack_linux, &stack_linux }, .version = version, .vantage = vantage, .cut = cut,
			.timestamps = !(s->conditions & WITHOUT_TIMESTAMPS),
		};

		if (scenario_plays(s, &setting))
			cell_of(s, &setting, set, version == 4 ? v4 : v6, sizeof v4);
	}
	if (strcmp(v4, v6) == 0 || !*v6)
		printf(" | %s", v4);
	else if (!*v4)
		printf(" | IPv6: %s", v6);
	else
		printf(" | %s; IPv6: %s", v4, v6);
}

#define HANDSHAKE_FRAMES 3
#define BOTH_ENDS (1u << AT_CLIENT | 1u << AT_SERVER)

static void print_row(const struct scenario *s)
{
	printf("| `%s` | %s", cause_get(s->cause)->id, s->title);
	for (enum vantage vantage = AT_CLIENT; vantage < VANTAGES; vantage++)
		print_cell(s, vantage, 0, 0);
	print_cell(s, IN_MIDDLE, HANDSHAKE_FRAMES, 0);
	print_cell(s, AT_CLIENT, 0, BOTH_ENDS);
	print_cell(s, AT_CLIENT, 0, BOTH_ENDS | 1u << IN_MIDDLE);
	puts(" |");
}

static void print_table(void)
{
	puts("# Which causes are told from where\n\n"
	     "Made by `causes.t --table` (tests/analysis/causes.c) from the conversations that the tests play; a test\n"
	     "compares it with what the program says now. Each conversation follows measured packets, between two\n"
	     "Linux hosts with eight routers between them, captured at the client, at the third router or at the\n"
	     "server, and at that router without the first three frames; then at the client and at the server, and at\n"
	     "all three, whose clocks are a day apart and drift by 50 ppm, read together. *certain*: nothing else\n"
	     "fits. *likely*: the other candidates are named beside it. *a candidate of X*: X is named, and this cause\n"
	     "among the candidates. *-*: the RST does not pass there, or nothing is left to tell. Where IPv6 tells\n"
	     "more (by flow labels) or less than IPv4, it stands behind it. The addresses that a NAT writes anew are\n"
	     "played from its one side only: what both sides tell of it is in lab-by-vantage.md.\n\n"
	     "| cause | what is played | at the client | in the middle | at the server | without its start "
	     "| client and server | all three |\n"
	     "|---|---|---|---|---|---|---|---|");
	for (unsigned i = 0; i < SCENARIO_LISTS; i++)
		for (unsigned j = 0; j < scenario_lists[i]->count; j++)
			print_row(&scenario_lists[i]->scenarios[j]);
	puts("\n## What the captures of both ends leave open\n\n"
	     "Causes that need both sides are certain where the packets of all captures fit no other world. Where they\n"
	     "fit two, the verdict stays *likely*, however many captures there are:\n\n"
	     "- `firewall-reject` of a SYN: the server's capture has nothing of it. So it is where the packet went to\n"
	     "  another machine with that address (a balancer, anycast, a translated destination) whose port is closed,\n"
	     "  and where that capture was told to leave these packets out: captures do not say so. In midstream it is\n"
	     "  certain only where that capture has packets of this very connection, had time to have this one, runs on\n"
	     "  or proves that it dropped nothing, and the RST came from nearer than the host: what answers from as far\n"
	     "  or farther may be a machine to which the address has moved (`failover`).\n"
	     "- `peer-timed-out`: both captures show that what the one end repeated never arrived, and that it later\n"
	     "  knew nothing of the connection. That is what giving up looks like, and what a host looks like that\n"
	     "  rebooted meanwhile, or a container that was made anew: neither says anything when its state goes. Its\n"
	     "  kernel knows (`tcpwhy watch`).\n"
	     "- `nat-expired`, where the end outside speaks first: the translating box answers what it has no mapping\n"
	     "  for. A new rule on that box which rejects what it still translates makes the same RST from the same\n"
	     "  place. Where the end inside speaks first, its segment gets through with other ends than before, which\n"
	     "  no rule does: after a silence that is certain.\n"
	     "- `conntrack-invalid` behind a masquerade: what leaks is for the box itself, and is seen nowhere else.\n"
	     "  Whether its kernel answered, having no such connection, or a rule that rejects what is invalid, no packet\n"
	     "  tells. Behind a translated destination the leak itself is seen, and it is certain.\n"
	     "- Whatever a capture in the middle lacks, once no later packet comes past it: ways change, and packets take\n"
	     "  several. It counts as lost or made only where a capture at the end of the way lacks it, too.");
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strcmp(argv[1], "--table") == 0) {
		print_table();
		return EXIT_SUCCESS;
	}
	for (unsigned i = 0; i < SCENARIO_LISTS; i++)
		for (unsigned j = 0; j < scenario_lists[i]->count; j++)
			test(&scenario_lists[i]->scenarios[j]);
	for (unsigned id = 0; id < CAUSES; id++)
		ok(is_played((enum cause_id)id), "%s is played", cause_get((enum cause_id)id)->id);
	return done_testing();
}
