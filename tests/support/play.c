#include "support/play.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/builder.h"

#define START_NS (1700000000 * NS_PER_S)
#define HOP_NS (PLAY_TRIP_NS / PLAY_HOPS)
#define RTO_NS (210 * NS_PER_MS)
#define COPY_NS (3 * NS_PER_US)
#define LOST_AT 6       /* hops from its sender */

const struct stack stack_linux = {
	.name = "linux", .hop_limit = 64, .timestamps = true, .aborts_in_full = true, .copies_class = true,
};
const struct stack stack_windows = {
	.name = "windows", .hop_limit = 128, .counts_ids = true, .answers_with_ack = true,
};
const struct stack stack_bsd = {
	.name = "bsd", .hop_limit = 64, .timestamps = true, .random_ids = true,
};

static const uint8_t payload_bytes[PLAY_PAYLOAD_MAX] = "GET / HTTP/1.1\r\n";

static void set_address(struct address *address, uint8_t version, uint8_t last)
{
	static const uint8_t v4[4] = { 10, 81, 0, 2 }, v6[16] = { 0xfd, 0x81, [15] = 2 };

	memset(address, 0, sizeof *address);
	address->version = version;
	memcpy(address->bytes, version == 4 ? v4 : v6, version == 4 ? sizeof v4 : sizeof v6);
	address->bytes[version == 4 ? 2 : 3] = last;
}

/* Numbers that differ from host to host and from connection to connection, the same in every run. */
static uint32_t number_of(const struct play *p, enum end who)
{
	uint32_t n = p->setting.isn[who];

	if (n && !p->count)
		return n;
	return (uint32_t)(p->count + 1) * 0x9e3779b1u + (who == CLIENT ? 1000u : 0x40000000u);
}

void play_renew(struct play *p, enum end who)
{
	struct host *h = &p->host[who];

	h->isn = h->next = number_of(p, who);
	h->expects = 0;
	h->heard_any = h->fin_sent = h->gone = h->unread = false;
	h->label = (number_of(p, who) >> 7 & 0xfffff) | 1;
	h->window = h->stack == &stack_windows ? 1026 : 502;
	if (!h->stack->counts_ids)
		h->ip_id = (uint16_t)(number_of(p, who) >> 9 | 256);
}

void play_begin(struct play *p, const struct setting *setting)
{
	memset(p, 0, sizeof *p);
	p->setting = *setting;
	p->now_ns = START_NS;
	for (enum end who = CLIENT; who <= SERVER; who++) {
		struct host *h = &p->host[who];

		h->stack = setting->stack[who];
		h->ip_id = (uint16_t)(0x1234 + 0x2345 * who);
		h->ts_offset = 500000u + 900000u * who;
		set_address(&h->end.address, setting->version, (uint8_t)(who + 1));
		play_renew(p, who);
	}
	play_ports(p, 40001, 9999);
}

void play_ports(struct play *p, uint16_t client, uint16_t server)
{
	p->host[CLIENT].end.port = client;
	p->host[SERVER].end.port = server;
}

static bool arrives(const struct packet *packet)
{
	return packet->to == 0 || packet->to == PLAY_HOPS;
}

static int64_t arrival(const struct packet *packet)
{
	int hops = packet->to - packet->from;

	return packet->sent_ns + (hops < 0 ? -hops : hops) * HOP_NS;
}

static void hear(struct host *h, const struct packet *packet)
{
	const struct segment *s = &packet->segment;
	struct options options;

	h->heard = *packet;
	segment_options(&h->heard.segment, &options);
	if (s->flags & TCP_RST || h->gone)
		return;
	if (options.seen & OPTION_TIMESTAMP)
		h->ts_recent = options.ts_value;
	if (!h->heard_any || s->seq == h->expects)
		h->expects = segment_end(s);
	h->heard_any = true;
	if (h->unread && s->payload_len)
		h->window = (uint16_t)(h->window - 1 - s->payload_len / 128);
}

/* What has arrived at `who` by now, in the order of arrival. */
static void deliver(struct play *p, enum end who)
{
	for (;;) {
		struct packet *next = NULL;

		for (unsigned i = 0; i < p->count; i++) {
			struct packet *packet = &p->packets[i];
			bool mine = packet->to == (who == CLIENT ? 0 : PLAY_HOPS) && arrives(packet);

			if (mine && !packet->delivered && arrival(packet) <= p->now_ns && (!next || arrival(packet) < arrival(next)))
				next = packet;
		}
		if (!next)
			return;
		next->delivered = true;
		hear(&p->host[who], next);
	}
}

