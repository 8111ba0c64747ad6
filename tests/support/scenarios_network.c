/* Boxes in between: forgetting, forging, telling. */
#include "support/scenarios.h"

#include <string.h>

#define BOX_AT 5
#define BOX_WINDOW 5000

static struct packet *says(struct packet *packet, const char *text)
{
	packet->segment.payload = (const uint8_t *)text;
	packet->segment.payload_len = packet->segment.payload_captured = (uint32_t)strlen(text);
	return packet;
}

static void write_is_refused(struct play *p)
{
	play_tell(p, CLIENT, 5);
	play_settle(p);
	play_subject(play_answer(p, SERVER));
	play_settle(p);
}

/* A network load balancer forgets after 350 s and resets what comes later. */
static void balancer_forgets(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_renew(p, SERVER);
	play_wait(p, 352 * NS_PER_S);
	write_is_refused(p);
}

/* The box shook hands itself, the data come from further behind. */
static void box_shows_itself(struct play *p)
{
	struct packet *rst;

	play_syn(p);
	play_send(p, SERVER, TCP_SYN | TCP_ACK, 0)->segment.hop_limit = 255 - 2;
	play_settle(p);
	play_ack(p, CLIENT);
	play_settle(p);
	play_exchange(p);
	play_wait(p, 130 * NS_PER_S);
	play_tell(p, CLIENT, 5);
	play_settle(p);
	rst = play_answer(p, SERVER);
	rst->segment.hop_limit = 255 - 2;
	play_subject(rst);
}

/* The window of its RST is a reason; the handshake shows whose. */
static void netscaler_says_idle(struct play *p)
{
	struct packet *rst;

	play_syn(p);
	play_send(p, SERVER, TCP_SYN | TCP_ACK, 0)->segment.window = 8190;
	play_settle(p);
	play_ack(p, CLIENT);
	play_settle(p);
	play_exchange(p);
	play_wait(p, 180 * NS_PER_S);
	rst = play_abort(p, SERVER);
	rst->segment.options_len = rst->segment.header_options_len = 0;
	rst->segment.window = 9300;
	play_subject(rst);
}

static void big_ip_says_expired(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_wait(p, 300 * NS_PER_S);
	play_subject(says(play_abort(p, SERVER), "BIG-IP: [0x11c5672:1234] Flow expired (sweeper)"));
}

static void big_ip_passes_on(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_subject(says(play_abort(p, SERVER), "BIG-IP: [0x11c5672:3045] {peer} TCP RST from remote system"));
}

/* E10: the answer of a server to whom the translated port is new. */
static void translator_forgets(struct play *p)
{
	balancer_forgets(p);
}

/* E09, behind the NAT: only what went out untranslated passes here, and the server does not know it. */
static void untranslated_write(struct play *p)
{
	write_is_refused(p);
}

/* E07: the server writes first, and the NAT itself answers: the address is its own. */
static void translator_answers(struct play *p)
{
	struct packet *rst;

	play_shake(p);
	play_exchange(p);
	play_wait(p, 400 * NS_PER_S);
	play_tell(p, SERVER, 5);
	play_settle(p);
	rst = play_answer(p, CLIENT);
	rst->from = BOX_AT;
	play_subject(rst);
	play_settle(p);
}

/* The NAT's table was flushed: no time has passed. */
static void translator_is_flushed(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_renew(p, SERVER);
	play_wait(p, 2 * NS_PER_S);
	write_is_refused(p);
}

static struct packet *forged(struct play *p, enum end who, unsigned flags, uint32_t seq, uint32_t ack)
{
	struct packet *packet = play_forge(p, who, flags, seq, ack);

	packet->from = BOX_AT;
	packet->segment.ip_id = p->setting.version == 4 ? (uint16_t)(0x7a31 + 977 * p->count) : 0;
	packet->segment.flow_label = 0;
	packet->segment.hop_limit = 64;
	packet->segment.dont_fragment = false;
	packet->segment.window = BOX_WINDOW;
	return packet;
}

/* tcpkill: guesses at the window. */
static void forged_ladder(struct play *p)
{
	uint32_t next;

	play_shake(p);
	play_exchange(p);
	next = p->host[SERVER].next;
	play_subject(forged(p, SERVER, TCP_RST, next, 0));
	forged(p, SERVER, TCP_RST, next + BOX_WINDOW, 0);
	forged(p, SERVER, TCP_RST, next + 3 * BOX_WINDOW, 0);
	play_settle(p);
}

/* A censor: several at once, and the true answer comes later. */
static void forged_then_contradicted(struct play *p)
{
	play_shake(p);
	play_tell(p, CLIENT, 300);
	play_wait(p, 5 * NS_PER_MS);
	for (int i = 0; i < 3; i++) {
		struct packet *rst = forged(p, SERVER, TCP_RST | TCP_ACK, p->host[SERVER].next, p->host[CLIENT].next);

		rst->segment.hop_limit = 255;
		if (i == 0)
			play_subject(rst);
	}
	play_settle(p);
	play_tell(p, SERVER, 700);
	play_settle(p);
	play_answer(p, CLIENT)->to = BOX_AT;
}

/* killcx: a SYN in the client's name draws an ACK whose numbers the RST uses. */
static void forged_from_challenge(struct play *p)
{
	const struct packet *challenge;

	play_shake(p);
	play_exchange(p);
	forged(p, CLIENT, TCP_SYN, 0x1000, 0);
	play_settle(p);
	challenge = play_ack(p, SERVER);
	play_settle(p);
	play_subject(forged(p, CLIENT, TCP_RST, challenge->segment.ack, 0));
	play_settle(p);
}

