/* Segments that no kernel made. */
#include "lab/conductor.h"
#include "packet/builder.h"

#define OPTIONS_MAX 40 /* bytes of a TCP header (RFC 9293 section 3.1) */

static const struct track *need_track(struct conductor *conductor, const struct endpoint *src,
                                      const struct endpoint *dst)
{
	const struct track *track = conductor_track(conductor, src, dst);

	if (!track && conductor->untracked)
		error_set(&conductor->error, STATUS_LIMIT,
		          _("the connection to forge for is not followed: only the first %d are"), TRACKS_MAX / 2);
	else if (!track)
		error_set(&conductor->error, STATUS_LIMIT, _("nothing was seen of the connection to forge for"));
	return track;
}

/* The port at which a forged segment enters: the victim's own, or that of the router on the far side. */
static enum port_id entrance(const struct step *step)
{
	enum port_id own = network_port((enum party)step->who);

	if (!step->forged->through)
		return own;
	return wire_router(own) == PORT_ROUTER_LEFT ? PORT_ROUTER_RIGHT : PORT_ROUTER_LEFT;
}

/* Build it; false, and what is wrong, where it does not fit into a frame. */
static bool build(struct conductor *conductor, const struct segment *segment, uint8_t frame[WIRE_FRAME_MAX],
                  uint32_t *ret_len)
{
	*ret_len = (uint32_t)builder_frame(segment, frame, WIRE_FRAME_MAX);
	if (!*ret_len)
		error_set(&conductor->error, STATUS_LIMIT, _("a segment of %u bytes does not fit into a frame of %d"),
		          segment->payload_len, WIRE_FRAME_MAX);
	return *ret_len > 0;
}

/* Everything but ends and numbers; `options` holds what it points to. */
static struct segment segment_of(const struct forged *forged, uint8_t options[OPTIONS_MAX])
{
	static const uint8_t payload[WIRE_FRAME_MAX];
	const struct options wanted = { .seen = OPTION_MP_JOIN };

	return (struct segment){
		.options = options, .options_len = forged->mp_join ? (uint8_t)builder_options(&wanted, options) : 0,
		.flags = forged->flags & LAB_HEADER, .window = forged->window,
		.ip_id = forged->ip_id, .flow_label = forged->flow_label,
		.hop_limit = forged->hop_limit ? forged->hop_limit : 64, .payload = payload,
		.payload_len = forged->payload, .payload_captured = forged->payload,
	};
}

enum status step_forge(struct conductor *conductor, const struct step *step)
{
	const struct forged *forged = step->forged;
	const struct program *program = &conductor->programs[step->who];
	const struct endpoint *victim = &program->local[step->sock], *peer = &program->remote[step->sock];
	const struct track *track = need_track(conductor, victim, peer);
	uint8_t options[OPTIONS_MAX];
	struct segment segment = segment_of(forged, options);
	uint8_t frame[WIRE_FRAME_MAX];
	uint32_t len;

	if (!track)
		return conductor->error.status;
	step_remark(conductor, step);
	segment.src = *peer;
	segment.dst = *victim;
	segment.mac = wire_mac(conductor->network.wire, wire_router(network_port((enum party)step->who)));
	segment.seq = track->ack + (uint32_t)forged->seq_offset;
	segment.ack = forged->flags & LAB_ACK ? track->next + (uint32_t)forged->ack_offset : 0;
	if (!build(conductor, &segment, frame, &len))
		return conductor->error.status;
	wire_inject(conductor->network.wire, entrance(step), frame, len);
	return STATUS_OK;
}

/* The numbers that come next on the connection of the host's own program. */
static enum status go_on(struct conductor *conductor, const struct step *step, struct segment *segment)
{
	const struct program *program = &conductor->programs[step->who];
	const struct track *track = need_track(conductor, &program->local[step->sock], &program->remote[step->sock]);

	if (!track)
		return conductor->error.status;
	segment->src = track->src;
	segment->dst = track->dst;
	segment->seq += track->next;
	segment->ack += track->ack;
	return STATUS_OK;
}

enum status step_send_raw(struct conductor *conductor, const struct step *step)
{
	const struct forged *forged = step->forged;
	enum port_id port = network_port((enum party)step->who);
	uint8_t version = conductor->options->version, frame[WIRE_FRAME_MAX], options[OPTIONS_MAX];
	struct segment segment = segment_of(forged, options);
	uint32_t len;

	step_remark(conductor, step);
	segment.src.address = network_address(version, (enum party)step->who);
	segment.src.port = forged->from_port ? forged->from_port : LAB_CLIENT_PORT;
	segment.dst.address = network_address(version, forged->to);
	segment.dst.port = forged->to_port ? forged->to_port : LAB_PORT;
	segment.mac = wire_mac(conductor->network.wire, port);
	segment.seq = (uint32_t)forged->seq_offset;
	segment.ack = (uint32_t)forged->ack_offset;
	if ((forged->own && go_on(conductor, step, &segment) != STATUS_OK) || !build(conductor, &segment, frame, &len))
		return conductor->error.status;
	wire_send_from(conductor->network.wire, port, frame, len);
	return STATUS_OK;
}
