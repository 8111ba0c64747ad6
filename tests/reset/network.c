/* Law: a RST is compared with the other packets of its sender, and with nothing that these do not show. */
#include "support/stage.h"

/* A RST in answer to data, changed by the test. */
static struct packet *answer(const struct setting *setting)
{
	stage(setting);
	play_tell(&play, CLIENT, 5);
	play_settle(&play);
	play_subject(play_answer(&play, SERVER));
	return &play.packets[play.count - 1];
}

static void hops(void)
{
	struct setting doubled = usual;

	answer(&usual);
	is_so(evidence_of_subject(), FACT_HOPS_SAME, "the same hop limit");
	answer(&usual)->segment.hop_limit = 255;
	is_so(evidence_of_subject(), FACT_HOPS_SAME, "the same distance from 255");
	answer(&usual)->segment.hop_limit = 61;
	is_so(evidence_of_subject(), FACT_HOPS_DIFFER, "three hops more");
	answer(&usual)->segment.hop_limit = 63;
	is_so(evidence_of_subject(), FACT_HOPS_DIFFER, "a firewall one hop before a steady host");
	doubled.doubled = true;
	answer(&doubled)->segment.hop_limit = 63;
	is_not_so(evidence_of_subject(), FACT_HOPS_DIFFER, "one hop, where a mirror shows two distances");
}

static void ids_and_df(void)
{
	struct setting windows = usual;
	const struct evidence *e;

	windows.stack[SERVER] = &stack_windows;
	answer(&windows);
	is_not_so(evidence_of_subject(), FACT_IP_ID_FOREIGN, "the next of a series");
	answer(&windows)->segment.ip_id = 0x8888;
	is_so(evidence_of_subject(), FACT_IP_ID_FOREIGN, "an ID from elsewhere");
	answer(&usual);
	e = evidence_of_subject();
	is_unknown(e, FACT_IP_ID_FOREIGN, "an ID of 0");
	is_not_so(e, FACT_DF_FLIPPED, "DF as always");
	answer(&usual)->segment.dont_fragment = false;
	is_so(evidence_of_subject(), FACT_DF_FLIPPED, "DF cleared");
}

static void labels(void)
{
	struct setting v6 = usual;
	struct packet *rst;

	v6.version = 6;
	answer(&v6);
	is_so(evidence_of_subject(), FACT_LABEL_FRESH, "a kernel without a socket");
	rst = answer(&v6);
	rst->segment.flow_label = 0;
	is_so(evidence_of_subject(), FACT_LABEL_ZERO, "a firewall");
	rst = answer(&v6);
	rst->segment.flow_label = play.host[SERVER].label;
	is_so(evidence_of_subject(), FACT_LABEL_SAME, "a socket");
	answer(&usual);
	is_unknown(evidence_of_subject(), FACT_LABEL_ZERO, "IPv4");
}

static void classes(void)
{
	struct packet *rst;

	stage(&usual);
	play.host[CLIENT].class = 0x48;
	play_tell(&play, CLIENT, 5);
	play_settle(&play);
	play_subject(play_answer(&play, SERVER));
	is_so(evidence_of_subject(), FACT_CLASS_COPIED, "a kernel repeats the DSCP");
	rst = &play.packets[play.count - 1];
	rst->segment.traffic_class = 0;
	is_so(evidence_of_subject(), FACT_CLASS_DROPPED, "a firewall does not");
	answer(&usual);
	is_unknown(evidence_of_subject(), FACT_CLASS_COPIED, "nothing to repeat");
}

static void links(void)
{
	struct packet *rst;

	answer(&usual);
	is_not_so(evidence_of_subject(), FACT_MAC_DIFFERS, "the same link address");
	answer(&usual)->mac_last = 0x77;
	is_so(evidence_of_subject(), FACT_MAC_DIFFERS, "another link address");
	rst = answer(&usual);
	rst->on_loopback = true;
	is_so(evidence_of_subject(), FACT_LOOPBACK_ONLY, "no link address at all");
}

int main(void)
{
	hops();
	ids_and_df();
	labels();
	classes();
	links();
	return done_testing();
}