void play_wait(struct play *p, int64_t ns)
{
	p->now_ns += ns;
}

void play_settle(struct play *p)
{
	p->now_ns += PLAY_TRIP_NS;
	deliver(p, CLIENT);
	deliver(p, SERVER);
}

/* A script that overruns sends its last packet again and again: the test fails, nothing breaks. */
static struct packet *new_packet(struct play *p, enum end who)
{
	unsigned at = p->count < PLAY_FRAMES_MAX ? p->count++ : PLAY_FRAMES_MAX - 1;
	struct packet *packet = &p->packets[at];
	struct host *h = &p->host[who];

	*packet = (struct packet){
		.sent_ns = p->now_ns, .from = who == CLIENT ? 0 : PLAY_HOPS, .to = who == CLIENT ? PLAY_HOPS : 0,
		.segment = {
			.src = h->end, .dst = p->host[!who].end, .version = p->setting.version, .hop_limit = h->stack->hop_limit,
			.dont_fragment = p->setting.version == 4, .flow_label = p->setting.version == 6 ? h->label : 0,
			.payload = payload_bytes,
		},
	};
	packet->segment.options = packet->options;
	p->now_ns += 30 * NS_PER_US;
	return packet;
}

static uint16_t next_id(struct play *p, struct host *h)
{
	if (p->setting.version == 6)
		return 0;
	if (h->stack->random_ids)
		return h->ip_id = (uint16_t)(h->ip_id * 25173u + 13849u);
	return ++h->ip_id;
}

void play_option(struct packet *packet, const void *bytes, size_t len)
{
	struct segment *s = &packet->segment;

	s->options = packet->options;
	memcpy(packet->options + s->options_len, bytes, len);
	s->options_len = (uint8_t)(s->options_len + len);
	while (s->options_len % 4)
		packet->options[s->options_len++] = 1;
	s->header_options_len = s->options_len;
}

static bool speak_timestamps(const struct play *p)
{
	return p->setting.timestamps && p->host[CLIENT].stack->timestamps && p->host[SERVER].stack->timestamps;
}

static void add_options(const struct play *p, const struct host *h, struct packet *packet)
{
	struct options o = { .seen = h->extra_options };
	uint8_t bytes[40];

	if (packet->segment.flags & TCP_SYN) {
		o.seen |= OPTION_MSS | OPTION_SACK_PERMITTED | OPTION_WINDOW_SCALE;
		o.mss = 1460;
		o.window_scale = 7;
	}
	if (speak_timestamps(p)) {
		o.seen |= OPTION_TIMESTAMP;
		o.ts_value = h->ts_offset + (uint32_t)((packet->sent_ns - START_NS) / NS_PER_MS);
		o.ts_echo = h->ts_recent;
	}
	play_option(packet, bytes, builder_options(&o, bytes));
}

struct packet *play_send(struct play *p, enum end who, unsigned flags, uint32_t payload_len)
{
	struct host *h = &p->host[who];
	struct packet *packet;
	struct segment *s;

	deliver(p, who);
	packet = new_packet(p, who);
	s = &packet->segment;
	s->flags = (uint16_t)flags;
	s->seq = h->next;
	s->ack = flags & TCP_ACK ? h->expects : 0;
	s->window = flags & TCP_SYN ? 64240 : h->window;
	s->payload_len = s->payload_captured = payload_len;
	s->traffic_class = h->class;
	packet->mac_last = h->mac_last;
	s->ip_id = flags == (TCP_SYN | TCP_ACK) && h->stack == &stack_linux ? 0 : next_id(p, h);
	add_options(p, h, packet);
	h->next = segment_end(s);
	h->fin_sent |= (flags & TCP_FIN) != 0;
	return packet;
}

struct packet *play_tell(struct play *p, enum end who, uint32_t payload_len)
{
	return play_send(p, who, TCP_PSH | TCP_ACK, payload_len);
}

struct packet *play_ack(struct play *p, enum end who)
{
	return play_send(p, who, TCP_ACK, 0);
}

struct packet *play_fin(struct play *p, enum end who)
{
	return play_send(p, who, TCP_FIN | TCP_ACK, 0);
}

