#include "cli/live_filter.h"

#include <string.h>

#include "packet/builder.h"
#include "packet/tcp.h"
#include "reset/testimony.h"

bool live_filter_harm(struct live_filter *filter, const char *word)
{
	if (!word)
		return true;
	for (enum harm harm = HARM_NONE; harm <= HARM_DATA_LOST; harm++)
		if (strcmp(word, harm_id(harm)) == 0) {
			filter->harm = harm;
			return true;
		}
	return false;
}

static bool has_command(const struct witness *witness, const char *command)
{
	/* The kernel keeps no more of a name. */
	return witness->actor.known && strncmp(witness->actor.command, command, COMMAND_MAX - 1) == 0;
}

/* "/a/b" is in "/a/b" and in "/a", and not in "/a/". */
static bool is_in_cgroup(const struct witness *witness, const char *cgroup)
{
	size_t len = strlen(cgroup);
	const char *path = witness->actor.cgroup;

	return witness->actor.known && strncmp(path, cgroup, len) == 0 && (!path[len] || path[len] == '/');
}

size_t live_filter_frame(const struct evidence *evidence, uint8_t frame[LIVE_FRAME_MAX])
{
	struct segment segment = {
		.src = evidence->src,
		.dst = evidence->dst,
		.flags = TCP_RST | (yes(evidence, FACT_RST_ACK_FLAG) ? TCP_ACK : 0),
		.hop_limit = 64,
		.dont_fragment = true,
	};

	return builder_frame(&segment, frame, LIVE_FRAME_MAX);
}

static bool packet_passes(const struct live_filter *filter, const struct evidence *evidence)
{
	uint8_t bytes[LIVE_FRAME_MAX];
	size_t len = live_filter_frame(evidence, bytes);
	struct frame frame = { .data = bytes, .captured = (uint32_t)len, .length = (uint32_t)len, .link_type = DLT_EN10MB };
	uint64_t skipped = 0;

	return filter_frames(filter->packets, &frame, 1, &skipped) == 1;
}

bool live_filter_passes(const struct live_filter *filter, const struct verdict *verdict, bool followed)
{
	const struct testimony *testimony = verdict->evidence->testimony;

	if (filter->follow && !followed)
		return false;
	if (filter->command && !has_command(&testimony->sender, filter->command) &&
	    !has_command(&testimony->receiver, filter->command))
		return false;
	if (filter->cgroup && !is_in_cgroup(&testimony->sender, filter->cgroup) &&
	    !is_in_cgroup(&testimony->receiver, filter->cgroup))
		return false;
	if (filter->cause != CAUSE_NONE && verdict->cause != filter->cause && !cause_descends(verdict->cause, filter->cause))
		return false;
	if (filter->packets && !packet_passes(filter, verdict->evidence))
		return false;
	return verdict->harm >= filter->harm;
}
