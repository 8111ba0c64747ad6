#include "flow/look.h"

#include <string.h>

#include "flow/conversation.h"

/* The next packet of a host that counts its IP IDs for all peers together: it may have sent a few others between. */
#define IP_ID_NEAR 2000

static void look_add(struct look *look, uint8_t hop_limit)
{
	if (!look->count++) {
		look->hops_first = look->hops_min = look->hops_max = hop_limit;
	} else {
		look->hops_min = hop_limit < look->hops_min ? hop_limit : look->hops_min;
		look->hops_max = hop_limit > look->hops_max ? hop_limit : look->hops_max;
	}
	look->hops_last = hop_limit;
}

static void take_ip_id(struct side *side, const struct segment *s)
{
	uint16_t step = (uint16_t)(s->ip_id - side->ip_id_last);

	if (s->ip_id == 0)
		side->ip_id_zero++;
	else if (side->look.count + side->syn_look.count > 0 && side->ip_id_last) {
		if (step > 0 && step <= IP_ID_NEAR)
			side->ip_id_near++;
		else
			side->ip_id_far++;
	}
	if (s->ip_id)
		side->ip_id_last = s->ip_id;
}

static void take_mac(struct side *side, const struct segment *s)
{
	if (!s->mac)
		return;
	if (side->has_mac && memcmp(side->mac, s->mac, sizeof side->mac) != 0)
		side->mac_changes++;
	memcpy(side->mac, s->mac, sizeof side->mac);
	side->has_mac = true;
}

void look_take(struct side *side, const struct segment *segment)
{
	if (segment->version == 4) {
		take_ip_id(side, segment);
		side->df_set += segment->dont_fragment;
		side->df_clear += !segment->dont_fragment;
	} else {
		side->flow_label_last = segment->flow_label;
	}
	take_mac(side, segment);
	if (segment->flags & TCP_SYN)
		look_add(&side->syn_look, segment->hop_limit);
	else
		look_add(&side->look, segment->hop_limit);
	if (segment->payload_len)
		look_add(&side->data_look, segment->hop_limit);
}

unsigned hops_initial(uint8_t hop_limit)
{
	return hop_limit <= 32 ? 32 : hop_limit <= 64 ? 64 : hop_limit <= 128 ? 128 : 255;
}

unsigned hops_of(uint8_t hop_limit)
{
	return hops_initial(hop_limit) - hop_limit;
}