struct packet *play_probe(struct play *p, enum end who)
{
	struct packet *packet = play_ack(p, who);

	packet->segment.seq--;
	return packet;
}

static void bare(struct packet *packet)
{
	packet->segment.options_len = packet->segment.header_options_len = 0;
	packet->segment.window = 0;
}

struct packet *play_abort(struct play *p, enum end who)
{
	struct packet *packet = play_send(p, who, TCP_RST | TCP_ACK, 0);

	if (!p->host[who].stack->aborts_in_full)
		bare(packet);
	p->host[who].gone = true;
	return packet;
}

struct packet *play_answer_to(struct play *p, enum end who, const struct packet *to)
{
	struct host *h = &p->host[who];
	const struct segment trigger = to->segment;
	struct packet *packet = new_packet(p, who);
	struct segment *s = &packet->segment;
	bool late = h->stack->answers_with_ack && h->fin_sent;

	if (trigger.flags & TCP_ACK && !late) {
		s->flags = TCP_RST;
		s->seq = trigger.ack;
	} else {
		s->flags = TCP_RST | TCP_ACK;
		s->seq = trigger.flags & TCP_ACK ? trigger.ack : 0;
		s->ack = segment_end(&trigger);
	}
	if (h->stack->copies_class)
		s->traffic_class = trigger.traffic_class;
	if (h->stack->counts_ids || h->stack->random_ids)
		s->ip_id = next_id(p, h);
	if (p->setting.version == 6 && !h->fin_sent)
		s->flow_label = ((h->label * 7 + 0x2b0d) & 0xfffff) | 1;
	packet->mac_last = h->mac_last;
	return packet;
}

struct packet *play_answer(struct play *p, enum end who)
{
	deliver(p, who);
	return play_answer_to(p, who, &p->host[who].heard);
}

struct packet *play_forge(struct play *p, enum end who, unsigned flags, uint32_t seq, uint32_t ack)
{
	struct packet *packet = new_packet(p, who);

	packet->segment.flags = (uint16_t)flags;
	packet->segment.seq = seq;
	packet->segment.ack = ack;
	packet->segment.window = 512;
	packet->segment.ip_id = p->setting.version == 4 ? 0x1234 : 0;
	return packet;
}

struct packet *play_again(struct play *p, const struct packet *old)
{
	enum end who = old->from == 0 ? CLIENT : SERVER;
	const struct packet copy = *old;
	struct packet *packet = new_packet(p, who);
	int64_t sent = packet->sent_ns;

	*packet = copy;
	packet->sent_ns = sent;
	packet->to = who == CLIENT ? PLAY_HOPS : 0;
	packet->delivered = packet->subject = false;
	packet->segment.options = packet->options;
	packet->segment.ip_id = copy.segment.ip_id ? next_id(p, &p->host[who]) : 0;
	if (speak_timestamps(p) && packet->segment.options_len) {
		packet->segment.options_len = 0;
		add_options(p, &p->host[who], packet);
	}
	return packet;
}

void play_syn(struct play *p)
{
	play_send(p, CLIENT, TCP_SYN, 0);
	play_settle(p);
}

void play_shake(struct play *p)
{
	play_syn(p);
	play_send(p, SERVER, TCP_SYN | TCP_ACK, 0);
	play_settle(p);
	play_ack(p, CLIENT);
	play_settle(p);
}

static void lose_one(struct play *p, struct packet *packet, enum end who)
{
	if (!p->setting.lossy || p->lost_one)
		return;
	p->lost_one = true;
	packet->to = who == CLIENT ? LOST_AT : PLAY_HOPS - LOST_AT;
	play_wait(p, RTO_NS);
	play_again(p, packet);
}

void play_say(struct play *p, enum end who, uint32_t payload_len)
{
	lose_one(p, play_tell(p, who, payload_len), who);
	play_settle(p);
	play_ack(p, !who);
	play_settle(p);
}

void play_close(struct play *p, enum end who)
{
	play_fin(p, who);
	play_settle(p);
	play_ack(p, !who);
	play_settle(p);
}

void play_exchange(struct play *p)
{
	play_say(p, CLIENT, 120);
	play_wait(p, 20 * NS_PER_MS);
	play_say(p, SERVER, 600);
}

void play_subject(struct packet *packet)
{
	packet->subject = true;
}
