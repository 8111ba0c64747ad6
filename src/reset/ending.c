/* Connections that ended without a RST, but that a user would take for one. */
#include "packet/decoder.h"
#include "base/run.h"
#include "reset/reset.h"

/* The side that sent again and again without an answer; -1 where there is none. */
static int side_that_gave_up(const struct conversation *c)
{
	const struct half *half = c->flow.half;

	if (!flow_unanswered(&c->flow))
		return -1;
	return half[0].unanswered >= half[1].unanswered ? 0 : 1;
}

static void fill(struct evidence *e, const struct conversation *c, unsigned gave_up)
{
	const struct side *silent = &c->side[!gave_up], *own = &c->side[gave_up];
	const struct run *run = own->retransmits.count ? &own->retransmits : &own->syns;

	*e = (struct evidence){
		.is_ending = true, .frame = frame_in_file(own->last.frame), .time_ns = own->last.time_ns,
		.src = own->end, .dst = silent->end,
		.connection = c->number, .first_frame = frame_in_file(c->flow.first_frame), .sealed = SEALED_EOF,
		.sender_role = gave_up == c->flow.initiator ? ROLE_SERVER : ROLE_CLIENT,
		.receiver_state = silent->segments ? TCP_STATE_ESTABLISHED : TCP_STATE_SYN_SENT,
	};
	for (unsigned i = 0; i < 2; i++) {
		e->isn_known[i] = c->side[gave_up ^ i].syn.frame;
		e->isn[i] = c->side[gave_up ^ i].isn;
	}
	evidence_describe(e, &c->zeek);
	evidence_decide(e, FACT_SENDER_SEEN, silent->segments, silent->last.frame, silent->last.time_ns);
	evidence_decide(e, FACT_HANDSHAKE_SEEN, c->handshake.frame, c->handshake.frame, c->handshake.time_ns);
	evidence_decide(e, FACT_SYN_SEEN, own->syn.frame, own->syn.frame, own->syn.time_ns);
	if (run->count)
		evidence_number(e, FACT_RECEIVER_RETRANSMITS, run->count, run->last.frame, run->last.time_ns);
	if (run->count)
		evidence_number(e, FACT_AGE, clock_elapsed(own->first.time_ns, run->last.time_ns), run->last.frame,
		                run->last.time_ns);
}

bool reset_ending(struct evidence *evidence, const struct conversation *c, const struct icmp_error *icmp)
{
	int gave_up = side_that_gave_up(c);

	if (icmp) {
		gave_up = endpoint_equal(&icmp->src, &c->side[0].end) ? 0 : 1;
		if (c->side[!gave_up].segments || !c->side[gave_up].segments)
			return false;
	}
	if (gave_up < 0)
		return false;
	fill(evidence, c, (unsigned)gave_up);
	if (icmp) {
		evidence->frame = frame_in_file(icmp->frame);
		evidence->time_ns = icmp->time_ns;
		evidence_number(evidence, FACT_ICMP_ERROR, (uint64_t)icmp->version << 16 | (uint64_t)icmp->type << 8 | icmp->code,
		                icmp->frame, icmp->time_ns);
	} else {
		evidence_no(evidence, FACT_ICMP_ERROR);
	}
	return true;
}
