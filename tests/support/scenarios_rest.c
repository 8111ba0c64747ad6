/* What a capture cannot tell, and ends without a RST. */
#include "support/scenarios.h"

static void lone_rst(struct play *p)
{
	p->host[SERVER].expects = 0x5000;
	play_subject(play_forge(p, SERVER, TCP_RST, 0x4000, 0));
}

/* C07 seen from the client */
static void data_unanswered(struct play *p)
{
	struct packet *data;

	play_shake(p);
	play_exchange(p);
	data = play_tell(p, CLIENT, 300);
	data->to = 7;
	for (int i = 0; i < 7; i++) {
		play_wait(p, (200 * NS_PER_MS) << i);
		play_again(p, data)->to = 7;
	}
}

static void syn_unanswered(struct play *p)
{
	struct packet *syn = play_send(p, CLIENT, TCP_SYN, 0);

	syn->to = 7;
	for (int i = 0; i < 6; i++) {
		play_wait(p, NS_PER_S << i);
		play_again(p, syn)->to = 7;
	}
}

/* E03c */
static void icmp_refuses(struct play *p)
{
	struct packet *syn = play_send(p, CLIENT, TCP_SYN, 0);

	play_settle(p);
	p->icmp = (struct icmp_error){
		.frame = 1, .reporter = p->host[SERVER].end.address, .src = syn->segment.src, .dst = syn->segment.dst,
		.seq = syn->segment.seq, .version = p->setting.version, .type = p->setting.version == 4 ? 3 : 1,
		.code = p->setting.version == 4 ? 3 : 4,
	};
	p->icmp_quotes = syn->segment;
}

static const struct scenario list[] = {
	{ "a RST alone", CAUSE_unknown, CERTAINTY_UNKNOWN, .play = lone_rst },
	{ "data stay unanswered", CAUSE_no_answer, CERTAINTY_CERTAIN, .play = data_unanswered,
	  .conditions = NOT_AT_SERVER },
	{ "a SYN stays unanswered", CAUSE_no_answer, CERTAINTY_CERTAIN, .play = syn_unanswered,
	  .conditions = NOT_AT_SERVER },
	{ "an ICMP error refuses a SYN", CAUSE_icmp_refused, CERTAINTY_CERTAIN, .play = icmp_refuses },
};

const struct scenario_list scenarios_rest = { list, sizeof list / sizeof *list };