/* C15: outside the window, and the receiver goes on. */
static void forged_blindly(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_subject(forged(p, SERVER, TCP_RST, p->host[SERVER].next + 0x20000000u, 0));
	play_settle(p);
	play_wait(p, 2 * NS_PER_S);
	play_exchange(p);
}

/* E12b: what conntrack calls invalid keeps the address of the backend, and meets a client that does not know it. */
static void reply_leaks_untranslated(struct play *p)
{
	struct packet *leak, *rst;

	play_shake(p);
	play_exchange(p);
	leak = play_tell(p, SERVER, 6);
	leak->segment.src.address.bytes[p->setting.version == 4 ? 3 : 15] = 77;
	leak->segment.src.port = 30080;
	p->host[SERVER].next -= 6;
	play_settle(p);
	rst = play_answer(p, CLIENT);
	rst->segment.dst = leak->segment.src;
	play_subject(rst);
	play_settle(p);
	play_wait(p, NS_PER_S);
	play_ack(p, CLIENT);
}

/* E12b from the backend's side: its segment draws a RST from a client that it still takes for its peer. */
static void leak_seen_at_its_source(struct play *p)
{
	play_shake(p);
	play_exchange(p);
	play_tell(p, SERVER, 6);
	play_settle(p);
	play_subject(play_answer(p, CLIENT));
	play_settle(p);
}

/* C20: an unsigned RST on a signed connection. */
static void unsigned_rst(struct play *p)
{
	p->host[CLIENT].extra_options = p->host[SERVER].extra_options = OPTION_MD5;
	play_shake(p);
	play_exchange(p);
	play_subject(play_forge(p, SERVER, TCP_RST, p->host[SERVER].next, 0));
	play_settle(p);
	play_wait(p, NS_PER_S);
	play_exchange(p);
}

#define FORGED BIT(injected)
#define STRANGER (BIT(half_open) | BIT(idle_expired))

static const struct scenario list[] = {
	{ "a load balancer forgets an idle connection", CAUSE_idle_expired, CERTAINTY_LIKELY, STRANGER,
	  .accepted = ACCEPTANCE_YES, .play = balancer_forgets },
	{ "the box that shook hands resets an idle connection", CAUSE_idle_expired, CERTAINTY_CERTAIN,
	  .accepted = ACCEPTANCE_YES, .play = box_shows_itself },
	{ "a NetScaler says that the connection was idle", CAUSE_idle_expired, CERTAINTY_CERTAIN,
	  .accepted = ACCEPTANCE_YES, .play = netscaler_says_idle },
	{ "a BIG-IP says that the connection expired", CAUSE_idle_expired, CERTAINTY_CERTAIN,
	  .accepted = ACCEPTANCE_YES, .play = big_ip_says_expired },
	{ "a NAT forgets an idle connection", CAUSE_nat_expired, CERTAINTY_LIKELY, STRANGER, .accepted = ACCEPTANCE_YES,
	  .play = translator_forgets },
	{ "a NAT forgets, and what it no longer translates meets a stranger", CAUSE_nat_expired, CERTAINTY_LIKELY,
	  STRANGER, .accepted = ACCEPTANCE_YES, .play = untranslated_write },
	{ "a NAT forgets, and answers for itself", CAUSE_nat_expired, CERTAINTY_LIKELY, STRANGER,
	  .conditions = NOT_AT_CLIENT | NOT_IN_MIDDLE, .play = translator_answers },
	{ "the table of a NAT is flushed", CAUSE_nat_expired, CERTAINTY_LIKELY, STRANGER, .certain_too = STRANGER,
	  .play = translator_is_flushed },
	{ "a reply leaks untranslated", CAUSE_conntrack_invalid, CERTAINTY_CERTAIN, .play = reply_leaks_untranslated },
	{ "a reply leaked, seen from the side that sent it", CAUSE_conntrack_invalid, CERTAINTY_LIKELY, STRANGER,
	  .conditions = ONLY_LINUX, .play = leak_seen_at_its_source },
	{ "forged RSTs guess at the window", CAUSE_injected, CERTAINTY_CERTAIN, .conditions = NOT_AT_SERVER,
	  .sender = ROLE_MIDDLEBOX, .play = forged_ladder },
	{ "the server answers after forged RSTs", CAUSE_injected, CERTAINTY_CERTAIN, .conditions = NOT_AT_SERVER,
	  .sender = ROLE_MIDDLEBOX, .play = forged_then_contradicted },
	{ "a forged SYN draws the numbers for a forged RST", CAUSE_injected, CERTAINTY_CERTAIN,
	  .conditions = NOT_AT_CLIENT | NOT_IN_MIDDLE, .sender = ROLE_MIDDLEBOX, .play = forged_from_challenge },
	{ "a forged RST misses the window", CAUSE_injected, CERTAINTY_LIKELY, .conditions = NOT_AT_SERVER,
	  .accepted = ACCEPTANCE_NO, .part = PART_IGNORED, .play = forged_blindly },
	{ "a proxy passes on a reset", CAUSE_proxy_relayed, CERTAINTY_CERTAIN, .accepted = ACCEPTANCE_YES,
	  .play = big_ip_passes_on },
	{ "a RST lacks the signature", CAUSE_unsigned_reset, CERTAINTY_CERTAIN, .accepted = ACCEPTANCE_NO,
	  .part = PART_IGNORED, .harm = HARM_NONE, .conditions = HARM_SURE | ONLY_LINUX, .play = unsigned_rst,
	  .certain_too = FORGED },
};

const struct scenario_list scenarios_network = { list, sizeof list / sizeof *list };
