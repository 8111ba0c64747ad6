#include "cause/step.h"

/* The server closes first, so its kernel keeps the connection in TIME_WAIT. */
#define BOTH_CLOSED CONNECTED, WRITE(CLIENT, 5), READ(SERVER, RETURNS(5)), CLOSE(SERVER), WAIT_CLOSED(CLIENT), \
	READ(CLIENT, AT_END), CLOSE(CLIENT), WAIT_STATE(CLIENT, GONE), WAIT_STATE(SERVER, TIME_WAIT)
#define OLD_DATA FORGE(SERVER, .flags = LAB_ACK | LAB_PSH, .seq_offset = -6, .payload = 5, .window = 502, \
                       .through = true)

static const struct step old_data[] = {
	BOTH_CLOSED,
	SAY(N_("a copy of the client's data arrives late")),
	OLD_DATA,
	WAIT_ARRIVED(SERVER, LAB_RST),
	WAIT_STATE(SERVER, GONE),
	END
};

static const struct step old_syn[] = {
	BOTH_CLOSED,
	SAY(N_("an old SYN arrives late")),
	FORGE(SERVER, .flags = LAB_SYN, .seq_offset = -50000, .window = 64240, .through = true),
	WAIT_ARRIVED(SERVER, LAB_RST),
	WAIT_STATE(SERVER, GONE),
	END
};

static const struct step protected[] = {
	SYSCTL(SERVER, "net.ipv4.tcp_rfc1337", "1"),
	BOTH_CLOSED,
	OLD_DATA,
	WAIT_ARRIVED(SERVER, LAB_RST),
	SAY(N_("the RST came, and TIME-WAIT stays")),
	WAIT_STATE(SERVER, TIME_WAIT),
	END
};

const struct scenario scenarios_time_wait_assassination[] = {
	{
		.title = N_("late data ends the server's TIME-WAIT"),
		.story = N_("Both have closed; the server waits in TIME-WAIT for stragglers. One comes, and is answered with an ACK, "
		            "as it must be. The client's kernel knows nothing any more and answers the ACK with a RST, which ends "
		            "the TIME-WAIT that was to protect the next connection."),
		.steps = old_data,
		.kernel_at = { [PARTY_CLIENT] = AMONG(late_segment) }, /* whether the server waits still, it cannot know */
	},
	{
		.face = "old-syn",
		.title = N_("the same by an old SYN"),
		.story = N_("The straggler is a SYN of an earlier connection: too old to open a new one, it draws the same ACK."),
		.steps = old_syn,
		.kernel_at = { [PARTY_CLIENT] = AMONG(late_segment) }, /* whether the server waits still, it cannot know */
		.told = { [PARTY_ROUTER] = AMONG(time_wait_reuse), [PARTY_SERVER] = AMONG(time_wait_reuse) },
	},
	{
		.face = "rfc1337",
		.title = N_("the same with tcp_rfc1337=1: TIME-WAIT stays"),
		.story = N_("With the sysctl net.ipv4.tcp_rfc1337 a TIME-WAIT does not listen to a RST. The packets are the same."),
		.steps = protected,
		.kernel_at = { [PARTY_CLIENT] = AMONG(late_segment) }, /* whether the server waits still, it cannot know */
	},
	{ 0 }
};
