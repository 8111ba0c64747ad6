/* The capture of what was played: which frames pass the vantage, when, and what is said about them. */
#include "support/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/builder.h"

#define HOP_NS (PLAY_TRIP_NS / PLAY_HOPS)
#define COPY_NS (3 * NS_PER_US)
#define FRAME_MAX (PLAY_PAYLOAD_MAX + 200)
#define LINKTYPE_ETHERNET 1
#define MAC_OFFSET 6

struct shot {
	int64_t time_ns;
	unsigned order;
	bool subject;
	uint32_t length;
	uint8_t data[FRAME_MAX];
};

struct roll {
	unsigned count;
	struct shot shots[2 * PLAY_FRAMES_MAX];
};

static int place_of(enum vantage vantage)
{
	static const int places[] = { 0, PLAY_MIDDLE, PLAY_HOPS };

	return places[vantage];
}

static bool passes(const struct packet *packet, int place)
{
	return packet->from <= packet->to ? place >= packet->from && place <= packet->to
	                                  : place <= packet->from && place >= packet->to;
}

static void set_mac(const struct packet *packet, uint8_t *frame)
{
	uint8_t *mac = frame + MAC_OFFSET;

	memset(mac, 0, 6);
	if (packet->on_loopback)
		return;
	mac[0] = 2;
	mac[5] = packet->mac_last ? packet->mac_last : packet->from > packet->to ? 0x51 : 0xc1;
}

static void shoot(const struct play *p, struct roll *roll, const struct packet *packet, int place, bool copy)
{
	struct shot *shot = &roll->shots[roll->count];
	struct segment s = packet->segment;
	int hops = abs(place - packet->from);

	s.hop_limit = (uint8_t)(s.hop_limit - hops - copy);
	s.options = packet->options;
	if (p->setting.offloaded && hops == 0)
		s.checksum = CHECKSUM_OFFLOADED;
	shot->length = (uint32_t)builder_frame(&s, shot->data, sizeof shot->data);
	if (!shot->length)
		return;
	set_mac(packet, shot->data);
	shot->time_ns = packet->sent_ns + hops * HOP_NS + copy * COPY_NS;
	shot->order = roll->count++;
	shot->subject = packet->subject && !copy;
}

static bool is_wanted(const struct setting *setting, const struct packet *packet)
{
	bool from_client = packet->from < packet->to;

	return !(setting->from_client_only && !from_client) && !(setting->from_server_only && from_client);
}

static int by_time(const void *a, const void *b)
{
	const struct shot *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void add_icmp(struct roll *roll, const struct play *p)
{
	struct shot *shot = &roll->shots[roll->count];

	if (!p->icmp.frame)
		return;
	shot->length = (uint32_t)builder_icmp_error(&p->icmp, &p->icmp_quotes, shot->data, sizeof shot->data);
	shot->time_ns = p->now_ns;
	shot->order = roll->count;
	shot->subject = false;
	roll->count += shot->length > 0;
}

static void develop(struct roll *roll, const struct play *p)
{
	int place = place_of(p->setting.vantage);

	roll->count = 0;
	for (unsigned i = 0; i < p->count; i++) {
		const struct packet *packet = &p->packets[i];

		if (!passes(packet, place) || !is_wanted(&p->setting, packet))
			continue;
		shoot(p, roll, packet, place, false);
		if (p->setting.doubled)
			shoot(p, roll, packet, place, true);
	}
	add_icmp(roll, p);
	qsort(roll->shots, roll->count, sizeof *roll->shots, by_time);
}

static struct frame frame_of(const struct play *p, const struct shot *shot, uint64_t number)
{
	uint32_t captured = p->setting.captured_max && shot->length > p->setting.captured_max ? p->setting.captured_max
	                                                                                      : shot->length;

	return (struct frame){
		.number = number, .time_ns = shot->time_ns, .data = shot->data, .captured = captured, .length = shot->length,
		.link_type = LINKTYPE_ETHERNET, .has_time = 1,
	};
}

void play_take_verdict(void *user, const struct verdict *v)
{
	struct told_all *all = user;
	struct told *t = &all->told[all->count];

	if (all->count == PLAY_FRAMES_MAX)
		return;
	all->count++;
	*t = (struct told){
		.found = true, .frame = v->evidence->frame, .cause = v->cause, .certainty = v->certainty,
		.accepted = v->evidence->accepted, .part = v->evidence->part, .harm = v->harm, .sender = v->sender,
		.sealed = v->evidence->sealed, .lost_bytes = v->evidence->lost_bytes, .lost_known = v->evidence->lost_known,
		.is_ending = v->evidence->is_ending, .candidate_count = v->candidate_count, .evidence = *v->evidence,
	};
	memcpy(t->candidates, v->candidates, sizeof t->candidates);
}

void play_explain(const struct play *p, struct told_all *ret)
{
	static struct roll roll;
	struct analysis_options options = { .one_pass = true };
	struct analysis_sink sink = { .user = ret, .verdict = play_take_verdict };
	struct analysis *a = analysis_new(&options, &sink);

	*ret = (struct told_all){ 0 };
	develop(&roll, p);
	for (unsigned i = p->setting.cut; a && i < roll.count; i++) {
		uint64_t number = i - p->setting.cut + 1;
		struct frame frame = frame_of(p, &roll.shots[i], number);

		if (roll.shots[i].subject)
			ret->subject_frame = number;
		analysis_frame(a, &frame);
	}
	if (a)
		analysis_finish(a);
	ret->duplicates = a ? analysis_totals(a)->duplicates : 0;
	analysis_free(a);
}

static void put_le32(FILE *file, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		fputc((int)(value >> 8 * i & 0xff), file);
}

bool play_write(const struct play *p, const char *path)
{
	static const uint32_t header[] = { 0xa1b23c4d, 4u << 16 | 2, 0, 0, 65535, LINKTYPE_ETHERNET };
	static struct roll roll;
	FILE *file = fopen(path, "wb");

	if (!file)
		return false;
	put_le32(file, header[0]);
	put_le32(file, 2 | 4 << 16);
	for (unsigned i = 2; i < sizeof header / sizeof *header; i++)
		put_le32(file, header[i]);
	develop(&roll, p);
	for (unsigned i = p->setting.cut; i < roll.count; i++) {
		const struct shot *shot = &roll.shots[i];

		put_le32(file, (uint32_t)(shot->time_ns / NS_PER_S));
		put_le32(file, (uint32_t)(shot->time_ns % NS_PER_S));
		put_le32(file, shot->length);
		put_le32(file, shot->length);
		fwrite(shot->data, 1, shot->length, file);
	}
	return fclose(file) == 0;
}

const struct told *told_subject(const struct told_all *all)
{
	for (unsigned i = 0; i < all->count; i++)
		if (all->subject_frame ? !all->told[i].is_ending && all->told[i].frame == all->subject_frame
		                       : all->told[i].is_ending)
			return &all->told[i];
	return NULL;
}

bool told_names(const struct told *t, enum cause_id cause)
{
	if (t->cause == cause)
		return true;
	for (unsigned i = 0; i < t->candidate_count; i++)
		if (t->candidates[i] == cause)
			return true;
	return false;
}
